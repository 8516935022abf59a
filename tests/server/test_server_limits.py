"""How many connections fit, and counts that several processes share."""

from __future__ import annotations

import math
import os
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytsung_server import limits
from pytsung_server.counts import Counts, Table


@pytest.mark.parametrize(("cores", "workers"), [(1, 51), (2, 52), (4, 52), (32, 64), (64, 53)])
def test_a_million_on_20000_descriptors(cores: int, workers: int) -> None:
    """The number that the command prints as a cure must be one that holds."""
    cap = limits.worker_cap(20_000)
    assert limits.workers_for(1_000_000, cap, cores) == workers
    assert limits.capacity(workers, cap, cores) >= 1_000_000
    assert limits.capacity(workers - 1, cap, cores) < 1_000_000


@given(st.integers(1, 10**8), st.integers(1, 2**20), st.integers(1, 256))
def test_the_workers_that_are_proposed_leave_six_deviations(
    connections: int, cap: int, cores: int
) -> None:
    """Chance fills doors unevenly; the workers of the fullest must have room for all of it."""
    workers = limits.workers_for(connections, cap, cores)
    doors = min(workers, cores)
    if doors > 1:
        mean = connections / doors
        assert mean + 6 * math.sqrt(mean) <= workers // doors * cap + 1e-6
    assert limits.capacity(workers, cap, cores) >= connections - 1


def test_counts_of_another_process_are_seen() -> None:
    """The limit is over all workers, so each must see the others' connections."""
    table = Table(2)
    with warnings.catch_warnings():
        # Threads of other tests may linger; this child touches nothing of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        counts = Counts(table, 1)
        counts.opened()
        counts.opened()
        counts.closed()
        counts.saw_open(7)
        counts.bytes_sent = 2**40
        counts.publish()
        os._exit(0)
    os.waitpid(child, 0)
    counts = Counts(table, 0)
    counts.opened()
    counts.saw_open(2)
    counts.publish()
    totals = table.totals()
    assert totals["open"] == 2
    assert totals["accepted"] == 3
    assert totals["bytes_sent"] == 2**40
    assert totals["peak"] == 7
