"""Percentiles come from bounded histograms; what they may be off by is stated, and held here."""

from hypothesis import example, given
from hypothesis import strategies as st

from pytsung.stats import Histogram, SampleSummary

STATED = 0.004  # relative: half a bucket of 128 an octave

# Times from a tenth of a microsecond to a day; smaller ones than single precision knows are 0.
times = st.floats(1e-7, 1e5)


@given(st.lists(times, min_size=1), st.floats(0, 100))
@example([0.3, 0.1, 0.2], 50.0)
def test_a_percentile_is_within_its_stated_error(values: list[float], percent: float) -> None:
    """0.4 % is what `docs/reference/statistics.md` promises."""
    rank = max(1, -int(-percent * len(values) // 100))
    exact = sorted(values)[rank - 1]
    assert abs(SampleSummary.of(values).percentile(percent) - exact) <= STATED * exact


def test_the_outermost_values_are_exact() -> None:
    """Of three sessions, p99 is the longest, and a reader will compare it with the maximum."""
    summary = SampleSummary.of([30.001, 30.002, 30.0431])
    assert summary.percentiles((0, 1, 99, 100)) == [30.001, 30.001, 30.0431, 30.0431]


def test_a_bucket_does_not_reach_beyond_the_extremes() -> None:
    """Sessions of 30.00 to 30.04 s all lie in one bucket; its upper end is no median of theirs."""
    summary = SampleSummary.of([30.0, *[30.01] * 50, 30.04])
    assert abs(summary.percentile(50) - 30.02) < 1e-9


@given(st.lists(st.lists(times), min_size=3, max_size=3))
def test_merging_histograms_is_associative_and_loses_nothing(batches: list[list[float]]) -> None:
    """However workers' histograms are grouped, the percentiles of a run are the same."""
    first, second, third = (histogram(batch) for batch in batches)
    left = histogram([])
    for part in (first, second, third):
        left.merge(part)
    second.merge(third)
    first.merge(second)
    assert left == first == histogram([value for batch in batches for value in batch])


def histogram(values: list[float]) -> Histogram:
    made = Histogram()
    made.record(values)
    return made
