"""A run's figures in Prometheus's text format (0.0.4), to be scraped while it lasts.

Counters and histograms grow from the run's start; times are seconds. Must not know
who asks for them, nor sockets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pytsung.dashboard.host_view import HostView
from pytsung.stats import SampleSummary
from pytsung.stats.histogram import bucket_bounds
from pytsung.stats.totals import RunTotals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

BOUNDS = tuple(factor * 10.0**power for power in range(-4, 2) for factor in (1.0, 2.5, 5.0))
"""Upper bounds of the histograms, 0.1 ms to 50 s. Ours are finer; these are few enough to keep."""

NO_HOSTS: Mapping[str, HostView] = {}

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def exposition(totals: RunTotals, hosts: Mapping[str, HostView] = NO_HOSTS) -> str:
    """All figures of the run so far, and the last ones of hosts that are monitored."""
    return "".join(f"{line}\n" for line in (*_lines(totals), *_hosts(hosts)))


def _lines(totals: RunTotals) -> Iterator[str]:
    yield from _one("users", "gauge", "Virtual users in their session.", totals.users_open)
    yield from _one("connections", "gauge", "Open connections.", totals.connections_open)
    for name, text, value in (
        ("users_started_total", "Virtual users started.", totals.users_started),
        ("users_finished_total", "Virtual users that ended their session.", totals.users_finished),
        ("users_lost_total", "Virtual users lost with a worker or agent.", totals.users_lost),
        ("connections_opened_total", "Connections opened.", totals.connections_opened),
    ):
        yield from _one(name, "counter", text, value)
    yield from _head("events_total", "counter", "Counters of the run, under Tsung's names.")
    for name, count in sorted(totals.counters.items()):
        yield f'pytsung_events_total{{name="{_label(name)}"}} {count}'
    yield from _head("duration_seconds", "histogram", "Times of the run, under Tsung's names.")
    yield from _histograms("duration_seconds", totals.samples.items())
    yield from _head("generator_seconds", "histogram", "How late the load generator itself was.")
    own = [(name, totals.generator.get(name)) for name in ("lateness", "loop_lag")]
    yield from _histograms("generator_seconds", [(name, s) for name, s in own if s is not None])


def _hosts(hosts: Mapping[str, HostView]) -> Iterator[str]:
    if hosts:
        yield from _head("host", "gauge", "Last figures of hosts, under Tsung's names and units.")
    for name, host in sorted(hosts.items()):
        for metric, value in sorted(host.figures.items()):
            yield f'pytsung_host{{host="{_label(name)}",name="{_label(metric)}"}} {value:.9g}'


def _one(name: str, kind: str, text: str, value: float) -> Iterator[str]:
    yield from _head(name, kind, text)
    yield f"pytsung_{name} {value}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP pytsung_{name} {text}"
    yield f"# TYPE pytsung_{name} {kind}"


def _histograms(metric: str, samples: Iterable[tuple[str, SampleSummary]]) -> Iterator[str]:
    for name, summary in sorted(samples):
        label = f'name="{_label(name)}"'
        for bound, below in zip(BOUNDS, counts_up_to(summary), strict=True):
            yield f'pytsung_{metric}_bucket{{{label},le="{bound:g}"}} {below}'
        yield f'pytsung_{metric}_bucket{{{label},le="+Inf"}} {summary.count}'
        yield f"pytsung_{metric}_sum{{{label}}} {summary.mean * summary.count:.9g}"
        yield f"pytsung_{metric}_count{{{label}}} {summary.count}"


def counts_up_to(summary: SampleSummary) -> list[int]:
    """How many samples were at most each bound; a bucket counts where its middle lies."""
    buckets = sorted(summary.histogram.buckets.items())
    counts, below, at = [], 0, 0
    for bound in BOUNDS:
        while at < len(buckets) and sum(bucket_bounds(buckets[at][0])) / 2 <= bound:
            below += buckets[at][1]
            at += 1
        counts.append(below)
    return counts


def _label(text: str) -> str:
    return text.translate(_ESCAPES)
