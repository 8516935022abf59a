"""The programs about growth take minutes: that they still work is seen here, with very few."""

from __future__ import annotations

import pytest

from bench.controller import Speech
from bench.growth import agents, arrivals, users
from bench.growth.controllers import control


def test_users_come_and_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are there, in workers that were seen without them before."""
    monkeypatch.setattr(users, "WINDOW", 0.5)
    cost = users.measure(200, 500.0)
    assert cost.opening > 0
    assert cost.holding >= 0
    assert (cost.before.workers, cost.after.workers) == (users.WORKERS, users.WORKERS)
    assert cost.after.memory.rss > cost.before.memory.rss


def test_arrivals_are_counted_where_as_many_leave() -> None:
    """A rate that is no rate would make every figure of the table wrong."""
    cost = arrivals.measure(100, 3)
    assert 50 < cost.came < 150
    assert 10e-6 < cost.each < 10e-3
    assert cost.verdict in {"clean", "degraded", "invalid"}


def test_agents_start_as_processes_of_this_machine() -> None:
    """Real agents, as many as asked for, or it would not begin."""
    begun = agents.start(2)
    assert 0 < begun.cpu < begun.wall


def test_a_controller_of_its_own_hears_all_statistics() -> None:
    """Its log has what its agent said, name by name, merged and by agent: 20 bytes at least."""
    told = control(1, Speech(1, 5, 100))
    assert 0 < told.cpu < told.wall
    assert told.record > 100 * 2 * 20
