"""Users go on together, and never wait for ever because a worker died."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytsung.control.gate import Gate
from pytsung.plan import Barrier


def test_the_nth_user_lets_all_go_on() -> None:
    """And counting starts again."""
    gate = Gate(Barrier(3))
    assert gate.came("a", 2, 0.0) == {}
    assert gate.came("b", 1, 1.0) == {"a": 2, "b": 1}
    assert gate.came("b", 1, 2.0) == {}


def test_who_comes_too_many_waits_for_the_next_round() -> None:
    """Reports of several workers may add up to more than is needed."""
    gate = Gate(Barrier(5))
    gate.came("a", 4, 0.0)
    assert gate.came("b", 4, 0.0) == {"a": 4, "b": 1}
    assert gate.came("a", 2, 0.0) == {"b": 3, "a": 2}


def test_after_a_long_silence_all_go_on() -> None:
    """Counted from the last one who came."""
    gate = Gate(Barrier(5, timeout=10.0))
    gate.came("a", 1, 0.0)
    gate.came("b", 1, 9.0)
    assert gate.look(18.9) == {}
    assert gate.look(19.0) == {"a": 1, "b": 1}
    assert gate.look(99.0) == {}


def test_users_of_a_worker_that_is_gone_do_not_count() -> None:
    """They will never go on."""
    gate = Gate(Barrier(3))
    gate.came("dead", 2, 0.0)
    gate.left("dead")
    assert gate.came("a", 2, 0.0) == {}
    assert gate.came("b", 1, 0.0) == {"a": 2, "b": 1}


@given(
    st.integers(1, 20),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 30)), max_size=20),
)
def test_everybody_who_came_goes_on_but_for_the_last_few(
    size: int, arrivals: list[tuple[str, int]]
) -> None:
    """As many as fit into whole rounds, and of each worker no more than came."""
    gate = Gate(Barrier(size))
    released = dict.fromkeys("abc", 0)
    for holder, count in arrivals:
        for name, freed in gate.came(holder, count, 0.0).items():
            released[str(name)] += freed
    total = sum(count for _, count in arrivals)
    assert sum(released.values()) == total - total % size
    for name, freed in released.items():
        assert freed <= sum(count for holder, count in arrivals if holder == name)
