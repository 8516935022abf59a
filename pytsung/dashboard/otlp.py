"""A run's figures as OpenTelemetry metrics, through the official SDK's own exporter (OTLP).

Our histograms are measured already, so no instrument of the SDK measures them again:
its data classes are filled and its exporter sends them. An extra, imported when
it is asked for. Must not know when it is asked to send.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from time import time_ns

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    DataT,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from pytsung import __version__
from pytsung.dashboard.export import ExportError
from pytsung.dashboard.exposition import BOUNDS, counts_up_to
from pytsung.stats import SampleSummary
from pytsung.stats.totals import RunTotals

TIMEOUT = 5.0
_PATH = "/v1/metrics"  # of OTLP over HTTP, where a URL names none
_CUMULATIVE = AggregationTemporality.CUMULATIVE


class OtlpExport:
    """Sends the totals of a run, as they stand, to a collector.

    `run` names the run beside `service.name`, which OTEL_SERVICE_NAME may set, as
    OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS work here, too.
    """

    def __init__(self, url: str, run: str, totals: Callable[[], RunTotals]) -> None:
        self._url = url
        self._totals = totals
        self._start = time_ns()
        # Failures are told by us, once; the SDK's own logger would tell each again.
        logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
        logging.getLogger("opentelemetry").propagate = False
        endpoint = url if url.rstrip("/").count("/") > 2 else url.rstrip("/") + _PATH
        self._exporter = OTLPMetricExporter(endpoint=endpoint, timeout=TIMEOUT)
        self._resource = Resource.create({"service.name": "pytsung", "pytsung.run": run})

    def collect(self) -> Callable[[], None]:
        """Sends the figures as they are now."""
        metrics = list(_metrics(self._totals(), self._start, time_ns()))
        scope = ScopeMetrics(InstrumentationScope("pytsung", __version__), metrics, "")
        data = MetricsData([ResourceMetrics(self._resource, [scope], "")])

        def send() -> None:
            if self._exporter.export(data) is not MetricExportResult.SUCCESS:
                raise ExportError(
                    f"--otlp {self._url}: the collector took nothing; the run goes on"
                )

        return send


def _metrics(totals: RunTotals, start: int, now: int) -> Iterable[Metric]:
    def point(value: int, attributes: Mapping[str, str] | None = None) -> NumberDataPoint:
        return NumberDataPoint(attributes or {}, start, now, value)

    def levels(value: int) -> DataT:
        return Gauge([point(value)])

    def grows(*points: NumberDataPoint) -> DataT:
        return Sum(list(points), _CUMULATIVE, is_monotonic=True)

    events = [point(count, {"name": name}) for name, count in sorted(totals.counters.items())]
    yield Metric(
        "pytsung.users", "Virtual users in their session.", "{user}", levels(totals.users_open)
    )
    yield Metric(
        "pytsung.connections", "Open connections.", "{connection}", levels(totals.connections_open)
    )
    for name, text, value in (
        ("started", "Virtual users started.", totals.users_started),
        ("finished", "Virtual users that ended their session.", totals.users_finished),
        ("lost", "Virtual users lost with a worker or agent.", totals.users_lost),
    ):
        yield Metric(f"pytsung.users.{name}", text, "{user}", grows(point(value)))
    yield Metric(
        "pytsung.events", "Counters of the run, under Tsung's names.", "{event}", grows(*events)
    )
    own = {
        name: totals.generator[name]
        for name in ("lateness", "loop_lag")
        if name in totals.generator
    }
    for metric, text, samples in (
        ("duration", "Times of the run, under Tsung's names.", totals.samples),
        ("generator.duration", "How late the load generator itself was.", own),
    ):
        points = [_histogram(name, each, start, now) for name, each in sorted(samples.items())]
        if points:
            yield Metric(f"pytsung.{metric}", text, "s", Histogram(points, _CUMULATIVE))


def _histogram(name: str, summary: SampleSummary, start: int, now: int) -> HistogramDataPoint:
    below = [0, *counts_up_to(summary), summary.count]
    return HistogramDataPoint(
        attributes={"name": name},
        start_time_unix_nano=start,
        time_unix_nano=now,
        count=summary.count,
        sum=summary.mean * summary.count,
        bucket_counts=[up_to - before for before, up_to in pairwise(below)],
        explicit_bounds=BOUNDS,
        min=summary.minimum,
        max=summary.maximum,
    )
