"""Which charts a run gets: users, response times, rates, traffic, errors, health, hosts.

Takes figures out of a record; must not know how a chart is drawn.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

from pytsung.report.chart import Band, Chart, Heat, Mark, Series, Values
from pytsung.report.record import RunRecord, ordered
from pytsung.report.windows import PERCENTS, Figures, Window, coarse_bucket
from pytsung.report.words import SPELLINGS, moment, time
from pytsung.stats.histogram import bucket_bounds

COLOURS = 8
"""Lines that a chart can tell apart; more names are summed up as one."""

_WIDE = 30.0  # highest through lowest, from which a logarithmic axis shows more


def user_charts(record: RunRecord) -> list[Chart]:
    """Users and connections, and how they came and went."""
    levels = [
        _each(record, "users", lambda w: w.users, "c1"),
        _each(record, "connections", lambda w: w.connected, "c2"),
    ]
    flow = [
        _each(record, "started", lambda w: w.started / w.seconds, "c1"),
        _each(record, "finished", lambda w: w.finished / w.seconds, "c2"),
    ]
    return _shown(
        _chart(record, "users", "Users and open connections", "count", levels),
        _chart(record, "arrivals", "Users arriving and leaving", "rate", flow),
    )


def time_charts(record: RunRecord) -> list[Chart]:
    """Response times: percentile bands, or mean values where percentiles are not known."""
    names = [n for n in ordered(record.summary.samples) if not n.startswith("tr_")]
    return _shown(*(_times(record, name) for name in names))


def heat_charts(record: RunRecord) -> list[Chart]:
    """Heat maps of the statistics that have one."""
    names = ordered({name: 0 for w in record.windows for name, f in w.samples.items() if f.buckets})
    return _shown(*(_heat_map(record, name) for name in names))


def rate_charts(record: RunRecord) -> list[Chart]:
    """Events per second, and traffic."""
    rates = _by_name(record, ordered(record.summary.samples), _sample_rate)
    traffic = [
        _each(record, title, _bits(name), style)
        for name, title, style in (("size_rcv", "received", "c1"), ("size_sent", "sent", "c2"))
        if name in record.summary.counters
    ]
    codes = sorted(name for name in record.summary.counters if name.isdigit())
    return _shown(
        _chart(record, "rates", "Completed per second", "rate", rates),
        _chart(record, "traffic", "Traffic", "bits", traffic),
        _chart(
            record, "codes", "HTTP responses by code", "rate", _by_name(record, codes, _counted)
        ),
    )


def error_charts(record: RunRecord) -> list[Chart]:
    """Errors by name over time."""
    series = _by_name(record, record.summary.errors, _counted)
    return _shown(_chart(record, "errors-by-name", "Errors per second", "rate", series))


def transaction_charts(record: RunRecord) -> list[Chart]:
    """Mean duration of transactions, and other counters beside them."""
    names = sorted(name for name in record.summary.samples if name.startswith("tr_"))
    means = _by_name(record, names, _sample_mean)
    return _shown(_chart(record, "transactions-mean", "Mean duration", "time", means))


def health_charts(record: RunRecord) -> list[Chart]:
    """How the load generator did: each agent's delays and its busiest worker."""
    return _shown(
        _health(record, "worker_cpu", "Busiest worker", "percent"),
        _health(record, "loop_lag", "Loop lag, p99", "time"),
        _health(record, "lateness", "Lateness, p99", "time"),
    )


def host_charts(record: RunRecord) -> list[Chart]:
    """What hosts reported, a chart for each metric."""
    units = {"cpu": "of_hundred", "freemem": "megabytes"}
    titles = {
        "cpu": "Processor",
        "freemem": "Free memory",
        "load": "Load, 1-minute average",
        "recvpackets": "Packets received in 10 s",
        "sentpackets": "Packets sent in 10 s",
        "mysql_threads": "MySQL's threads",
        "mysql_questions": "MySQL's queries in 10 s",
    }
    charts = []
    for metric in dict.fromkeys(reading.metric for reading in record.hosts):
        readings = [reading for reading in record.hosts if reading.metric == metric]
        times = sorted({time for reading in readings for time in reading.times})
        series = []
        for n, reading in enumerate(readings[:COLOURS]):
            known = dict(zip(reading.times, reading.values, strict=True))
            series.append(Series(reading.host, [known.get(t) for t in times], f"c{n + 1}"))
        title, unit = titles.get(metric, metric), units.get(metric, "plain")
        charts.append(_chart(record, f"host-{metric}", title, unit, series, times=times))
    return _shown(*charts)


def _chart(
    record: RunRecord,
    key: str,
    title: str,
    unit: str,
    series: Sequence[Series],
    *,
    times: Sequence[float] | None = None,
    bands: Sequence[Band] = (),
    note: str = "",
) -> Chart:
    return Chart(
        key=key,
        title=title,
        unit=unit,
        times=[window.end for window in record.windows] if times is None else times,
        duration=max(record.duration, max((w.end for w in record.windows), default=0.0)),
        series=series,
        bands=bands,
        marks=_marks(record),
        note=note,
        text=_in_words(series, unit),
        is_logarithmic=unit == "time" and _is_wide(series),
    )


def _shown(*charts: Chart) -> list[Chart]:
    return [chart for chart in charts if not chart.is_empty]


