"""The bundled server as a process on a free port, and a raw client for it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

TARGET = "/v1/realtime?project=console&channels[]=files"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455, 1.3; its answer is in HEAD

HEAD = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
    b"Server: swoole-http-server\r\n\r\n"
)
FIRST_FRAME_2021 = b'\x81\x3e{"type":"connected","data":{"channels":["files"],"user":null}}'

PATIENCE = 20.0
"""Seconds until a read fails: a server that does not answer is a failure, not a hang."""


def request(target: str = TARGET, *headers: str, host: str = "10.114.0.2") -> bytes:
    """Tsung's request: 213 bytes for a host name of ten characters."""
    lines = (
        f"GET {target} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Origin: {host}",
        f"Sec-WebSocket-Key: {KEY}",
        "Sec-WebSocket-Version: 13",
        *headers,
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def masked(opcode: int, payload: bytes) -> bytes:
    """A final frame as clients send it; the mask is zero, so the payload is readable."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size)) + bytes(4) + payload
    if size < 65536:
        return bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big") + bytes(4) + payload
    return bytes((0x80 | opcode, 0xFF)) + size.to_bytes(8, "big") + bytes(4) + payload


class RawClient:
    """A socket that reads exactly what is asked for."""

    def __init__(self, port: int, host: str = "127.0.0.1", source: str = "") -> None:
        local = (source, 0) if source else None
        self.socket = socket.create_connection((host, port), PATIENCE, local)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes; fewer only at the end of the stream."""
        data = b""
        while len(data) < count and (more := self.socket.recv(count - len(data))):
            data += more
        return data

    def read_all(self) -> bytes:
        """Everything until the server hangs up, by FIN or by reset."""
        data = b""
        try:
            while more := self.socket.recv(65536):
                data += more
        except ConnectionResetError:
            pass
        return data

    def read_head(self) -> bytes:
        data = b""
        while not data.endswith(b"\r\n\r\n") and (more := self.socket.recv(1)):
            data += more
        return data

    def read_frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next (unmasked) frame."""
        first, length = self.read(2)
        if length == 126:
            length = int.from_bytes(self.read(2), "big")
        elif length == 127:
            length = int.from_bytes(self.read(8), "big")
        return first & 0x0F, self.read(length)

    def read_json(self) -> Any:
        opcode, payload = self.read_frame()
        assert opcode == 1
        return json.loads(payload)

    def upgrade(self, target: str = TARGET, *headers: str) -> Any:
        """Upgrade, and give the first message."""
        self.send(request(target, *headers))
        assert self.read_head() == HEAD
        return self.read_json()


class RunningServer:
    """A server process; `line` is what it said when it was ready."""

    def __init__(self, directory: Path, *options: str, under: tuple[str, ...] = ()) -> None:
        self._clients: list[RawClient] = []
        self.stats_file = directory / "stats.json"
        self.errors_file = directory / "stderr"
        command = [*under, sys.executable, "-m", "pytsung_server", "--port", "0"]
        command += ["--stats", str(self.stats_file), *options]
        with self.errors_file.open("w") as errors:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        assert self.line, self.errors
        self.url = self.line.split()[3]
        self.port = int(self.url.rpartition(":")[2])

    @property
    def errors(self) -> str:
        """What it has said on stderr."""
        return self.errors_file.read_text()

    @property
    def workers(self) -> list[int]:
        """The process ids of its workers."""
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def client(self) -> RawClient:
        """A client, closed with the server if not before."""
        client = RawClient(self.port)
        self._clients.append(client)
        return client

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and give the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        return self.process.wait(timeout=10)

    def stats(self) -> dict[str, float]:
        """The counts that it left behind."""
        found: dict[str, float] = json.loads(self.stats_file.read_text())
        return found

    def close(self) -> None:
        """End it, however it is."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        for client in self._clients:
            client.socket.close()
