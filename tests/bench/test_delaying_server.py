"""A measure that falls over on a busy machine measures nothing: clients are late, or leave."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.running import HEAD, RawClient, request

ROOT = Path(__file__).parents[2]
DELAY = 0.05
RESET = struct.pack("ii", 1, 0)  # linger for 0 s: close sends RST


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The server, and its port."""
    words = [sys.executable, "-m", "bench.delaying_server", "--delay", str(DELAY)]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        process.kill()


def record(process: subprocess.Popen[str]) -> list[float]:
    """End it; the delays that it kept."""
    told, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    delays: list[float] = json.loads(told)
    return delays


def status_line(client: RawClient) -> bytes:
    return client.read_head().partition(b"\r\n")[0]


UPGRADED = HEAD.partition(b"\r\n")[0]


def test_a_client_that_asks_late_is_answered_at_once(
    server: tuple[subprocess.Popen[str], int],
) -> None:
    """It got no processor for a while; its request comes in two parts, after its answer is due."""
    process, port = server
    asked = request()
    with RawClient(port) as late, RawClient(port) as other:
        late.send(asked[:20])
        other.send(asked)
        assert status_line(other) == UPGRADED  # it came after the late one: that one is due
        late.send(asked[20:])
        assert status_line(late) == UPGRADED
    delays = record(process)
    assert len(delays) == 2
    assert min(delays) >= DELAY


def test_clients_that_leave_before_their_answer_cost_nothing(
    server: tuple[subprocess.Popen[str], int],
) -> None:
    """By FIN, by RST, with a request and without."""
    process, port = server
    for asked in (b"", request()):
        for linger in (None, RESET):
            with RawClient(port) as gone:
                gone.send(asked)
                if linger:
                    gone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    with RawClient(port) as client:
        client.send(request())
        assert status_line(client) == UPGRADED
    assert len(record(process)) == 1
