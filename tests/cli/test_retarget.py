"""`--server` and `--local` change where a test goes and runs, and nothing else."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from pytsung.cli.retarget import goes_to_loopback, local_names, send_to
from pytsung.errors import UsageError
from pytsung.plan import (
    AgentHost,
    ChangeType,
    Endpoint,
    Load,
    Monitor,
    Plan,
    RequestStep,
    Target,
    Transport,
)
from pytsung.protocols.http.requests import HttpRequest, Origin
from tests.config.configurations import document, read, session

PLAN = Plan(
    "test.xml",
    (AgentHost("localhost"), AgentHost("far-away"), AgentHost("127.0.0.2")),
    (
        Target(Endpoint("a", 80), 0.25),
        Target(Endpoint("b", 443, Transport.TLS), 0.75),
    ),
    Load(),
    (),
    (Monitor("a"),),
)


@pytest.mark.parametrize(
    ("server", "host", "port"),
    [("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:80", "::1", 80), ("example:1", "example", 1)],
)
def test_everything_goes_to_one_server(server: str, host: str, port: int) -> None:
    """Transports and weights stay; monitors of other hosts are left out."""
    plan = send_to(PLAN, server)
    assert [target.endpoint for target in plan.targets] == [
        Endpoint(host, port),
        Endpoint(host, port, Transport.TLS),
    ]
    assert [target.weight for target in plan.targets] == [0.25, 0.75]
    assert plan.monitors == ()
    assert replace(plan, targets=PLAN.targets, monitors=PLAN.monitors) == PLAN


@pytest.mark.parametrize("server", ["", "host", ":80", "host:", "host:0", "host:65536", "host:x"])
def test_what_is_no_address_is_refused(server: str) -> None:
    """With an example of one that is."""
    with pytest.raises(UsageError, match=r"write 127\.0\.0\.1:8080"):
        send_to(PLAN, server)


def test_this_machine_is_known_by_name() -> None:
    """127.0.0.2 is reached through SSH as any other host: only its name makes a host local."""
    name = socket.gethostname()
    assert local_names() >= {"localhost", "127.0.0.1", "::1", name, name.partition(".")[0]}
    assert "127.0.0.2" not in local_names()


@pytest.mark.parametrize(
    ("endpoint", "loopback"),
    [
        (Endpoint("127.0.0.1", 80), True),
        (Endpoint("127.9.9.9", 80), True),
        (Endpoint("localhost", 80), True),
        (Endpoint("localhost", 80, ipv6=True), False),
        (Endpoint("::1", 80), False),
        (Endpoint("10.0.0.1", 80), False),
        (Endpoint("some.name", 80), False),
    ],
)
def test_only_ipv4_loopback_has_addresses_to_spare(endpoint: Endpoint, loopback: bool) -> None:
    """Source addresses 127.0.x.y reach nothing else."""
    assert goes_to_loopback(replace(PLAN, targets=(Target(endpoint),))) is loopback


def test_without_targets_there_is_no_loopback() -> None:
    """Nothing to reach."""
    assert not goes_to_loopback(replace(PLAN, targets=()))


def test_absolute_urls_and_changes_go_to_the_server_too() -> None:
    """Who says `--server staging:80` must not reach production by a link."""
    steps = (
        '<request><http url="http://www.example.org/a"/></request>'
        '<if var="x" eq="1"><request><http url="/b"/></request></if>'
        '<change_type new_type="ts_http" host="www.example.net" port="80" server_type="tcp"/>'
    )
    text = session(steps).replace("ts_websocket", "ts_http")
    plan = send_to(read(document(sessions=text)).plan, "127.0.0.1:8080")
    first, branch, change = plan.sessions[0].steps
    assert isinstance(first, RequestStep)
    assert isinstance(first.request, HttpRequest)
    assert first.request.origin == Origin(Endpoint("127.0.0.1", 8080), "www.example.org")
    assert "example.net" not in repr((branch, change))
    assert isinstance(change, ChangeType)
    assert (change.host, change.port) == ("127.0.0.1", "8080")
