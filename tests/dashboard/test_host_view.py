"""Hosts as anybody may look at them: bounded, and in few words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.dashboard.host_view import MOST_POINTS, HostView, Track, hosts_in_words


def test_the_last_figures_and_the_processor_since_the_start() -> None:
    """A figure that comes later does not take back another."""
    host = HostView()
    host.take(5.0, {"cpu": 10.0, "load": 1.0})
    host.take(15.0, {"recvpackets": 7.0})
    host.take(15.0, {"cpu": 30.0})
    assert host.figures == {"cpu": 30.0, "load": 1.0, "recvpackets": 7.0}
    assert host.heard == 15.0
    assert host.cpu.points == [(5.0, 10.0), (15.0, 30.0)]


@given(st.integers(0, 20 * MOST_POINTS))
def test_a_long_run_has_no_more_points_than_a_short_one(count: int) -> None:
    """The page gets all of them every second; none is older or newer than its readings."""
    track = Track()
    for number in range(count):
        track.add(float(number), 50.0)
    assert len(track.points) <= MOST_POINTS
    times = [at for at, _ in track.points]
    assert times == sorted(set(times))
    assert {value for _, value in track.points} <= {50.0}
    if count:
        assert times[-1] == count - 1


def test_points_of_several_readings_are_their_means() -> None:
    """Half of the time busy is half busy, however few points there are."""
    track = Track()
    for number in range(4 * MOST_POINTS):
        track.add(float(number), 100.0 * (number % 2))
    *full, _ = track.points
    assert [value for _, value in full] == pytest.approx([50.0] * len(full))


def test_the_targets_busiest_hosts_in_a_line() -> None:
    """What the terminal has room for; the load generator has a line of its own."""
    hosts = {f"web{n}": HostView(True, {"cpu": 10.0 * n}) for n in range(1, 6)}
    hosts["here"] = HostView(False, {"cpu": 100.0})
    assert hosts_in_words(hosts) == "web5 50 % CPU · web4 40 % CPU · web3 30 % CPU · and 2 more"
    one = {"db": HostView(True, {"cpu": 7.4, "freemem": 2100.0, "load": 0.44})}
    assert hosts_in_words(one) == "db 7 % CPU, 2.1 GB free, load 0.4"
    assert hosts_in_words({}) == ""
