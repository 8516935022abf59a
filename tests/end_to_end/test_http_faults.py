"""Web servers fail in many ways: each has a name, no user hangs, memory stays bounded."""

from __future__ import annotations

import socket
import ssl
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import trustme

from tests import servers
from tests.end_to_end.command import Result, configuration, users
from tests.end_to_end.conftest import Start

COUNT = 10
MEGABYTE = 2**20
OK = b"HTTP/1.1 200 OK\r\n"
REQUEST = '<request><http url="/a"/></request>'
TIMEOUT = '<option name="idle_timeout" value="300"/>'


def played(
    start: Start,
    port: int,
    *,
    options: str = "",
    count: int = COUNT,
    request: str = REQUEST,
    server_type: str = "tcp",
) -> Result:
    """Users who ask twice, and what holds whatever they are answered."""
    session = f'<session name="s" weight="1" type="ts_http">{request * 2}</session>'
    load = users(count)
    text = configuration(
        port, sessions=session, load=load, options=options, server_type=server_type
    )
    result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert result.summary["users"]["finished"] == count
    return result


@dataclass(frozen=True)
class Fault:
    """What a server answers, whether it closes then, and what is counted for it."""

    answer: bytes
    counters: tuple[str, ...]
    closes: bool = False


CLOSED = ("error_http_closed",)
SURVIVED = (
    Fault(b"", CLOSED, closes=True),
    Fault(b"HTTP/1.1 200 O", CLOSED, closes=True),
    Fault(OK + b"Content-Length: 9\r\n\r\nx", CLOSED, closes=True),
    Fault(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nx", CLOSED, closes=True),
    Fault(OK + b"\r\nall there is", ("200",), closes=True),
    Fault(OK + b"Content-Length: 1\r\n\r\ntwo", ("200", "error_http_bad_content_length")),
    Fault(OK + b"Content-Length: many\r\n\r\n", ("200", "error_http_bad_content_length")),
    Fault(
        OK + b"Transfer-Encoding: chunked\r\n\r\nhello\r\n",
        ("200", "error_http_unexpected_chunkdata"),
    ),
)
FATAL = (
    Fault(bytes(range(256)), ("error_http_bad_status",)),
    Fault(b"220 mail.example.org ESMTP\r\n", ("error_http_bad_status",)),
    Fault(OK + b"Content-Length: 9\r\n\r\nx", ("error_timeout",)),
    Fault(b"", ("error_timeout",)),
)


def failing(faults: Sequence[Fault]) -> servers.Behaviour:
    """A server that fails in the way whose number is the request's path."""

    def behave(connection: socket.socket) -> None:
        while request := connection.recv(65536):
            fault = faults[int(request.split(b" ")[1][1:])]
            connection.sendall(fault.answer)
            if fault.closes:
                return

    return behave


def one_user_each(start: Start, faults: Sequence[Fault]) -> Result:
    """A run in which each fault has a user of its own, who asks twice."""
    load, sessions = "", ""
    for number in range(len(faults)):
        load += f'<user session="s{number}" start_time="{number * 20}" unit="millisecond"/>'
        request = f'<request><http url="/{number}"/></request>'
        sessions += f'<session name="s{number}" weight="1" type="ts_http">{request * 2}</session>'
    with servers.serving(failing(faults)) as port:
        text = configuration(port, sessions=sessions, load=load, options=TIMEOUT)
        result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert result.summary["users"]["finished"] == len(faults)
    return result


def test_faults_that_a_session_survives(start: Start) -> None:
    """Cut off, too long, malformed: the next request finds a new connection."""
    result = one_user_each(start, SURVIVED)
    expected = Counter(name for fault in SURVIVED for name in fault.counters * 2)
    assert result.counters == expected
    assert result.summary["connections"]["opened"] == 2 * len(SURVIVED)
    assert result.summary["samples"]["request"]["count"] == 2 * len(SURVIVED)


def test_faults_that_end_the_user(start: Start) -> None:
    """Garbage and silence: one user each, and no request counts as answered."""
    result = one_user_each(start, FATAL)
    assert result.counters == Counter(name for fault in FATAL for name in fault.counters)
    assert "request" not in result.summary["samples"]


def empty(connection: socket.socket) -> None:
    """A server that works."""
    while connection.recv(65536):
        connection.sendall(OK + b"Content-Length: 0\r\n\r\n")


def test_a_reset_is_a_close(start: Start) -> None:
    """As in Tsung: counted where it is noticed, in writing or in reading."""
    with servers.serving(servers.reset) as port:
        result = played(start, port)
    counters = result.counters
    unwritten = counters.pop("error_send_connection_closed", 0)
    given_up = counters.pop("error_abort_max_send_retries", 0)
    assert counters.pop("error_http_closed", 0) + given_up > 0
    assert unwritten >= given_up
    assert not counters


@pytest.mark.parametrize(
    "sent",
    [b"", OK[:9], OK, OK + b"Content-Length: 9\r\n\r\nx", OK + b"Content-Length: 9\r\n\r\n"],
    ids=["before the answer", "in the status", "in the head", "in the body", "before the body"],
)
def test_a_reset_at_any_stage_of_the_answer(start: Start, sent: bytes) -> None:
    """The request is complete, as Tsung has it, but not its status; the next one connects anew."""

    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(sent)
        time.sleep(0.02)  # or the reset would overtake what was sent
        servers.reset(connection)

    with servers.serving(behave) as port:
        result = played(start, port)
    assert result.counters == {"error_http_closed": 2 * COUNT}
    assert result.summary["connections"]["opened"] == 2 * COUNT


def test_nobody_to_talk_to(start: Start) -> None:
    """Refused, unknown, or no sound at all: four attempts, then the user ends in its time."""
    quick = '<option name="connect_timeout" value="100"/>'
    nowhere = '<request><http url="http://no.such.host.invalid/"/></request>'
    with servers.refusing() as port:
        refused = played(start, port)
        unknown = played(start, port, request=nowhere)
    with servers.unreachable() as port:
        silent = played(start, port, options=quick)
    for result, reason in (
        (refused, "econnrefused"),
        (unknown, "nxdomain"),
        (silent, "timeout"),
    ):
        assert result.counters == {
            f"error_connect_{reason}": 4 * COUNT,
            "error_abort_max_conn_retries": COUNT,
        }
    assert silent.summary["samples"]["session"]["max"] < 1.5


def test_a_tls_alert_names_the_error(start: Start) -> None:
    """Tsung's user crashes there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    old = '<option name="ssl_versions" value="\'tlsv1.2\'"/>'
    with servers.serving(empty, context) as port:
        result = played(start, port, options=old, server_type="ssl")
    assert result.counters == {
        "error_connect_tls_protocol_version": 4 * COUNT,
        "error_abort_max_conn_retries": COUNT,
    }


def test_a_slow_drip_is_an_answer(start: Start) -> None:
    """Each byte begins the idle timeout anew, as in Tsung: slow is not broken."""

    def drip(connection: socket.socket) -> None:
        while connection.recv(65536):
            for byte in OK + b"Content-Length: 0\r\n\r\n":
                connection.sendall(bytes([byte]))
                time.sleep(0.01)

    with servers.serving(drip) as port:
        result = played(start, port, options=TIMEOUT)
    assert result.counters == {"200": 2 * COUNT}
    assert result.summary["samples"]["request"]["min"] > 0.3


def endless(beginning: bytes, filling: bytes) -> servers.Behaviour:
    """A server that answers with 100 MB, unless nobody listens any more."""
    block = filling * (MEGABYTE // len(filling))

    def behave(connection: socket.socket) -> None:
        while connection.recv(65536):
            connection.sendall(beginning)
            for _ in range(100):
                connection.sendall(block)

    return behave


def test_endless_answers_fill_no_memory(start: Start) -> None:
    """A hundred megabytes of head, trailers, chunk extension, or of a body that nobody looks at."""
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    line = b"X-Filler: " + b"y" * 1000 + b"\r\n"
    large = OK + b"Content-Length: %d\r\n\r\n" % (100 * MEGABYTE)
    with servers.serving(empty) as port:
        usual = memory(played(start, port, count=3))
    for beginning, filling, counter in (
        (OK, line, "error_http_header_too_long"),
        (chunked + b"0\r\n", line, "error_http_unexpected_chunkdata"),
        (chunked + b"1;x=", b"x", "error_http_unexpected_chunkdata"),
        (large, bytes(MEGABYTE), "200"),
    ):
        with servers.serving(endless(beginning, filling)) as port:
            result = played(start, port, count=3)
        assert result.counters[counter] >= 3
        assert memory(result) < usual + 8 * MEGABYTE, counter
    assert result.summary["counters"]["size_rcv"] >= 600 * MEGABYTE


def memory(result: Result) -> int:
    """The most that the run's processes had in memory, in bytes."""
    peak: int = result.summary["cost"]["peak_rss"]
    return peak
