"""The admin port, asked by the standard library: a client that we did not write."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.server.running import RunningServer

PATIENCE = 30.0


def wait_for(happened: Callable[[], object], patience: float = PATIENCE) -> None:
    """Look every 20 ms until it is so; fails after `patience` seconds."""
    until = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class AdminClient:
    """Asks the admin port of a server, a new connection each time."""

    def __init__(self, server: RunningServer) -> None:
        found = re.search(r"admin port: http://(\[::1\]|[\d.]+):(\d+)", server.errors)
        assert found, server.errors
        self.host, self.port = found[1].strip("[]"), int(found[2])

    def get(self, path: str, **headers: str) -> Got:
        return self.ask("GET", path, None, **headers)

    def post(self, message: bytes, **headers: str) -> Got:
        headers = {"Content-Type": "application/json", **headers}
        return self.ask("POST", "/v1/realtime/events", message, **headers)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Got:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
            return Got(response.status, {k.lower(): v for k, v in response.getheaders()}, text)
        finally:
            connection.close()

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = self.get("/v1/realtime/counts").json
        return found
