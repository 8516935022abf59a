"""nginx as the target of a measurement: one process on one core, whose cost is not counted.

Serves a small file in clear and over TLS, and counts its requests. Must not know who asks.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

BODY = b"x" * 512
PATH = "/small.html"
START_TIME = 10.0

_CONFIGURATION = """
daemon off; master_process off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; default_type text/html;
  client_body_temp_path {home}/a; proxy_temp_path {home}/b; fastcgi_temp_path {home}/c;
  uwsgi_temp_path {home}/d; scgi_temp_path {home}/e;
  server {{
    listen 127.0.0.1:{port}; listen 127.0.0.1:{tls_port} ssl; root {home}/files;
    ssl_certificate {home}/certificate.pem; ssl_certificate_key {home}/key.pem;
    location = /status {{ stub_status; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx."""

    port: int
    tls_port: int

    def requests(self) -> int:
        """How many requests it has answered, those for this figure included."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status", timeout=10) as answer:
            counted = re.search(rb"(\d+) (\d+) (\d+) \n", answer.read())
        assert counted is not None, "nginx speaks another stub_status"
        return int(counted[3])


def find_nginx() -> str | None:
    """Where nginx is; Debian keeps it where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def serving(core: int) -> Iterator[Nginx]:
    """Run nginx on one core."""
    program = find_nginx()
    assert program is not None, "nginx is not installed: apt-get install nginx-light"
    with tempfile.TemporaryDirectory(prefix="pytsung-bench-") as name:
        home = Path(name)
        (home / "files").mkdir(mode=0o755)
        home.chmod(0o755)
        (home / "files" / PATH[1:]).write_bytes(BODY)
        _make_certificate(home)
        nginx = Nginx(_free_port(), _free_port())
        text = _CONFIGURATION.format(home=home, port=nginx.port, tls_port=nginx.tls_port)
        (home / "nginx.conf").write_text(text)
        process = subprocess.Popen(
            ["taskset", "-c", str(core), program, "-p", name, "-c", str(home / "nginx.conf")]
        )
        try:
            _wait_until_up(nginx.port, process, home)
            yield nginx
        finally:
            process.terminate()
            process.wait()


def _make_certificate(home: Path) -> None:
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
        ],
        cwd=home,
        check=True,
        capture_output=True,
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_up(port: int, process: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + START_TIME
    while time.monotonic() < deadline:
        assert process.poll() is None, (home / "error.log").read_text()
        with closing(socket.socket()) as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("nginx did not come up")
