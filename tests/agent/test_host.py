"""What an agent says of its host stands in tsung.log beside the target's figures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytsung.agent.host import HostSampler, descriptor_limit, descriptors, rss


def test_readings_are_of_this_host() -> None:
    """Percent of all cores, megabytes, and a load average."""
    reading = HostSampler().read()
    assert 0 <= reading.cpu <= 100
    assert 1 < reading.free_memory < 2**24
    assert reading.load >= 0


def test_cpu_is_counted_from_one_reading_to_the_next() -> None:
    """Two at once: no time has passed, so nothing was busy, and nothing is divided by zero."""
    sampler = HostSampler()
    readings = [sampler.read().cpu for _ in range(3)]
    assert all(0 <= cpu <= 100 for cpu in readings)


def test_memory_of_processes_adds_up_and_the_gone_count_nothing() -> None:
    """A worker may end between the list and the look."""
    own = rss([os.getpid()])
    assert own > 2**20
    assert rss([os.getpid(), 2**22 + 1]) >= own * 0.9
    assert rss([2**22 + 1]) == 0


def test_descriptors_are_counted_without_listing_them() -> None:
    """A worker has 20,000 of them: looking must cost nothing."""
    mine = descriptors(os.getpid())
    if not mine:
        pytest.skip("this kernel does not count descriptors; Linux 6.2 and newer do")
    with Path(os.devnull).open():
        assert descriptors(os.getpid()) == mine + 1
    assert descriptors(2**22 + 1) == 0
    assert descriptor_limit() >= mine
