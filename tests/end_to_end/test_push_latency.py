"""Events from the publisher through the server to virtual users: how old are they then?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import CLOSE, CONNECT, configuration, think, users
from tests.end_to_end.conftest import Start
from tests.server.admin_client import AdminClient, wait_for
from tests.server.running import RunningServer

USERS = 50
EVENTS = 10
WANTED = '<option name="push_latency" value="true"/>'


@pytest.fixture
def served(tmp_path: Path) -> Iterator[RunningServer]:
    directory = tmp_path / "server"
    directory.mkdir()
    server = RunningServer(directory, "--workers", "2", "--admin-port", "0")
    yield server
    server.close()


def publish(admin: AdminClient) -> None:
    """Ten events in half a second, by the command that people use."""
    command = [sys.executable, "-m", "pytsung_server", "publish", "--rate", "20/s"]
    command += ["--admin", f"127.0.0.1:{admin.port}", "--count", str(EVENTS)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=30)


def test_every_delivery_has_its_age(start: Start, served: RunningServer) -> None:
    """All that the server delivered is measured, over two workers, and each event is told of."""
    admin = AdminClient(served)
    text = configuration(
        served.port,
        *(CONNECT, think(4), CLOSE),
        load=users(USERS),
        options=WANTED,
        client='host="localhost" use_controller_vm="true" cpu="2"',
    )
    running = start("start", text=text)
    wait_for(lambda: admin.counts()["open"] == USERS)
    publish(admin)
    result = running.wait()
    assert result.status == 0, result.stderr
    assert admin.counts()["deliveries"] == USERS * EVENTS
    latency = result.summary["samples"]["push_latency"]
    assert latency["count"] == USERS * EVENTS
    assert 0 <= latency["min"] <= latency["p50"] <= latency["max"] < 5
    fan_out = result.summary["fan_out"]
    assert (fan_out["events"], fan_out["deliveries"]) == (EVENTS, USERS * EVENTS)
    assert latency["min"] == pytest.approx(fan_out["first"]["min"])
    assert latency["max"] == pytest.approx(fan_out["last"]["max"])
    assert {spread["deliveries"] for spread in fan_out["slowest"]} == {USERS}
    report = (result.directory / "report.html").read_text()
    assert "Published events" in report
    assert "push_latency" not in (result.directory / "tsung.log").read_text()


def test_who_does_not_ask_measures_nothing(start: Start, served: RunningServer) -> None:
    """The same events are pushes like any other."""
    admin = AdminClient(served)
    text = configuration(served.port, CONNECT, think(3), CLOSE, load=users(5))
    running = start("start", text=text)
    wait_for(lambda: admin.counts()["open"] == 5)
    publish(admin)
    result = running.wait()
    assert "push_latency" not in result.summary["samples"]
    assert result.summary["fan_out"] is None
    assert result.counters["async_unknown_data_rcv"] >= 5 * EVENTS
