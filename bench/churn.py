"""Whether the bundled server keeps anything of clients that have left.

    python -m bench.churn [--rate 5000] [--duration 60] [--workers 1]

Answers: how descriptors and memory of the workers stand while clients connect, hear
their first message, some subscribe, and all leave again, by close frame, by hanging
up, or by reset. Prints a row every five seconds and, last, by how many bytes a client
the memory grew after the first ten seconds, and whether that is a leak: nothing that is
kept for each would stay under one byte. On loopback; the exit status is 1 when something
leaks, when a client failed, or when they came at less than 95 % of the rate.
"""

from __future__ import annotations

import argparse
import errno
import json
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from bench.machine import describe_machine

REQUEST = (
    b"GET /v1/realtime?project=console&channels[]=files HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CLOSE = b"\x88\x82\x00\x00\x00\x00\x03\xe8"

IP_BIND_ADDRESS_NO_PORT = 24
SOURCES = 200
"""Source addresses: those that hung up keep their ports for a minute (TIME_WAIT)."""

MOST_IN_FLIGHT = 500
WARM_UP = 10.0
FAST_ENOUGH = 0.95
LEAK = 8.0
"""Bytes a client: a pointer in a list, the least that can be kept of each."""

NOISE = 256 * 1024
"""Bytes that Python's heap moves by anyway."""


def subscribe(number: int) -> bytes:
    """A message that asks for a channel and a filter which nobody else has."""
    query = {"method": "equal", "attribute": "a", "values": [number]}
    row: dict[str, object] = {"channels": [f"c{number}"], "subscriptionId": f"s{number}"}
    row["queries"] = [json.dumps(query)]
    text = json.dumps({"type": "subscribe", "data": [row]}).encode()
    return b"\x81\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text


class Crowd:
    """Clients that come and go; nobody is waited for."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._epoll = select.epoll()
        self._waiting: dict[int, tuple[socket.socket, int, bool]] = {}
        self.started = 0
        self.served = 0
        self.failed = 0

    @property
    def in_flight(self) -> int:
        """Clients that have not left yet."""
        return len(self._waiting)

    def start(self) -> None:
        """One more client; its request goes out at once."""
        number = self.started
        self.started += 1
        client = socket.socket()
        client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        client.bind((f"127.99.1.{1 + number % SOURCES}", 0))
        client.setblocking(False)
        if client.connect_ex(("127.0.0.1", self._port)) not in (0, errno.EINPROGRESS):
            self.failed += 1
            client.close()
            return
        try:
            client.send(REQUEST)
            events = select.EPOLLIN
        except BlockingIOError:
            events = select.EPOLLOUT
        except OSError:
            self.failed += 1
            client.close()
            return
        self._waiting[client.fileno()] = (client, number, False)
        self._epoll.register(client.fileno(), events)

    def turn(self, patience: float) -> None:
        """Take answers, for at most `patience` seconds."""
        for descriptor, events in self._epoll.poll(patience, 512):
            client, number, subscribed = self._waiting[descriptor]
            try:
                if events == select.EPOLLOUT:
                    client.send(REQUEST)
                    self._epoll.modify(descriptor, select.EPOLLIN)
                elif not client.recv(4096):
                    raise ConnectionResetError
                elif number % 4 == 0 and not subscribed:
                    client.send(subscribe(number))
                    self._waiting[descriptor] = (client, number, True)
                else:
                    self.served += 1
                    self._leave(client, number)
            except OSError:
                self.failed += 1
                self._forget(client)

    def _leave(self, client: socket.socket, number: int) -> None:
        if number % 3 == 0:
            client.send(CLOSE)
        elif number % 3 == 1:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._forget(client)

    def _forget(self, client: socket.socket) -> None:
        del self._waiting[client.fileno()]
        client.close()


def footprint(processes: list[int]) -> tuple[int, int]:
    """Descriptors, and bytes of memory of their own, of processes together."""
    descriptors = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in processes)
    lines = (
        line
        for pid in processes
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("RssAnon")
    )
    return descriptors, sum(int(line.split()[1]) for line in lines) * 1024


def settle(crowd: Crowd, processes: list[int], idle: int) -> tuple[int, int]:
    """The footprint once everybody has left."""
    until = time.monotonic() + 10
    while crowd.in_flight and time.monotonic() < until:
        crowd.turn(0.1)
    while (found := footprint(processes))[0] > idle and time.monotonic() < until:
        time.sleep(0.1)
    return found


def measure(port: int, processes: list[int], rate: float, duration: float) -> bool:
    """Print the rows; says whether nothing leaked, failed, or was too slow."""
    idle, _ = footprint(processes)
    crowd = Crowd(port)
    print("| clients | a second | failed | descriptors | memory |\n| --- | --- | --- | --- | --- |")
    start = shown = time.monotonic()
    warm: tuple[int, int] | None = None  # clients, bytes
    before = 0
    while (now := time.monotonic()) < start + duration:
        due = int((now - start) * rate)
        while crowd.started < due and crowd.in_flight < MOST_IN_FLIGHT:
            crowd.start()
        crowd.turn(0.001)
        if now - shown < 5:
            continue
        descriptors, memory = settle(crowd, processes, idle)
        pace = (crowd.started - before) / (now - shown)
        show(crowd, pace, descriptors - idle, memory)
        if warm is None and now - start >= min(WARM_UP, duration / 3):
            warm = crowd.started, memory
        before, shown = crowd.started, now
    pace = crowd.started / (time.monotonic() - start)
    descriptors, memory = settle(crowd, processes, idle)
    show(crowd, pace, descriptors - idle, memory)
    clients, at_first = warm or (0, memory)
    grown = memory - at_first
    growth = grown / max(1, crowd.started - clients)
    faults = [
        (descriptors != idle, f"{descriptors - idle:+} descriptors stay"),
        (growth > LEAK and grown > NOISE, "memory grows"),
        (bool(crowd.failed), f"{crowd.failed} clients failed"),
        (pace < FAST_ENOUGH * rate, f"they came at {pace:,.0f} a second, not at {rate:,.0f}"),
    ]
    wrong = [words for is_wrong, words in faults if is_wrong]
    print(
        f"\n{crowd.started:,} clients, {crowd.served:,} served; {growth:+.2f} bytes a client after"
        f" the first {clients:,}: {', '.join(wrong) or 'nothing stays of them'}."
    )
    return not wrong


def show(crowd: Crowd, pace: float, descriptors: int, memory: int) -> None:
    """Print one row."""
    print(
        f"| {crowd.started:,} | {pace:,.0f} | {crowd.failed} | {descriptors:+}"
        f" | {memory / 2**20:.2f} MiB |",
        flush=True,
    )


def main() -> int:
    """Run the server, and the crowd against it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=float, default=5000.0, help="clients a second (5000)")
    parser.add_argument("--duration", type=float, default=60.0, help="seconds, at most 600 (60)")
    parser.add_argument("--workers", type=int, default=1, help="of the server (1)")
    options = parser.parse_args()
    command = [sys.executable, "-m", "pytsung_server", "--port", "0"]
    server = subprocess.Popen(
        [*command, "--workers", str(options.workers)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    print(describe_machine())
    print(f"Clients that come and go, {options.rate:,.0f} a second; --workers {options.workers}.\n")
    try:
        port = int(server.stdout.readline().split("ws://127.0.0.1:")[1].split()[0])
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
        is_tight = measure(
            port, [int(pid) for pid in children.split()], options.rate, min(options.duration, 600)
        )
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
        server.stdout.close()
    return 0 if is_tight else 1


if __name__ == "__main__":
    raise SystemExit(main())
