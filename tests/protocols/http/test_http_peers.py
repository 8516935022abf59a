"""Somebody else's server must understand what we send, and we what it answers."""

from __future__ import annotations

import http.server
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.plan import RequestStep
from pytsung.protocols.http.cookies import CookieJar
from pytsung.protocols.http.requests import HttpRequest
from pytsung.protocols.room import Feedback
from tests.protocols.http.scripts import Browser, browser
from tests.protocols.http.scripts import http as asked

FIELD = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), max_size=20)
STATUSES = st.sampled_from([200, 201, 204, 304, 404, 500])


class Peer:
    """h11's server, in memory."""

    def __init__(self) -> None:
        self.connection = h11.Connection(h11.SERVER)

    def read(self, data: bytes) -> tuple[h11.Request, bytes]:
        """The request and the body that h11 makes of our bytes."""
        self.connection.receive_data(data)
        request = self.connection.next_event()
        assert isinstance(request, h11.Request)
        body = b""
        while isinstance(event := self.connection.next_event(), h11.Data):
            body += bytes(event.data)
        assert isinstance(event, h11.EndOfMessage)
        return request, body

    def answer(self, status: int, fields: list[tuple[str, str]], body: list[bytes]) -> bytes:
        """A response in h11's framing."""
        send = self.connection.send
        data = send(h11.Response(status_code=status, headers=fields)) or b""
        for part in body:
            data += send(h11.Data(data=part)) or b""
        return data + (send(h11.EndOfMessage()) or b"")


def only_step(user: Browser) -> RequestStep:
    (step,) = user.session.steps
    assert isinstance(step, RequestStep)
    return step


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "PROPFIND"]),
    st.binary(max_size=300),
    st.lists(FIELD, max_size=4),
)
def test_h11_reads_every_request(method: str, body: bytes, values: list[str]) -> None:
    """A strict parser finds method, target, fields and body where we put them."""
    user = browser(asked(url="/a?b=c", method=method))
    step = only_step(user)
    headers = tuple((f"X-{number}", value) for number, value in enumerate(values))
    assert isinstance(step.request, HttpRequest)
    request = replace(step.request, body=body, headers=headers)
    seen, received = Peer().read(user.send(RequestStep(request)))
    assert (seen.method, seen.target) == (method.encode(), b"/a?b=c")
    fields = dict(seen.headers)
    assert fields[b"host"] == b"localhost:8881"
    assert [fields[name.lower().encode()] for name, _ in headers] == [v.encode() for v in values]
    assert received == (body if method not in ("GET", "HEAD", "OPTIONS") else b"")


@given(
    STATUSES,
    st.lists(st.binary(min_size=1, max_size=100), max_size=5),
    st.sampled_from(["length", "chunked"]),
    st.sampled_from(["GET", "HEAD"]),
    st.integers(1, 50),
)
def test_we_read_every_answer_of_h11(
    status: int, body: list[bytes], framing: str, method: str, size: int
) -> None:
    """Length, chunks, no body: whatever h11 sends ends where h11 says."""
    user = browser(asked(url="/", method=method))
    peer = Peer()
    peer.read(user.send(only_step(user), keep=True))
    bodiless = method == "HEAD" or status in (204, 304)
    fields = [("Content-Length", str(sum(map(len, body))))]
    if framing == "chunked":
        fields = [("Transfer-Encoding", "chunked")]
    data = peer.answer(status, fields, [] if bodiless else body)
    feed = user.conversation.feed
    heard = [feed(data[at : at + size]) for at in range(0, len(data), size)]
    assert [each.complete for each in heard] == [False] * (len(heard) - 1) + [True]
    assert heard[-1].counters == (str(status),)
    assert not heard[-1].close
    assert heard[-1].answer.endswith(b"" if bodiless else b"\r\n\r\n" + b"".join(body))


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Python's own file server, without its log."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "small.txt").write_text("hello")
    (tmp_path / "large.bin").write_bytes(bytes(range(256)) * 4000)
    return tmp_path


@pytest.fixture
def python_server(files: Path) -> Iterator[int]:
    def handler(*arguments: object) -> Quiet:
        # http.server makes its handlers so.
        return Quiet(*arguments, directory=str(files))  # type: ignore[arg-type]

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


NGINX = """
daemon off; master_process off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {home}/a; proxy_temp_path {home}/b;
  fastcgi_temp_path {home}/c; uwsgi_temp_path {home}/d; scgi_temp_path {home}/e;
  if_modified_since before; default_type text/plain;
  gzip on; gzip_types text/plain; gzip_min_length 1;
  server {{ listen 127.0.0.1:{port}; root {files}; }}
}}
"""


@pytest.fixture
def nginx_server(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    home = tmp_path_factory.mktemp("nginx")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    (home / "nginx.conf").write_text(NGINX.format(home=home, port=port, files=files))
    server = subprocess.Popen([nginx, "-p", str(home), "-c", str(home / "nginx.conf")])
    try:
        while not _is_up(port):
            assert server.poll() is None, (home / "error.log").read_text()
            time.sleep(0.01)  # a foreign process: there is nothing to wait on
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _is_up(port: int) -> bool:
    with closing(socket.socket()) as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def fetch(connection: socket.socket, user: Browser, step: RequestStep) -> Feedback:
    """Send a request over a socket and read until its answer is over."""
    connection.sendall(user.send(step, keep=True))
    while True:
        data = connection.recv(1000)
        feedback = user.conversation.feed(data) if data else user.conversation.peer_closed()
        if feedback.complete:
            return feedback


def visit(port: int) -> list[tuple[tuple[str, ...], int]]:
    """Several requests over one connection: their counters, and the sizes of their bodies."""
    accept = '<http_header name="Accept-Encoding" value="gzip"/>'
    steps = (
        asked(url="/small.txt")
        + asked(accept, url="/small.txt")
        + asked(url="/large.bin")
        + asked(url="/large.bin", method="HEAD")
        + asked(url="/small.txt", if_modified_since="Fri, 31 Dec 2100 23:59:59 GMT")
        + asked(url="/missing")
    )
    user = browser(steps)
    seen = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for step in user.session.steps:
            assert isinstance(step, RequestStep)
            feedback = fetch(connection, user, step)
            body = feedback.answer.partition(b"\r\n\r\n")[2]
            missing = feedback.counters == ("404",)
            assert missing or not feedback.close  # Python's server hangs up after an error
            seen.append((feedback.counters, 0 if missing else len(body)))
    return seen


EXPECTED = [
    (("200",), 5),
    (("200",), 5),
    (("200",), 1_024_000),
    (("200",), 0),
    (("304",), 0),
    (("404",), 0),
]


def test_pythons_server_and_we_understand_each_other(python_server: int) -> None:
    """Over one kept connection."""
    assert visit(python_server) == EXPECTED


def test_nginx_and_we_understand_each_other(nginx_server: int) -> None:
    """Over one kept connection; the second answer is compressed, and chunked."""
    assert visit(nginx_server) == EXPECTED


@given(FIELD, FIELD)
def test_the_standard_librarys_cookies_come_back(name: str, value: str) -> None:
    """What `http.cookies` writes, we send again."""
    cookie: SimpleCookie = SimpleCookie()
    try:
        cookie[name] = value
    except CookieError:
        return
    jar = CookieJar()
    jar.store(cookie[name].OutputString(), "h", "/", 0.0)
    (pair,) = jar.pairs("h", "/", is_secure=False, now=0.0)
    assert SimpleCookie(pair)[name].value == value
