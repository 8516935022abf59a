"""A Node.js process that uses Appwrite's own SDK against the server."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Self

import pytest

SDK = Path(__file__).parents[1] / "sdk"
PATIENCE = 10.0


def skip_without_sdk() -> None:
    """Say loudly what is missing for these tests, if anything is."""
    if shutil.which("node") is None:
        pytest.skip("no node here: install Node.js 18 or newer to test with Appwrite's SDK")
    if not (SDK / "node_modules" / "appwrite").is_dir():
        pytest.skip("Appwrite's SDK is not installed: npm ci --prefix tests/sdk (or make test)")


class SdkClient:
    """One program; `saw` waits for what happens in it."""

    def __init__(self, package: str, port: int, project: str, session: str = "") -> None:
        command = ["node", "client.mjs", package, f"http://127.0.0.1:{port}/v1", project]
        self._process = subprocess.Popen(
            [*command, *([session] if session else [])],
            cwd=SDK,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NODE_NO_WARNINGS": "1"},
        )
        self._happened: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._happened.put(json.loads(line))

    def order(self, what: str, **fields: Any) -> None:
        """Have it do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **fields}) + "\n")
        self._process.stdin.flush()

    def saw(self, what: str, within: float = PATIENCE) -> dict[str, Any]:
        """The next thing of this kind that happens; others before it are passed over."""
        until = time.monotonic() + within
        while True:
            one = self._happened.get(timeout=max(0.0, until - time.monotonic()))
            if one["saw"] == what:
                return one

    def message(self, way: str, kind: str) -> dict[str, Any]:
        """The next message of this type that was `sent` or `received`."""
        while True:
            message: dict[str, Any] = self.saw(way)["message"]
            if message["type"] == kind:
                return message

    def everything(self, seconds: float) -> list[dict[str, Any]]:
        """All that happens in the next seconds."""
        time.sleep(seconds)
        found = []
        while not self._happened.empty():
            found.append(self._happened.get())
        return found
