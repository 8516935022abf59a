"""What the bundled server costs for each connection, beside a bare epoll loop.

    python bench/server.py [--connections 10000] [--rounds 3] [--rate 1000]

Answers: how much CPU (user + system, all processes of the server) accept, upgrade and
first message take, flat out and at a steady rate; and how much memory an idle client
takes in user space. The same client runs against each server, one worker each, in
turn, on loopback: compare rows of one run, not of two. `websockets` is skipped,
and says so, where it is not installed. Takes about 40 seconds.
"""

from __future__ import annotations

import argparse
import errno
import importlib.util
import resource
import select
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REQUEST = (
    b"GET /v1/realtime?project=console&channels[]=files HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nOrigin: 127.0.0.1\r\n"
    b"Sec-WebSocket-Key: %022d==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

IN_FLIGHT = 200
"""Clients that wait for their first message at once, flat out."""

LINUX_IP_BIND_ADDRESS_NO_PORT = 24

# What a server in Python can hope for: no parsing, no state but the descriptor.
BARE = """
import binascii, hashlib, os, select, socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(4096)
listener.setblocking(False)
print(f"ws://127.0.0.1:{listener.getsockname()[1]} ", flush=True)
epoll = select.epoll()
epoll.register(listener.fileno(), select.EPOLLIN)
clients = [None] * 20000
while True:
    for descriptor, _ in epoll.poll():
        if descriptor == listener.fileno():
            for _ in range(64):
                try:
                    client, _ = listener._accept()
                except BlockingIOError:
                    break
                os.set_blocking(client, False)
                clients[client] = client
                epoll.register(client, select.EPOLLIN)
            continue
        data = os.read(descriptor, 16384)
        if not data:
            epoll.unregister(descriptor)
            os.close(descriptor)
            continue
        at = data.index(b"Sec-WebSocket-Key: ") + 19
        digest = hashlib.sha1(data[at:at + 24] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        os.write(descriptor, b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n"
            b"Connection: Upgrade\\r\\nSec-WebSocket-Accept: "
            + binascii.b2a_base64(digest, newline=False)
            + b"\\r\\n\\r\\n\\x81\\x0f{'type':'pong'}")
"""

WEBSOCKETS = """
import asyncio
from websockets.asyncio.server import serve
async def greet(client):
    await client.send('{"type":"connected","data":{"channels":["files"],"user":null}}')
    await client.wait_closed()
async def main():
    async with serve(greet, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]} ", flush=True)
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """For one connection: CPU in µs, resident memory in bytes."""

    cpu: float
    memory: float


@contextmanager
def running(command: list[str]) -> Iterator[tuple[int, list[int]]]:
    """Start a server; gives its port and its processes."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        port = int(line.split("ws://127.0.0.1:")[1].split()[0])
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        yield port, [process.pid, *map(int, children.split())]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def cpu_of(processes: list[int]) -> float:
    """Seconds of CPU that all threads of the processes have used (nanoseconds exact)."""
    files = (f for pid in processes for f in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9


def memory_of(processes: list[int]) -> int:
    """Resident bytes of the processes together."""
    page = resource.getpagesize()
    return sum(int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in processes) * page


class Client:
    """Opens connections without waiting for any, and keeps them."""

    _source = 0

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._epoll = select.epoll()
        self._waiting: dict[int, socket.socket] = {}
        self.open: list[socket.socket] = []
        # Fresh source addresses for each server, or TIME_WAIT fills the ports.
        Client._source += 1

    def start(self) -> None:
        """One more connection; its request goes out at once."""
        number = len(self.open) + len(self._waiting)
        client = socket.socket()
        client.setsockopt(socket.IPPROTO_IP, LINUX_IP_BIND_ADDRESS_NO_PORT, 1)
        client.bind((f"127.77.{Client._source}.{1 + number // 5000}", 0))
        client.setblocking(False)
        if (error := client.connect_ex(self._target)) not in (0, errno.EINPROGRESS):
            raise OSError(error, "connect")
        try:
            client.send(REQUEST % number)
            events = select.EPOLLIN
        except BlockingIOError:
            events = select.EPOLLOUT
        self._waiting[client.fileno()] = client
        self._epoll.register(client.fileno(), events)

    def turn(self, patience: float) -> None:
        """Take answers, for at most `patience` seconds."""
        for descriptor, events in self._epoll.poll(patience, 512):
            client = self._waiting[descriptor]
            if events == select.EPOLLOUT:
                client.send(REQUEST % descriptor)
                self._epoll.modify(descriptor, select.EPOLLIN)
                continue
            data = client.recv(4096)
            if data.startswith(b"\x81") or b"\r\n\r\n\x81" in data:
                self._epoll.unregister(descriptor)
                self.open.append(self._waiting.pop(descriptor))

    def saturate(self, count: int) -> None:
        """Open `count` connections as fast as the server takes them."""
        for _ in range(count):
            self.start()
            while len(self._waiting) >= IN_FLIGHT:
                self.turn(1)
        self.finish()

    def pace(self, count: int, rate: float) -> None:
        """Open `count` connections, `rate` a second."""
        started = time.monotonic()
        for number in range(count):
            while (pause := started + number / rate - time.monotonic()) > 0:
                self.turn(pause)
            self.start()
        self.finish()

    def finish(self) -> None:
        """Wait for all answers."""
        until = time.monotonic() + 20
        while self._waiting:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self._waiting)} clients got no message")
            self.turn(1)

    def close(self) -> None:
        """Hang up."""
        for client in self.open:
            client.close()
        self._epoll.close()


