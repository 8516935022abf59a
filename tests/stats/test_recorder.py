"""The recorder's shortcuts give what the long way would.

A figure that is wrong because it was computed quickly is worse than none.
"""

from __future__ import annotations

import pytest

from pytsung.stats import Recorder, SampleSummary


@pytest.mark.parametrize(
    ("requests", "pages"),
    [
        ([0.25, 0.5, 1.0], [0.25, 0.5, 1.0]),  # each request is a page
        ([0.25, 0.5, 1.0], [0.75, 1.0]),
        ([], [0.75, 1.0]),  # of requests without an answer
        ([0.25, 0.5], []),
    ],
)
def test_pages_and_requests_are_summed_up_each_for_themselves(
    requests: list[float], pages: list[float]
) -> None:
    """Where both are the same, one is copied from the other, and neither changes with it."""
    recorder = Recorder()
    for value in requests:
        recorder.sample("request", value)
    for value in pages:
        recorder.sample("page", value)
    samples = recorder.take(0).samples
    expected = {"request": requests, "page": pages}
    assert samples == {name: SampleSummary.of(each) for name, each in expected.items() if each}
    if requests and pages:
        samples["page"].merge(SampleSummary.of([9.0]))
        assert samples["request"] == SampleSummary.of(requests)


def test_bytes_are_counters_of_their_interval() -> None:
    """They are integers of their own while they grow, under Tsung's names when taken."""
    recorder = Recorder()
    recorder.bytes_sent += 7
    recorder.bytes_received += 9
    recorder.count("200")
    assert recorder.take(0).counters == {"200": 1, "size_sent": 7, "size_rcv": 9}
    assert recorder.take(1).counters == {}
