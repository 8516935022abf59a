"""`--target` starts a server at the address that the plan has, and there only."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import trio

from pytsung.controller.target import bundled_target, capacity, target_endpoint, workers_for
from pytsung.errors import UsageError
from pytsung.plan import Endpoint, Load, Plan, Target, Transport


def plan(*endpoints: Endpoint) -> Plan:
    return Plan("t.xml", (), tuple(map(Target, endpoints)), Load(), ())


def run(endpoint: Endpoint, options: str = "") -> None:
    async def main() -> None:
        with trio.fail_after(30):
            async with bundled_target(endpoint, options, users=1, run_id="test"):
                pass

    trio.run(main)


def test_one_loopback_address_is_taken() -> None:
    """Several `<server>`s may name the same one."""
    endpoint = Endpoint("127.0.0.1", 9505)
    assert target_endpoint(plan(endpoint, endpoint)) == endpoint


@pytest.mark.parametrize(
    ("endpoints", "text"),
    [
        ([Endpoint("127.0.0.1", 1), Endpoint("127.0.0.1", 2)], "127.0.0.1:1, 127.0.0.1:2"),
        ([Endpoint("example.org", 80)], "add --server 127.0.0.1:80"),
    ],
)
def test_anything_else_is_refused_with_the_cure(endpoints: list[Endpoint], text: str) -> None:
    """A load on somebody else's host is nothing to start by mistake."""
    with pytest.raises(UsageError) as raised:
        target_endpoint(plan(*endpoints))
    assert text in str(raised.value)


def test_a_port_that_is_taken_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    """The server's own words, then what to do."""
    another = pytest.raises(UsageError, match="--server HOST:PORT names another address")
    with socket.create_server(("127.0.0.1", 0)) as taken, another:
        run(Endpoint("127.0.0.1", taken.getsockname()[1]))
    assert "is taken" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("endpoint", "options", "text"),
    [
        (Endpoint("127.0.0.1", 1, Transport.TLS), "", "--tls-cert"),
        (Endpoint("127.0.0.1", 1), "--tls-cert 'x", "close the quotation"),
    ],
)
def test_options_that_cannot_be_served_are_refused(
    endpoint: Endpoint, options: str, text: str
) -> None:
    """Before anything is started."""
    with pytest.raises(UsageError, match=text):
        run(endpoint, options)


@pytest.mark.parametrize("users", [1, 20_000, 200_000, 1_000_000])
@pytest.mark.parametrize("descriptors", [1024, 20_000])
@pytest.mark.parametrize("cores", [1, 2, 8])
def test_the_server_is_large_enough_for_the_plan(users: int, descriptors: int, cores: int) -> None:
    """The kernel deals connections out at random: no core may run out of descriptors."""
    workers = workers_for(users, cores, descriptors)
    assert workers % cores == 0
    assert capacity(workers, cores, descriptors) >= min(users, 1_000_000) * 0.999
    if workers > cores:
        assert capacity(workers - cores, cores, descriptors) < users


def test_no_process_of_it_stays() -> None:
    """Leaving the context ends it, and tells what it used."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    costs = []

    async def main() -> None:
        endpoint = Endpoint("localhost", port)
        with trio.fail_after(30):
            async with bundled_target(endpoint, "--workers 1", users=5, run_id="test-target") as it:
                assert f"127.0.0.1:{port}" in it.address
                with socket.create_connection(("127.0.0.1", port)):
                    pass
            costs.append(it.cost)

    trio.run(main)
    assert costs[0] is not None
    assert costs[0].cpu_seconds > 0
    marked = [path for path in Path("/proc").glob("[0-9]*") if b"=test-target" in environment(path)]
    assert not marked


def environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""
