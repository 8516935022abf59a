"""OpenTelemetry's collector gets the run's figures in its own words: read here by its own types."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from pytsung.dashboard.export import ExportError
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.totals import RunTotals
from tests.dashboard.receivers import Receiver, receiving

otlp = pytest.importorskip("pytsung.dashboard.otlp", reason="OpenTelemetry's SDK is not installed")
service = pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")


def totals() -> RunTotals:
    run = RunTotals()
    times = SampleSummary.of([0.002, 0.004, 0.3, 70.0])
    lag = {"loop_lag": SampleSummary.of([0.001]), "worker_cpu": SampleSummary.of([0.5])}
    run.add(
        Interval(
            0,
            users_started=5,
            users_open=3,
            users_finished=2,
            connections_open=3,
            counters={"200": 7, "error_closed": 1},
            samples={"request": times},
            generator=lag,
        )
    )
    return run


def metrics(receiver: Receiver) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Path, resource attributes, and metrics by name, of the one message that came."""
    ((path, headers, body),) = receiver.requests
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    message = service.ExportMetricsServiceRequest.FromString(body)
    (resource,) = message.resource_metrics
    (scope,) = resource.scope_metrics
    attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
    return path, attributes, {metric.name: metric for metric in scope.metrics}


def test_a_collector_reads_every_figure() -> None:
    """Levels, counters with their names, and histograms with our buckets in their bounds."""
    with receiving() as receiver:
        otlp.OtlpExport(receiver.url, "20260101-1200", totals).collect()()
        path, attributes, found = metrics(receiver)
    assert path == "/v1/metrics"
    assert (attributes["service.name"], attributes["pytsung.run"]) == ("pytsung", "20260101-1200")
    assert found["pytsung.users"].gauge.data_points[0].as_int == 3
    assert found["pytsung.users.started"].sum.is_monotonic
    events = found["pytsung.events"].sum.data_points
    assert {p.attributes[0].value.string_value: p.as_int for p in events} == {
        "200": 7,
        "error_closed": 1,
    }
    (request,) = found["pytsung.duration"].histogram.data_points
    assert found["pytsung.duration"].unit == "s"
    assert (request.count, request.min, request.max) == (4, 0.002, 70.0)
    assert request.sum == pytest.approx(70.306)
    assert len(request.bucket_counts) == len(request.explicit_bounds) + 1
    counts = zip(request.explicit_bounds, request.bucket_counts, strict=False)
    assert [f"{bound:g}" for bound, n in counts if n] == ["0.0025", "0.005", "0.5"]
    assert request.bucket_counts[-1] == 1  # above 50 s
    names = [
        p.attributes[0].value.string_value
        for p in found["pytsung.generator.duration"].histogram.data_points
    ]
    assert names == ["loop_lag"]


def test_a_whole_url_is_taken_as_it_is() -> None:
    """Some collectors live below a path of their own."""
    with receiving() as receiver:
        otlp.OtlpExport(f"{receiver.url}/otlp/v1/metrics", "run", RunTotals).collect()()
    assert receiver.requests[0][0] == "/otlp/v1/metrics"


def test_a_collector_that_refuses_is_an_error_of_ours() -> None:
    """Said once by us, and not by the SDK in a traceback."""
    with receiving(status=400) as receiver:
        deliver = otlp.OtlpExport(receiver.url, "run", totals).collect()
        with pytest.raises(ExportError, match="the collector took nothing; the run goes on"):
            deliver()
