"""`dumptraffic`, beside the same run of real Tsung: the same lines but for times and processes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.end_to_end.command import Command

SESSION = """<session name="s" probability="100" type="ts_http">
  <transaction name="home"><request tag="front">
    <match do="log" when="match" name="w">hello</match>
    <http url="/index.html?a=1;2" method="GET" version="1.1"/></request></transaction>
  <request><http url="/b" method="POST" contents="x=1" version="1.1"/></request>
  <request><match do="continue" when="match">hello</match>
    <http url="/missing" method="GET" version="1.1"/></request>
</session>"""

BODY = b"hello world\n" * 3


class Answers(BaseHTTPRequestHandler):
    """Answers each request in one piece: how many pieces are read is not what is compared."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status = "404 Not Found" if self.path == "/missing" else "200 OK"
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(BODY)}\r\n\r\n"
        self.wfile.write(head.encode() + BODY)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Be quiet."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join(5)


def document(port: int, dump: str) -> str:
    return f"""<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice" dumptraffic="{dump}">
  <clients><client host="localhost" use_controller_vm="true"/></clients>
  <servers><server host="127.0.0.1" port="{port}" type="tcp"/></servers>
  <load><arrivalphase phase="1" duration="1" unit="second">
    <users maxnumber="1" arrivalrate="20" unit="second"/></arrivalphase></load>
  <sessions>{SESSION}</sessions>
</tsung>"""


def comparable(text: str) -> str:
    """A dump without what is another each time: times, durations, and processes."""
    text = re.sub(r"\b1\d{9}\.\d+", "TIME", text)
    text = re.sub(r"<0\.\d+\.0>", "PROCESS", text)
    return re.sub(r";\d+\.\d{3};", ";DURATION;", text)


def of_ours(root: Path, port: int, dump: str) -> dict[str, str]:
    command = Command(root)
    result = command.start("--no-report", "start", text=document(port, dump)).wait()
    assert result.status == 0, result.stderr
    return {
        path.name: comparable(path.read_bytes().decode())
        for path in result.directory.glob("*.dump")
    }


def of_tsung(root: Path, port: int, dump: str) -> dict[str, str]:
    configuration = root / "tsung.xml"
    configuration.write_text(document(port, dump))
    subprocess.run(
        # An id of its own: it may not be the only Tsung on this host.
        ["tsung", "-i", f"dump{os.getpid()}", "-f", configuration, "-l", root, "-n", "start"],
        check=True,
        capture_output=True,
        timeout=60,
        env={**os.environ, "HOME": str(root)},
    )
    return {
        path.name: comparable(path.read_bytes().decode()) for path in root.glob("*/tsung*.dump")
    }


@pytest.mark.parametrize("dump", ["true", "light", "protocol", "protocol_local"])
def test_a_dump_has_tsungs_lines(tmp_path: Path, port: int, dump: str) -> None:
    """People take these files apart with scripts that are as old as Tsung."""
    if shutil.which("tsung") is None:
        pytest.skip("tsung is not installed, no dump is compared with it: apt-get install tsung")
    (tmp_path / "tsung").mkdir()
    ours = of_ours(tmp_path / "ours", port, dump)
    theirs = of_tsung(tmp_path / "tsung", port, dump)
    # The number of a node is Tsung's own affair; it makes an empty file in other modes, too.
    local = theirs.pop("tsung-123456.dump")
    if dump == "protocol_local":
        assert ours.pop("tsung-1.dump") == local != ""
    assert ours == theirs


def test_nothing_is_dumped_unless_asked(tmp_path: Path, port: int) -> None:
    """Tsung has no `tsung.dump` then, and scripts look for it."""
    assert of_ours(tmp_path, port, "false") == {}
