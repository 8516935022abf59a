"""A target that fails is what a load test is made to find: each way of failing has Tsung's name,
the run ends as planned, and the result can be believed."""

from __future__ import annotations

import os
import signal
import ssl

import pytest
import trustme

from tests import servers
from tests.end_to_end.command import CLOSE, CONNECT, Result, configuration, think, users
from tests.end_to_end.conftest import Start
from tests.server.running import RunningServer

COUNT = 20
STEPS = (CONNECT, think(0.1), CLOSE)


def played(start: Start, port: int, *steps: str, **how: str) -> Result:
    """A run of so many users against a port, and what holds whatever the target did."""
    text = configuration(port, *(steps or STEPS), load=users(COUNT), **how)
    result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert result.summary["users"]["finished"] == COUNT
    assert result.verdict != "invalid", result.reasons
    return result


def test_refusing(start: Start) -> None:
    """Four attempts a user, then it gives up; nothing was connected."""
    with servers.refusing() as port:
        result = played(start, port)
    assert result.counters == {
        "error_connect_econnrefused": 4 * COUNT,
        "error_abort_max_conn_retries": COUNT,
    }
    assert result.summary["connections"]["opened"] == 0
    assert "request" not in result.summary["samples"]


def test_resetting_right_after_the_accept(start: Start) -> None:
    """A reset is seen as a close: the upgrade failed, or its request could not be written."""
    with servers.serving(servers.reset) as port:
        result = played(start, port)
    counters = result.counters
    failed = counters.pop("websocket_fail")
    unsent = counters.pop("error_send_connection_closed", 0)
    assert counters.pop("error_websocket_not_connected") == failed
    assert counters.pop("error_abort_max_send_retries", 0) == COUNT - failed
    assert not counters
    assert result.summary["connections"]["opened"] == failed + unsent


@pytest.mark.parametrize(
    "behave",
    [servers.speak_garbage, servers.answer_ok, servers.hang_up],
    ids=lambda one: one.__name__,
)
def test_no_agreement_to_a_websocket(start: Start, behave: servers.Behaviour) -> None:
    """Garbage, `200 OK`, or a hung-up line instead of `101`: `websocket_fail`, and the session
    goes on to a close that has nothing to close."""
    with servers.serving(behave) as port:
        result = played(start, port)
    assert result.counters["websocket_fail"] == COUNT
    assert result.counters["error_websocket_not_connected"] == COUNT
    assert "websocket_succ" not in result.counters
    assert result.summary["connections"]["opened"] >= COUNT


def test_never_answering(start: Start) -> None:
    """`idle_timeout` (ms) ends the wait, not the operator's patience."""
    with servers.serving(servers.stay_silent) as port:
        result = played(start, port, options='<option name="idle_timeout" value="300"/>')
    assert result.counters == {"error_timeout": COUNT}
    assert result.summary["samples"]["session"]["min"] > 0.29


def test_closing_in_mid_session(start: Start) -> None:
    """Persistent users notice at once and go on; a WebSocket is not opened anew by itself."""
    with servers.serving(servers.upgrade_and_hang_up) as port:
        message = '<request><websocket type="message" ack="no_ack">x</websocket></request>'
        result = played(start, port, CONNECT, message, think(0.2), message)
    assert result.counters["websocket_succ"] == COUNT
    assert result.counters["error_websocket_not_connected"] == COUNT
    connections = result.summary["connections"]
    assert connections["opened"] == connections["closed"] == COUNT


def test_killed_in_mid_run(start: Start, server: RunningServer) -> None:
    """Those who are connected lose their connection, those who come are refused."""
    load = users(60, rate=30)
    command = start("start", text=configuration(server.port, CONNECT, think(1), CLOSE, load=load))
    command.wait_until_started(10)
    for pid in [server.process.pid, *server.workers]:
        os.kill(pid, signal.SIGKILL)
    result = command.wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert result.summary["users"]["finished"] == 60
    refused = result.counters["error_abort_max_conn_retries"]
    assert refused > 0
    assert result.counters["error_connect_econnrefused"] == 4 * refused
    assert (
        result.counters["websocket_succ"]
        + refused
        + result.counters.get("websocket_fail", 0)
        + result.counters.get("error_abort_max_send_retries", 0)
        == 60
    )


# -- TLS ----------------------------------------------------------------------------


def certified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_tls(start: Start) -> None:
    """`type="ssl"`: a certificate that nobody knows will do, as in Tsung."""
    with servers.serving(servers.upgrade_and_listen, certified()) as port:
        result = played(start, port, CONNECT, think(0.1), server_type="ssl")
    assert result.counters == {"websocket_succ": COUNT}
    assert result.summary["connections"]["opened"] == COUNT


def test_tls_alert(start: Start) -> None:
    """The server's alert is in the name; the worker survives it (Tsung's user crashes)."""
    context = certified()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with servers.serving(servers.upgrade_and_listen, context) as port:
        result = played(
            start,
            port,
            server_type="ssl",
            options='<option name="ssl_versions" value="\'tlsv1.2\'"/>',
        )
    assert result.counters == {
        "error_connect_tls_protocol_version": 4 * COUNT,
        "error_abort_max_conn_retries": COUNT,
    }


def test_no_tls_where_tls_is_expected(start: Start) -> None:
    """The commonest mistake of a configuration: `ssl` against a plain port."""
    with servers.serving(servers.answer_ok) as port:
        result = played(start, port, server_type="ssl")
    assert result.counters == {
        "error_connect_tls_wrong_version_number": 4 * COUNT,
        "error_abort_max_conn_retries": COUNT,
    }
