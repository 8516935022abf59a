"""A WebSocket server as a process to be measured: ours, or a rival.

Must not know what is measured.
"""

from __future__ import annotations

import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pytsung_server.publication import Publication

from bench.processes import Memory, children, read_rollup
from bench.rivals import Rival
from bench.rivals.messages import PAYLOAD_BYTES
from bench.send_queue import unsent_bytes
from bench.target import listening_port

_PING = b"\x89\x80\x00\x00\x00\x00"
_TEXT = b"\x81\x81\x00\x00\x00\x00x"

_REQUEST = (
    b"GET /v1/realtime?project=console&channels[]=%b HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Ours:
    """The bundled server with so many workers."""

    workers: int = 1
    profile: str = "current"

    @property
    def name(self) -> str:
        """As tables call it."""
        many = f", {self.workers} workers" if self.workers > 1 else ""
        return f"pytsung-server {self.profile}{many}"

    @property
    def command(self) -> list[str]:
        """How it is started, but for its admin port."""
        options = ["--port", "0", "--workers", str(self.workers), "--profile", self.profile]
        return [sys.executable, "-m", "pytsung_server", *options]


class Served:
    """A server that runs. `control` is a client of its own."""

    def __init__(self, pid: int, port: int, admin_port: int | None) -> None:
        self.port = port
        self._admin_port = admin_port
        self.pids = [pid, *children(pid)]
        self.control = Control(port)

    def cpu(self) -> float:
        """Seconds of CPU that all its threads have used (nanoseconds exact)."""
        return sum(int(file.read_text().split()[0]) for file in self._schedstats()) / 1e9

    def waits(self) -> float:
        """Seconds for which its threads wanted a core so far, and had none."""
        return sum(int(file.read_text().split()[1]) for file in self._schedstats()) / 1e9

    def memory(self) -> Memory:
        """What its processes have in memory."""
        texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.pids]
        return sum(map(read_rollup, texts), Memory(0, 0))

    def _schedstats(self) -> Iterator[Path]:
        return (f for pid in self.pids for f in Path(f"/proc/{pid}/task").glob("*/schedstat"))

    def publish(self, number: int) -> None:
        """Have it send event `number`, which says when it was sent, to everybody."""
        if self._admin_port is None:
            self.control.ask_for_event()
            return
        publication = Publication(
            publisher=f"bench{os.getpid()}", rate=1.0, size=PAYLOAD_BYTES, channels=("files",)
        )
        connection = http.client.HTTPConnection("127.0.0.1", self._admin_port, timeout=10)
        connection.connect()
        message = publication.message(number, time.time())
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/realtime/events", message, headers)
        if (status := connection.getresponse().status) != 202:
            raise RuntimeError(f"the admin port answered {status}")
        connection.close()


class Control:
    """One client that asks whether the server still listens, and how long it took to say so."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_REQUEST % b"control")
        data = b""
        while b"\r\n\r\n\x81" not in data:
            data += self._socket.recv(4096)

    def ask_for_event(self) -> None:
        """Any text makes a rival send one."""
        self._socket.sendall(_TEXT)

    def round_trip(self) -> float:
        """Seconds from a ping to the next that the server says."""
        self._drain()
        started = time.perf_counter()
        self._socket.sendall(_PING)
        self._socket.recv(65536)
        return time.perf_counter() - started

    def _drain(self) -> None:
        while select.select([self._socket], [], [], 0)[0]:
            if not self._socket.recv(65536):
                raise ConnectionError("the server hung up")

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


class SlowClient:
    """A client that asks for much, listens to the channel, and reads nothing.

    It lets answers come until the system takes no more of them: what the server says to it
    from now on, the server has to keep.
    """

    _BURST = 64
    _PING = b"\x89\xfd\x00\x00\x00\x00" + bytes(125)
    _MOST_BYTES = 8 * 2**20

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # as little as there is
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(_REQUEST % b"files")
        self._socket.recv(1)
        before = -1
        while before < (now := self._waiting()) < self._MOST_BYTES:
            before = now
            self._socket.sendall(self._PING * self._BURST)
            time.sleep(0.02)

    def _waiting(self) -> int:
        """Bytes that the system keeps for it at the server's end."""
        try:
            return unsent_bytes(self._port, self._socket.getsockname()[1])
        except ConnectionError as error:
            raise ConnectionError("the server has dropped the client that does not read") from error

    def close(self) -> None:
        """Hang up; it must still have been there."""
        self._waiting()
        self._socket.close()


@contextmanager
def serving(server: Ours | Rival) -> Iterator[Served]:
    """Run a server until the context is left."""
    command, admin_port = server.command, None
    if isinstance(server, Ours):
        with socket.create_server(("127.0.0.1", 0)) as free:
            admin_port = int(free.getsockname()[1])
        command = [*command, "--admin-port", str(admin_port), "--grace", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        served = Served(process.pid, listening_port(process.stdout.readline()), admin_port)
        yield served
        served.control.close()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def take_precedence(pids: Iterable[int]) -> None:
    """Have the system serve these processes before all others, where that is allowed (0: this one).

    Round trips then show the server's delays, not those of a busy machine. What they start is
    served as always.
    """
    with suppress(OSError):
        for pid in pids:
            policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
            os.sched_setscheduler(pid, policy, os.sched_param(1))
