"""Figures for Prometheus while a run lasts: read by its own library, served on loopback."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from pytsung.dashboard.exposition import BOUNDS, exposition
from pytsung.dashboard.host_view import HostView
from pytsung.dashboard.scrape import HOST, serving_metrics
from pytsung.errors import LogDirectoryError, UsageError
from pytsung.stats.totals import RunTotals
from tests.golden.runs import small_run


def totals() -> RunTotals:
    found = RunTotals()
    for interval in small_run():
        found.add(interval)
    found.counters['error_"odd\\name"'] = 2
    return found


def test_prometheus_reads_every_figure() -> None:
    """A name with quotes in it must not cost the whole scrape."""
    families = {f.name: f for f in text_string_to_metric_families(exposition(totals()))}
    assert families["pytsung_users_started"].samples[0].value == 24
    counters = {s.labels["name"]: s.value for s in families["pytsung_events"].samples}
    assert counters["200"] == 24
    assert counters['error_"odd\\name"'] == 2
    assert families["pytsung_duration_seconds"].type == "histogram"


def test_hosts_have_their_last_figures() -> None:
    """The target's processor beside the response times, without another exporter."""
    hosts = {"web1": HostView(True, {"cpu": 41.5, "freemem": 2100.0}), "db": HostView(True)}
    text = exposition(totals(), hosts)
    family = next(f for f in text_string_to_metric_families(text) if f.name == "pytsung_host")
    found = {(s.labels["host"], s.labels["name"]): s.value for s in family.samples}
    assert found == {("web1", "cpu"): 41.5, ("web1", "freemem"): 2100.0}


def test_histograms_count_what_is_below_each_bound() -> None:
    """Requests took 2 to 16 ms, three each 2 ms apart: nine took less than 10 ms' half."""
    family = next(
        f
        for f in text_string_to_metric_families(exposition(totals()))
        if f.name == "pytsung_duration_seconds"
    )
    requests = [s for s in family.samples if s.labels["name"] == "request"]
    below = {s.labels["le"]: s.value for s in requests if s.name.endswith("_bucket")}
    assert len(below) == len(BOUNDS) + 1
    assert (below["0.001"], below["0.005"], below["0.01"]) == (0, 6, 15)
    assert below["0.025"] == below["+Inf"] == 24
    assert list(below.values()) == sorted(below.values())


def test_the_grafana_dashboard_shows_only_what_there_is() -> None:
    """A panel of a metric that was renamed stays empty, and nobody knows why."""
    path = Path(__file__).parents[2] / "docs" / "reference" / "grafana.json"
    dashboard = json.loads(path.read_text())
    queries = [t["expr"] for panel in dashboard["panels"] for t in panel["targets"]]
    wanted = {name for query in queries for name in re.findall(r"pytsung_\w+", query)}
    known = set(re.findall(r"^(pytsung_\w+)[{ ]", exposition(totals()), re.MULTILINE))
    assert len(wanted) >= 8
    assert wanted <= known


def test_promtool_has_nothing_to_complain_of() -> None:
    """Prometheus's own check of names, types and help texts."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here: apt-get install --no-install-recommends prometheus")
    done = subprocess.run(
        [promtool, "check", "metrics"],
        input=exposition(totals(), {"web1": HostView(True, {"cpu": 41.5})}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


async def ask(port: int, request: bytes) -> bytes:
    stream = await trio.open_tcp_stream(HOST, port)
    async with stream:
        await stream.send_all(request)
        answer = b""
        async for chunk in stream:
            answer += chunk
    return answer


def test_it_is_served_on_loopback_and_nothing_else_is() -> None:
    """A scraper that asks for something else, or says nothing, must not stop the run."""

    async def exchange() -> None:
        async with serving_metrics(0, lambda: "pytsung_users 3\n") as port:
            answer = await ask(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"\r\n\r\npytsung_users 3\n")
            assert b"404" in await ask(port, b"GET / HTTP/1.1\r\n\r\n")
            assert b"405" in await ask(port, b"POST /metrics HTTP/1.1\r\n\r\n")
            with pytest.raises(UsageError, match="choose another port"):
                async with serving_metrics(port, str):
                    pass

    trio.run(exchange)


def test_an_error_of_the_run_is_still_itself() -> None:
    """The command line knows errors by their type, and none of groups."""

    async def fail() -> None:
        async with serving_metrics(0, str):
            raise LogDirectoryError("full")

    with pytest.raises(LogDirectoryError, match="full"):
        trio.run(fail)
