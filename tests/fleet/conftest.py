"""One fleet for a module's tests, and commands that reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import Command
from tests.fleet.hosts import Fleet, fleet, missing

Start = Callable[..., Command]


@pytest.fixture(scope="module")
def hosts(request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """As many hosts as the module's HOSTS says, all running and trusted."""
    if missing():
        pytest.skip(missing())
    with fleet(request.module.HOSTS) as made:
        made.trust()
        yield made


@pytest.fixture
def start(tmp_path: Path, hosts: Fleet) -> Iterator[Start]:
    """Starts `pytsung` as somebody whose home is the fleet's."""
    started: list[Command] = []

    def start_command(*words: str, text: str) -> Command:
        command = Command(tmp_path / f"log-{len(started)}")
        started.append(command)
        return command.start(*words, text=text, environment=hosts.environment)

    yield start_command
    for command in started:
        command.kill()
