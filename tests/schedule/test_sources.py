"""Random sources that go on in another process."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.schedule.sources import packed, restored


@given(st.integers(), st.integers(0, 2000))
def test_a_source_goes_on_where_it_stood(seed: int, drawn: int) -> None:
    """To the last bit: or a run with the same seed would be another one."""
    random = Random(seed)
    for _ in range(drawn):
        random.random()
    state = packed(random)
    other = restored(state)
    assert [other.expovariate(7.0) for _ in range(700)] == [
        random.expovariate(7.0) for _ in range(700)
    ]
    assert len(state) == 2500


def test_what_is_no_state_is_refused() -> None:
    """Cut off, say."""
    with pytest.raises(ValueError, match="not the state of a random source"):
        restored(packed(Random(1))[:-1])
