"""Server processes for the tests; each is ended by its process id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.running import RunningServer
from tests.server.shop import Shop

StartServer = Callable[..., RunningServer]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts a server with some options, and ends it with the test."""
    started: list[RunningServer] = []

    def start(*options: str, under: tuple[str, ...] = ()) -> RunningServer:
        directory = tmp_path / str(len(started))
        directory.mkdir()
        server = RunningServer(directory, *options, under=under)
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="module")
def current(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server of today's profile for a whole file."""
    server = RunningServer(tmp_path_factory.mktemp("current"), "--workers", "1")
    yield server
    server.close()


@pytest.fixture(scope="module")
def bench2021(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server of the benchmark's profile for a whole file."""
    directory = tmp_path_factory.mktemp("bench2021")
    server = RunningServer(directory, "--workers", "1", "--profile", "bench2021")
    yield server
    server.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One server with projects, users and an admin port for a whole file."""
    site = Shop(tmp_path_factory.mktemp("shop"))
    yield site
    site.close()
