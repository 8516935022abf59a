"""The record of one window of time, as it flows from worker to controller.

Intervals of the same index merge into one, in any order; intervals that follow
each other add up to a run. Must not know who sent it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pytsung.stats.summary import SampleSummary


@dataclass(slots=True)
class Interval:
    """What happened between `index` and `index + 1` seconds after the test's start.

    `users_open` and `connections_open` are levels at the interval's end; all else
    counts what happened within it. `users_dropped` are those that the rules of a
    phase's end left unstarted, `users_lost` those that went with a worker or an agent.
    `counters` and `samples` (seconds) carry Tsung's names. `generator` holds samples
    about ourselves: `lateness` of arrivals (s), `loop_lag` (s), `worker_cpu` (0 to 1).
    `deliveries` holds, for each published event that is followed, how old it was (s)
    when it came to its receivers.
    """

    index: int
    users_started: int = 0
    users_finished: int = 0
    users_open: int = 0
    users_dropped: int = 0
    users_lost: int = 0
    connections_opened: int = 0
    connections_closed: int = 0
    connections_open: int = 0
    counters: dict[str, int] = field(default_factory=dict)
    samples: dict[str, SampleSummary] = field(default_factory=dict)
    generator: dict[str, SampleSummary] = field(default_factory=dict)
    deliveries: dict[str, SampleSummary] = field(default_factory=dict)

    def merge(self, other: Interval) -> None:
        """Take in what others saw in the same window; the index stays."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name, count in other.counters.items():
            self.counters[name] = self.counters.get(name, 0) + count
        merge_samples(self.samples, other.samples)
        merge_samples(self.generator, other.generator)
        merge_samples(self.deliveries, other.deliveries)


_NUMBERS = (
    "users_started",
    "users_finished",
    "users_open",
    "users_dropped",
    "users_lost",
    "connections_opened",
    "connections_closed",
    "connections_open",
)


def merge_samples(into: dict[str, SampleSummary], other: dict[str, SampleSummary]) -> None:
    """Merge samples name by name; `other` is left as it was."""
    for name, summary in other.items():
        mine = into.get(name)
        if mine is None:
            into[name] = summary.copy()
        else:
            mine.merge(summary)
