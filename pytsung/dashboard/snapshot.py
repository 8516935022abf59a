"""One second of a running test as plain lists and dicts: what the page and `watch` show.

Costs a few milliseconds, so it is made once a second at most, and only when somebody
looks. Must not know how anything is drawn.
"""

from __future__ import annotations

from typing import Any

from pytsung.dashboard.history import Point
from pytsung.dashboard.host_view import HostView
from pytsung.dashboard.live_run import SHOWN, AgentView, LiveRun
from pytsung.report.record import ordered
from pytsung.stats import SampleSummary

MOST_NAMES = 60
"""Statistics of one kind that are shown; all of them stand in `summary.json`."""

MOST_PHASES = 200

ENDLESS = 1e8
"""Seconds from which on the end of a phase is nobody's plan: it is a pause."""


def snapshot(run: LiveRun) -> dict[str, Any]:
    """All there is to see of this second, ready for JSON."""
    last = run.history.points[-1] if run.history.points else Point(0.0)
    totals = run.totals
    return {
        "second": run.second,
        "state": run.state,
        "activity": run.activity,
        "elapsed": run.elapsed,
        "remaining": run.remaining,
        "amended": run.timetable.is_amended,
        "paused": run.state == "running" and run.timetable.is_paused(run.elapsed),
        "planned_rate": run.planned_rate(run.elapsed),
        "request_rate": round(run.request_rate, 2),
        "main": run.main_name,
        "last": dict(zip(("p50", "p95", "p99"), (last.p50, last.p95, last.p99), strict=True)),
        "started_per_second": last.started / last.seconds,
        "users": {
            "open": run.interval.users_open,
            "started": totals.users_started,
            "finished": totals.users_finished,
            "lost": totals.users_lost,
            "peak": totals.users_peak,
        },
        "connections": {
            "open": run.interval.connections_open,
            "opened": totals.connections_opened,
            "peak": totals.connections_peak,
        },
        "errors": totals.errors,
        "error_names": _error_names(run),
        "samples": _samples(run, transactions=False),
        "transactions": _samples(run, transactions=True),
        "counters": _counters(run),
        "phases": _phases(run),
        "agents": [_agent(run, agent) for agent in run.agents],
        "hosts": [_host(name, host) for name, host in run.hosts.items()],
        "verdict": {"status": run.verdict.status, "reasons": list(run.verdict.reasons)},
        "cpu_controller": round(run.cpu_percent, 1),
    }


def _error_names(run: LiveRun) -> list[dict[str, Any]]:
    found = {n: c for n, c in run.totals.counters.items() if n.startswith("error_")}
    most = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_NAMES]
    return [
        {"name": name, "count": count, "last": list(run.last_errors.get(name, ()))[::-1]}
        for name, count in most
    ]


def _samples(run: LiveRun, *, transactions: bool) -> list[dict[str, Any]]:
    samples = run.totals.samples
    names = [name for name in ordered(samples) if name.startswith("tr_") is transactions]
    rows = []
    for name in names[:MOST_NAMES]:
        summary = samples[name]
        p50, p95, p99 = summary.percentiles(SHOWN)
        last = run.interval.samples.get(name)
        rows.append(
            {
                "name": name,
                "count": summary.count,
                "rate": last.count if last is not None else 0,
                "mean": summary.mean,
                "p50": p50,
                "p95": p95,
                "p99": p99,
                "max": summary.maximum if summary.count else 0.0,
            }
        )
    return rows


def _counters(run: LiveRun) -> dict[str, int]:
    counters = run.totals.counters
    names = [name for name in sorted(counters) if not name.startswith("error_")]
    return {name: counters[name] for name in names[: 2 * MOST_NAMES]}


def _phases(run: LiveRun) -> list[dict[str, Any]]:
    return [
        {
            "begins": stretch.begins,
            "ends": None if stretch.phase.duration > ENDLESS else stretch.ends,
            "rate": stretch.phase.rate,
            "users": stretch.users,
            "paused": stretch.is_pause,
        }
        for stretch in run.timetable.stretches[:MOST_PHASES]
    ]


def _agent(run: LiveRun, agent: AgentView) -> dict[str, Any]:
    part = run.by_agent.get(agent.name)
    health = agent.health
    row: dict[str, Any] = {
        "name": agent.name,
        "state": agent.state,
        "workers": agent.workers,
        "clock_offset": agent.clock_offset,
        "rss": health.rss if health is not None else 0,
        "cpu": health.cpu if health is not None else None,
        "free_memory": health.free_memory if health is not None else None,
        "load": health.load if health is not None else None,
        "descriptors": health.descriptors if health is not None else 0,
        "descriptor_limit": health.descriptor_limit if health is not None else 0,
    }
    if part is not None:
        row |= {"users": part.users_open, "connections": part.connections_open}
        row["started"] = part.users_started
        row["worker_cpu"] = _highest(part.generator.get("worker_cpu"))
        row["loop_lag"] = _p99(part.generator.get("loop_lag"))
        row["lateness"] = _p99(part.generator.get("lateness"))
    return row


def _highest(samples: SampleSummary | None) -> float:
    return samples.maximum if samples is not None and samples.count else 0.0


def _p99(samples: SampleSummary | None) -> float | None:
    return samples.percentile(99) if samples is not None and samples.count else None


def _host(name: str, host: HostView) -> dict[str, Any]:
    figures = dict(host.figures)
    return {
        "name": name,
        "is_target": host.is_target,
        "heard": host.heard,
        "cpu": figures.pop("cpu", None),
        "free_memory": figures.pop("freemem", None),
        "load": figures.pop("load", None),
        "others": figures,
        "cpu_over_time": [[at, round(value, 2)] for at, value in host.cpu.points],
    }
