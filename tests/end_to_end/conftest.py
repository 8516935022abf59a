"""Commands that are ended with their test, whatever happened to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import Command
from tests.end_to_end.listener import Listener
from tests.server.running import RunningServer

Start = Callable[..., Command]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `pytsung` with a log root of its own."""
    started: list[Command] = []

    def start_command(*words: str, **how: object) -> Command:
        command = Command(tmp_path / f"log-{len(started)}")
        started.append(command)
        return command.start(*words, **how)  # type: ignore[arg-type] # passed on as it is

    yield start_command
    for command in started:
        command.kill()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """The bundled server."""
    running = RunningServer(tmp_path, "--workers", "2")
    yield running
    running.close()


@pytest.fixture
def port(server: RunningServer) -> int:
    """Where the bundled server listens."""
    return server.port


@pytest.fixture
def listener() -> Iterator[Listener]:
    """An HTTP server that answers everything."""
    listening = Listener()
    yield listening
    listening.close()
