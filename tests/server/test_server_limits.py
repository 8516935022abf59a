"""How many connections fit, and counts that several processes share."""

from __future__ import annotations

import math
import os
import warnings

from hypothesis import given
from hypothesis import strategies as st
from pytsung_server import limits
from pytsung_server.counts import Counts, Table


def test_a_million_on_20000_descriptors_takes_53_workers() -> None:
    """The number that the command prints as a cure must be one that holds."""
    cap = limits.worker_cap(20_000)
    assert limits.workers_for(1_000_000, cap) == 53
    assert limits.capacity(53, cap) >= 1_000_000
    assert limits.capacity(52, cap) < 1_000_000


@given(st.integers(1, 10**8), st.integers(1, 2**20))
def test_the_workers_that_are_proposed_leave_six_deviations(connections: int, cap: int) -> None:
    """Chance fills workers unevenly; the fullest must stay under its cap."""
    workers = limits.workers_for(connections, cap)
    if workers > 1:
        mean = connections / workers
        assert mean + 6 * math.sqrt(mean) <= cap + 1e-6
    assert limits.capacity(workers, cap) >= min(connections, cap) - workers


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
