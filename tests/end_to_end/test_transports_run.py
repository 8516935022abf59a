"""The command drives every transport, two workers and both families of addresses, and accounts for
all of it; nothing that its users started on this machine outlives the run."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection

from tests.agent.peers import datagrams, websocket_server
from tests.end_to_end.command import configuration, processes_of, users, wait_for
from tests.end_to_end.conftest import Start

COUNT = 10
TWO_WORKERS = 'host="localhost" cpu="2"'
RAW = '<request><raw ack="local" data="ping"/></request>'
TELL = '<request><raw ack="no_ack" data="bye"/></request>'


def session(steps: str, kind: str = "ts_raw") -> str:
    return f'<session name="s" weight="1" type="{kind}">{steps}</session>'


@contextmanager
def echo(host: str) -> Iterator[int]:
    """Says everything back, over TCP."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=100)

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while data := connection.recv(65536):
                connection.sendall(data)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def echo_messages(connection: ServerConnection) -> None:
    """Says each message back."""
    for message in connection:
        connection.send(message)


@contextmanager
def peer(kind: str) -> Iterator[tuple[str, int]]:
    """Host and port of an echo that speaks a server type."""
    host = "::1" if kind.endswith("6") else "127.0.0.1"
    if kind.startswith("udp"):
        with datagrams(lambda data: [data], host) as server:
            yield host, server.port
    elif kind == "websocket":
        with websocket_server(echo_messages) as port:
            yield host, port
    else:
        with echo(host) as port:
            yield host, port


@pytest.mark.parametrize("kind", ["tcp", "tcp6", "udp", "udp6", "websocket"])
def test_every_transport_is_accounted_for(start: Start, kind: str) -> None:
    """Users, connections and bytes add up, whatever carries them."""
    with peer(kind) as (host, port):
        text = configuration(
            port,
            host=host,
            server_type=kind,
            sessions=session(RAW * 2 + TELL),
            load=users(COUNT),
            client=TWO_WORKERS,
        )
        result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert result.summary["users"]["finished"] == COUNT
    assert result.summary["connections"]["opened"] == COUNT
    assert result.counters["request_noack"] == COUNT
    assert result.log_totals()["size_sent"] == COUNT * len("pingpingbye")
    assert result.summary["samples"]["request"]["count"] == COUNT * 2
    assert not [name for name in result.counters if name.startswith("error")]


def test_files_and_commands_are_accounted_for(start: Start, tmp_path: Path) -> None:
    """Without a server of any use."""
    steps = (
        f'<request subst="true"><fs path="{tmp_path}/%%_tsung_userid%%" size="1000"/></request>'
        '<change_type new_type="ts_shell" host="localhost" port="0" server_type="erlang"/>'
        f'<request subst="true"><shell cmd="cat" args="{tmp_path}/%%_tsung_userid%%"/></request>'
        '<request><shell cmd="false"/></request>'
    )
    text = configuration(
        0,
        sessions=session(steps, "ts_fs"),
        load=users(COUNT),
        server_type="erlang",
        client=TWO_WORKERS,
    )
    result = start("start", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert sorted(path.stat().st_size for path in tmp_path.glob("[0-9]*")) == [1000] * COUNT
    assert result.counters["shell_nonzero"] == COUNT
    assert result.log_totals()["size_rcv"] == 1000 * COUNT
    assert result.summary["connections"]["opened"] == 2 * COUNT
    assert not [name for name in result.counters if name.startswith("error")]


def test_no_command_outlives_a_stopped_run(start: Start, tmp_path: Path) -> None:
    """Neither the one that a user waits for, nor what an earlier one left in the background."""
    steps = (
        f'<request><shell cmd="sleep 600 &amp; echo $! &gt; {tmp_path}/background"/></request>'
        f'<request><shell cmd="echo $$ &gt; {tmp_path}/awaited; sleep 600; true"/></request>'
    )
    text = configuration(
        0,
        sessions=session(steps, "ts_shell"),
        load=users(1),
        server_type="erlang",
    )
    running = start("start", "--grace", "0.1", text=text)
    notes = [tmp_path / "background", tmp_path / "awaited"]
    wait_for(lambda: all(note.exists() and note.read_text() for note in notes), "both", running)
    run_id = running.run_id
    assert len([words for words in processes_of(run_id) if "sleep 600" in words]) >= 2
    running.signal(signal.SIGINT)
    result = running.wait()
    assert result.status == 130, result.stderr
    wait_for(lambda: processes_of(run_id) == [], "their end")
    assert result.summary["users"]["open"] == 1