def _marks(record: RunRecord) -> list[Mark]:
    """Where arrival phases begin, and what was lost when."""
    marks = []
    for event in record.events:
        if event.kind == "phase" and event.fields.get("phase") != 1:
            marks.append(Mark(event.at, f"phase {event.fields.get('phase')} begins"))
        elif "lost" in event.kind:
            marks.append(Mark(event.at, event.kind.replace("_", " ")))
    return marks


def _in_words(series: Sequence[Series], unit: str) -> str:
    """What a chart shows, for a reader who cannot see it."""
    spell = SPELLINGS[unit]
    parts = []
    for one in series:
        values = [value for value in one.values if value is not None]
        if values:
            parts.append(f"{one.name}: {spell(min(values))} to {spell(max(values))}")
    return "; ".join(parts)


def _is_wide(series: Sequence[Series]) -> bool:
    values = [value for one in series for value in one.values if value]
    return bool(values) and max(values) > min(values) * _WIDE


def _each(
    record: RunRecord, name: str, take: Callable[[Window], float | None], style: str
) -> Series:
    return Series(name, [take(window) for window in record.windows], style)


def _by_name(
    record: RunRecord, names: Iterable[str], take: Callable[[Window, str], float | None]
) -> list[Series]:
    """A line for each of the names, the first ones when there are too many to tell apart."""
    return [
        Series(name, [take(window, name) for window in record.windows], f"c{n + 1}")
        for n, name in enumerate([*names][:COLOURS])
    ]


def _sample_rate(window: Window, name: str) -> float:
    figures = window.samples.get(name)
    return figures.count / window.seconds if figures else 0.0


def _sample_mean(window: Window, name: str) -> float | None:
    figures = window.samples.get(name)
    return figures.mean if figures else None


def _counted(window: Window, name: str) -> float:
    return window.counters.get(name, 0) / window.seconds


def _bits(name: str) -> Callable[[Window], float]:
    return lambda window: window.counters.get(name, 0) * 8 / window.seconds


def _times(record: RunRecord, name: str) -> Chart:
    figures = [window.samples.get(name) for window in record.windows]
    if not any(one.percentiles for one in figures if one):
        means = Series("mean", [one.mean if one else None for one in figures], "c1")
        return _chart(record, f"time-{name}", name, "time", [means])
    lines = {percent: _percentile(figures, n) for n, percent in enumerate(PERCENTS)}
    maximum: Values = [one.maximum if one else None for one in figures]
    bands = [
        Band(lines[low], lines[high], f"b{high:g}") for low, high in itertools.pairwise(PERCENTS)
    ]
    series = [
        Series("maximum", maximum, "peak"),
        Series("p99", lines[99.0], "p99"),
        Series("p95", lines[95.0], "p95"),
        Series("p50", lines[50.0], "p50"),
    ]
    return _chart(record, f"time-{name}", name, "time", series, bands=bands)


def _percentile(figures: Sequence[Figures | None], n: int) -> Values:
    return [one.percentiles[n] if one else None for one in figures]


def _heat_map(record: RunRecord, name: str) -> Chart:
    columns: list[Mapping[int, int]] = []
    for window in record.windows:
        figures = window.samples.get(name)
        columns.append(figures.buckets if figures else {})
    used = [bucket for column in columns for bucket in column if bucket]
    first, last = min(used, default=1), max(used, default=1)
    rows = [
        (bucket_bounds(coarse_bucket(b))[0], bucket_bounds(coarse_bucket(b + 1))[0])
        for b in range(first, last + 1)
    ]
    shifted = [{max(b, first) - first: n for b, n in column.items()} for column in columns]
    hits = [(n, column) for column in shifted for n in column]
    text = f"from {time(rows[0][0])} to {time(rows[-1][1])}" if hits else ""
    return Chart(
        key=f"heat-{name}",
        title=f"{name}: how many took how long",
        unit="time",
        times=[window.end for window in record.windows],
        duration=max(record.duration, max((w.end for w in record.windows), default=0.0)),
        heat=Heat(rows, shifted),
        marks=_marks(record),
        text=text,
    )


def _health(record: RunRecord, field: str, title: str, unit: str) -> Chart:
    """A line for each agent; beyond COLOURS of them, the worst of all."""
    agents = record.agents
    times = [window.end for window in record.windows]
    by_start = {window.start: n for n, window in enumerate(record.windows)}
    series = []
    for n, agent in enumerate(agents):
        values: list[float | None] = [None] * len(times)
        for health in agent.health:
            if health.at in by_start:
                values[by_start[health.at]] = getattr(health, field)
        series.append(Series(agent.host, values, f"c{n % COLOURS + 1}"))
    if len(series) > COLOURS:
        columns = zip(*(one.values for one in series), strict=True)
        worst = [max((v for v in column if v is not None), default=None) for column in columns]
        series = [Series(f"worst of {len(series)} agents", worst, "c1")]
    return _chart(record, f"health-{field.replace('_', '-')}", title, unit, series)


def table_of(chart: Chart, most: int = 40) -> tuple[list[str], list[list[str]]]:
    """The figures behind a chart: heads and rows; every n-th time, so that `most` are shown."""
    spell = SPELLINGS[chart.unit]
    every = max(1, -(-len(chart.times) // most))
    heads = ["time", *(series.name for series in chart.series)]
    rows = []
    for n in range(every - 1, len(chart.times), every):
        values = [series.values[n] for series in chart.series]
        rows.append([moment(chart.times[n]), *("–" if v is None else spell(v) for v in values)])
    return heads, rows
