"""Workers of several agents share one test; whoever is gone is not waited for."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from pytsung.control.leases import IDS, Row, next_row_of
from pytsung.control.messages import (
    Gathered,
    Lease,
    LeaseRecall,
    LeaseRequest,
    Release,
    Returned,
    Sends,
)
from pytsung.controller.commons import Commons, read_row_files
from pytsung.errors import UsageError
from pytsung.plan import Barrier, Load, Plan, RowFile

USERS = next_row_of("users")


def commons(*rows: str, size: int = 2) -> Commons:
    plan = Plan("t", (), (), Load(), (), barrier=Barrier(size, 10.0))
    return Commons(plan, {"users": rows}, ["a", "b"], 2, Random(1))


def test_rows_go_to_the_worker_that_asked() -> None:
    """By the agent that it belongs to."""
    shared = commons("x", "y", "z", "w")
    assert shared.heed("a", LeaseRequest(USERS, 1, True, worker=3), 0.0) == [
        ("a", Lease(USERS, (Row(0, "x"),), 3))
    ]
    assert shared.heed("b", LeaseRequest(IDS, 2, True, worker=3), 0.0) == [
        ("b", Lease(IDS, (Row(1, "1"), Row(2, "2")), 3))
    ]


def test_what_others_hold_is_recalled_before_the_file_begins_anew() -> None:
    """And goes to whoever waits."""
    shared = commons("x", "y")
    shared.heed("a", LeaseRequest(USERS, 1, worker=0), 0.0)
    shared.heed("b", LeaseRequest(USERS, 1, worker=0), 0.0)
    asked = shared.heed("b", LeaseRequest(USERS, 1, True, worker=0), 5.0)
    assert asked == [("a", LeaseRecall(USERS, 0)), ("b", LeaseRecall(USERS, 0))]
    assert shared.heed("b", Returned(USERS, (), 0), 5.0) == []
    assert shared.heed("a", Returned(USERS, (0,), 0), 5.0) == []
    assert shared.heed("b", LeaseRequest(USERS, 1, True, worker=0), 5.0) == [
        ("b", Lease(USERS, (Row(0, "x"),), 0))
    ]


def test_nobody_waits_for_an_agent_that_is_lost() -> None:
    """Its rows count as used, and its users do not count."""
    shared = commons("x", "y")
    shared.heed("a", LeaseRequest(USERS, 1, worker=0), 0.0)
    shared.heed("a", Gathered(1, worker=0), 0.0)
    shared.heed("b", LeaseRequest(USERS, 1, worker=0), 0.0)
    shared.heed("b", LeaseRequest(USERS, 1, True, worker=0), 5.0)
    assert shared.left("a", 6.0) == []
    assert shared.heed("b", Returned(USERS, (), 0), 6.0) == []
    assert shared.heed("b", LeaseRequest(USERS, 1, True, worker=0), 6.0) == [
        ("b", Lease(USERS, (Row(0, "x"),), 0))
    ]
    assert shared.heed("b", Gathered(1, worker=0), 6.0) == []
    assert shared.heed("b", Gathered(1, worker=1), 6.0) == [
        ("b", Release(1, 0)),
        ("b", Release(1, 1)),
    ]


def test_a_worker_that_died_leaves_the_others_of_its_agent() -> None:
    """They are answered at once if they were waiting for it."""
    shared = commons("x", "y")
    shared.heed("a", LeaseRequest(USERS, 1, worker=0), 0.0)
    shared.heed("a", LeaseRequest(USERS, 1, worker=1), 0.0)
    shared.heed("a", LeaseRequest(USERS, 1, True, worker=1), 5.0)
    shared.heed("a", Returned(USERS, (), 1), 5.0)
    shared.heed("a", LeaseRequest(USERS, 1, True, worker=1), 5.0)
    assert shared.left("a", 6.0, worker=0) == [("a", Lease(USERS, (Row(0, "x"),), 1))]


def test_the_barrier_opens_for_all_agents_and_after_a_silence() -> None:
    """Those who came first go on first."""
    shared = commons(size=3)
    assert shared.heed("a", Gathered(2, worker=0), 0.0) == []
    assert shared.heed("b", Gathered(2, worker=1), 1.0) == [
        ("a", Release(2, 0)),
        ("b", Release(1, 1)),
    ]
    assert shared.look(10.9) == []
    assert shared.look(11.0) == [("b", Release(1, 1))]


def test_what_one_agent_sends_the_others_hear() -> None:
    """Not itself: it has told its own workers."""
    assert commons().heed("a", Sends({"x": 1.0}), 0.0) == [("b", Sends({"x": 1.0}))]


def test_files_are_read_once_with_their_lines(tmp_path: Path) -> None:
    """A file that has gone since the configuration was read is said."""
    path = tmp_path / "users.csv"
    path.write_text("a;b\nc;d\n")
    files = read_row_files([RowFile("users", str(path))])
    assert {name: list(rows) for name, rows in files.items()} == {"users": ["a;b", "c;d"]}
    with pytest.raises(UsageError, match=r"gone\.csv: cannot be read: No such file"):
        read_row_files([RowFile("users", str(tmp_path / "gone.csv"))])
