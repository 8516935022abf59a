"""Who is watched, under which name, and who is asked what."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import trio

from pytsung.controller.monitoring import (
    CONTROLLER,
    bare_host,
    make_monitoring,
    settled_monitors,
)
from pytsung.monitor.munin import MuninHost
from pytsung.monitor.probed_host import Connect, ProbedHost
from pytsung.monitor.snmp import SnmpHost
from pytsung.monitor.source import Complain, Look, MonitorError, Source
from pytsung.monitor.watch import Monitoring
from pytsung.plan import Monitor
from pytsung.stats.readings import Reading
from tests.controller.scripted import play, worked


def connect(host: str) -> Connect:
    """A way to a host that is not gone."""

    def way() -> AbstractAsyncContextManager[trio.abc.Stream]:
        raise AssertionError(host)

    return way


def sources(*monitors: Monitor, agents: tuple[str, ...] = ("localhost",)) -> dict[str, Source]:
    return dict(make_monitoring(monitors, agents, connect, here="bench").sources)


def node_of(source: Source) -> tuple[str, bool]:
    """A probed host's name in the log, and whether its levels are read."""
    assert isinstance(source, ProbedHost)
    return source._node, source._with_levels


def test_each_way_of_asking_has_its_source() -> None:
    """And its own name: one host may be read in several ways."""
    found = sources(Monitor("a"), Monitor("a", "snmp"), Monitor("a", "munin"))
    assert {name: type(source) for name, source in found.items()} == {
        "a": ProbedHost,
        "a (snmp)": SnmpHost,
        "a (munin)": MuninHost,
    }


@pytest.mark.parametrize(
    ("host", "node"),
    [
        ("web1", "os_mon@web1"),
        ("me@web1:2222", "os_mon@web1"),
        ("localhost", "os_mon@localhost"),
        ("[::1]:22", "os_mon@::1"),
        ("fe80::1", "os_mon@fe80::1"),
    ],
)
def test_names_in_the_log_are_tsungs(host: str, node: str) -> None:
    """Whatever way leads to a host, its figures stand under its name."""
    assert node_of(sources(Monitor(host))[host]) == (node, True)
    assert f"os_mon@{bare_host(host)}" == node


def test_the_controllers_host_is_the_controllers() -> None:
    """An agent there tells its levels already; the probe adds what agents do not read."""
    assert node_of(sources(Monitor("bench"))["bench"]) == ("tsung_controller@bench", False)


def test_an_agents_host_tells_its_levels_itself() -> None:
    """Two readings of one thing in a block would be a mean of two moments."""
    found = sources(Monitor("web1"), agents=("web1", "web2"))
    assert node_of(found["web1"]) == ("os_mon@web1", False)


def test_the_controllers_host_is_always_watched() -> None:
    """As in Tsung: by its agent, or by a probe where all agents are elsewhere."""
    assert sources() == {}
    found = sources(agents=("web1",))
    assert node_of(found[CONTROLLER]) == ("tsung_controller@bench", True)
    assert list(sources(Monitor("bench"), agents=("web1",))) == ["bench"]


def test_a_host_that_is_named_twice_is_watched_once() -> None:
    """Else each of its figures would count twice."""
    assert list(sources(Monitor("a"), Monitor("a"))) == ["a"]


def test_hosts_of_a_job(tmp_path: Path) -> None:
    """Each once, however many places it has in the job."""
    nodes = tmp_path / "nodes"
    nodes.write_text("n1.cluster\nn1.cluster\nn2\n")
    monitors = (Monitor("web1"), Monitor("hosts of pbs", "snmp", batch="pbs"))
    assert settled_monitors(monitors, {"PBS_NODEFILE": str(nodes)}) == (
        Monitor("web1"),
        Monitor("n1", "snmp"),
        Monitor("n2", "snmp"),
    )


def test_hosts_of_no_job_are_said_and_end_nothing() -> None:
    """The test itself may well run outside of the batch system."""
    monitors = (Monitor("hosts of oar", batch="oar"),)
    assert settled_monitors(monitors, {}) == monitors
    source = sources(*monitors)["hosts of oar"]
    with pytest.raises(MonitorError, match="start pytsung in a job"):
        source.open(lambda _: None)


class Hanging:
    """A host that never comes to be reached; knows when it was let go."""

    was_left = False

    @asynccontextmanager
    async def open(self, complain: Complain) -> AsyncIterator[Look]:
        try:
            await trio.sleep(math.inf)
            yield read
        finally:
            self.was_left = True


class Calm:
    """A host that is always the same."""

    @asynccontextmanager
    async def open(self, complain: Complain) -> AsyncIterator[Look]:
        yield read


async def read() -> Sequence[Reading]:
    return [Reading("load", "os_mon@web1", 0.5)]


def test_a_run_watches_as_long_as_it_lasts() -> None:
    """It neither waits for a host to be reached, nor leaves it in somebody's hands."""
    hanging = Hanging()
    monitoring = Monitoring({"web1": Calm(), "web2": hanging})
    result, notebook = play({"a": worked(5)}, users=5, monitoring=monitoring)
    assert result.totals.users_finished == 5
    assert result.verdict.status == "clean"
    assert notebook.readings == [Reading("load", "os_mon@web1", 0.5)]
    assert not [kind for kind in notebook.kinds() if kind.startswith("monitor")]
    assert hanging.was_left