def measure(command: list[str], connections: int, rate: float | None) -> Cost:
    """What one server takes for each connection."""
    with running(command) as (port, processes):
        client = Client(port)
        client.saturate(100)  # lazy imports, the heap's first growth
        time.sleep(0.2)
        cpu, memory = cpu_of(processes), memory_of(processes)
        if rate is None:
            client.saturate(connections)
        else:
            client.pace(connections, rate)
        time.sleep(0.3)
        used = cpu_of(processes) - cpu, memory_of(processes) - memory
        client.close()
    return Cost(used[0] / connections * 1e6, used[1] / connections)


def compare(
    servers: dict[str, list[str]], title: str, connections: int, rounds: int, rate: float | None
) -> None:
    """Print one table: the median of some rounds, servers taking turns."""
    costs: dict[str, list[Cost]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, command in servers.items():
            costs[name].append(measure(command, connections, rate))
    print(f"\n{title}\n{'':<28}{'CPU µs':>10}{'ratio':>8}{'RSS bytes':>12}")
    bare = statistics.median(cost.cpu for cost in costs["bare epoll loop"])
    for name, some in costs.items():
        cpu = statistics.median(cost.cpu for cost in some)
        memory = statistics.median(cost.memory for cost in some)
        print(f"{name:<28}{cpu:>10.1f}{cpu / bare:>8.2f}{memory:>12.0f}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1000.0)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ours = [sys.executable, "-m", "pytsung_server", "--port", "0", "--workers", "1"]
    servers = {
        "bare epoll loop": [sys.executable, "-c", BARE],
        "pytsung-server bench2021": [*ours, "--profile", "bench2021"],
        "pytsung-server current": ours,
    }
    paced = dict(servers)
    if importlib.util.find_spec("websockets"):
        servers["websockets"] = [sys.executable, "-c", WEBSOCKETS]
    else:
        print("websockets is not installed: no row for it")
    count = options.connections
    compare(servers, f"{count:,} connections, flat out", count, options.rounds, None)
    few = min(count, int(options.rate * 3))
    title = f"{few:,} connections, {options.rate:,.0f} a second"
    compare(paced, title, few, 1, options.rate)


if __name__ == "__main__":
    main()
