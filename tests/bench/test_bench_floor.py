"""The floor is only one if all three ways send the same to everybody."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import pytest

from bench.rivals import SEND_LOOP
from bench.senders import BURST, Sender, c_loop, fan_out, python_loop


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Sockets of a server, each with its client's."""
    with ExitStack() as stack:
        made = [socket.socketpair() for _ in range(50)]
        for one in made:
            for end in one:
                stack.enter_context(end)
                end.setblocking(False)
        yield made


def received(pairs: list[tuple[socket.socket, socket.socket]]) -> list[bytes]:
    return [client.recv(65536) for _, client in pairs]


def run(send: Sender) -> int:
    """Sends to everybody; in how many bursts."""
    return sum(1 for _ in send())


def test_the_server_sends_a_frame_to_each(
    pairs: list[tuple[socket.socket, socket.socket]],
) -> None:
    """Its fan-out without its processes must be its fan-out."""
    send, size = fan_out([server.fileno() for server, _ in pairs])
    assert {len(data) for data in received(pairs)} == {size}
    run(send)
    frames = received(pairs)
    assert {len(data) for data in frames} == {size}
    assert len(set(frames)) == len(pairs)  # each has an id of its own


@pytest.mark.parametrize("make", [python_loop, c_loop], ids=["Python", "C"])
def test_a_loop_sends_the_message_to_each_in_bursts(
    make: Callable[[Sequence[int], bytes], Sender], pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    """Bursts that are longer than a core's queue would lose packets."""
    if make is c_loop and not SEND_LOOP.is_installed:
        pytest.skip(f"{SEND_LOOP.missing} is not installed")
    send = make([server.fileno() for server, _ in pairs] * 9, b"message")
    assert run(send) == -(-50 * 9 // BURST)
    assert received(pairs) == [b"message" * 9] * 50


def test_the_program_says_what_it_answers() -> None:
    """Whoever doubts a figure reads how it is made."""
    command = [sys.executable, "-m", "bench.floor", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert "whose work that is" in " ".join(said.stdout.split())
