"""`report.html` and `report-single.html`: a run on one page that needs nothing beside it.

Gathers what the templates show; must not know how charts are drawn, nor where the
figures come from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pytsung import __version__
from pytsung.logdir.summary import SampleFigures
from pytsung.report import charts, words
from pytsung.report.chart import Chart
from pytsung.report.headline import SENTENCES, SIGNS, tiles
from pytsung.report.look import Look
from pytsung.report.record import RunRecord, ordered
from pytsung.report.svg import draw
from pytsung.report.tsung_graphs import Graph
from pytsung.report.tsung_page import tsung_sections
from pytsung.report.tsung_tables import table_rows

REPORT, SINGLE, GRAPHS = "report.html", "report-single.html", "graph.html"


MOST_EVENTS = 200
"""Events on the page; all of them stand in `events.jsonl`."""


@dataclass(frozen=True, slots=True)
class Section:
    """Charts under one heading; `key` is its anchor."""

    key: str
    title: str
    charts: Sequence[Chart]
    note: str = ""


def sections(record: RunRecord) -> list[Section]:
    """The sections that have something to show, in the order in which people ask."""
    note = ""
    if any(chart.bands for chart in charts.time_charts(record)):
        note = (
            "Each band is a range of percentiles: half of all were quicker than the dark line"
            " (p50), 99 of 100 quicker than the top of the lightest band."
        )
    found = [
        Section("users", "Users", charts.user_charts(record)),
        Section("response_time", "Response times", charts.time_charts(record), note),
        Section(
            "heat",
            "Heat maps",
            charts.heat_charts(record),
            "The stronger the colour, the more took that long; each shade is several times"
            " the one before.",
        ),
        Section("throughput", "Rates and traffic", charts.rate_charts(record)),
        Section("errors", "Errors", charts.error_charts(record)),
        Section("transactions", "Transactions", charts.transaction_charts(record)),
        Section("health", "The load generator", charts.health_charts(record)),
        Section("os_mon", "Hosts", charts.host_charts(record)),
    ]
    return [section for section in found if section.charts]


def write_pages(
    directory: Path, record: RunRecord, graphs: Sequence[Graph] | None, look: Look
) -> None:
    """Write the pages into `directory`.

    `graphs` are those whose images were made, for `graph.html`; None where no images
    were wanted: a page of earlier ones then stays as it is.
    """
    context = _context(record, look)
    templates = environment()
    report = templates.get_template("report.html.jinja")
    links = {"graphs": GRAPHS if graphs else "", "single": SINGLE, "csv": "csv"}
    pages = {REPORT: report.render(context, links=links), SINGLE: report.render(context, links={})}
    if graphs is not None:
        gallery = templates.get_template("graph.html.jinja")
        galleries = _galleries(graphs)
        pages[GRAPHS] = gallery.render(context, galleries=galleries, format=look.image_format)
    for name, page in pages.items():
        (directory / name).write_text(page, encoding="utf-8")


def environment() -> Environment:
    """The templates; everything that is put into them is escaped, and a misspelt name raises."""
    return Environment(
        loader=PackageLoader("pytsung.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_parts() -> dict[str, Any]:
    """What every page needs: style, script, and how charts are drawn and figures spelled."""
    files = resources.files("pytsung.report").joinpath("templates")
    return {
        "version": __version__,
        "draw": draw,
        "table_of": charts.table_of,
        "points": _points,
        "words": words,
        "css": Markup(files.joinpath("style.css").read_text("utf-8")),  # noqa: S704 - our own file
        "script": Markup(files.joinpath("cursor.js").read_text("utf-8")),  # noqa: S704 - our own
    }


def _context(record: RunRecord, look: Look) -> dict[str, Any]:
    return {
        **page_parts(),
        "title": look.title,
        "record": record,
        "summary": record.summary,
        "verdict_sentence": SENTENCES.get(record.status, ""),
        "sign": SIGNS.get(record.status, "?"),
        "tiles": tiles(record),
        "sections": sections(record),
        "samples": [(name, record.summary.samples[name]) for name in _times(record)],
        "transactions": [(name, record.summary.samples[name]) for name in _transactions(record)],
        "deliveries": _deliveries(record),
        "slowest_events": _slowest_events(record),
        "error_rows": [(name, f"{n:,}") for name, n in record.summary.errors.items()],
        "counters": _counters(record),
        "event_rows": _events(record),
        "tsung": tsung_sections(table_rows(record.blocks)),
    }


def _times(record: RunRecord) -> list[str]:
    return [name for name in ordered(record.summary.samples) if not name.startswith("tr_")]


def _transactions(record: RunRecord) -> list[str]:
    return [name for name in ordered(record.summary.samples) if name.startswith("tr_")]


def _deliveries(record: RunRecord) -> list[tuple[str, SampleFigures]]:
    fan_out = record.summary.fan_out
    if fan_out is None:
        return []
    return [
        ("first delivery", fan_out.first),
        ("median delivery", fan_out.median),
        ("last delivery", fan_out.last),
    ]


def _slowest_events(record: RunRecord) -> list[tuple[str, ...]]:
    fan_out = record.summary.fan_out
    spreads = () if fan_out is None else fan_out.slowest
    return [
        (one.event, f"{one.deliveries:,}", *map(words.time, (one.first, one.median, one.last)))
        for one in spreads
    ]


def _counters(record: RunRecord) -> list[tuple[str, str]]:
    counters = record.summary.counters
    return [(name, f"{n:,}") for name, n in counters.items() if not name.startswith("error_")]


def _events(record: RunRecord) -> list[tuple[str, str, str]]:
    """The first events; a run with very many has them in its file."""
    return [
        (
            words.moment(max(event.at, 0.0)),
            event.kind.replace("_", " "),
            ", ".join(f"{name} {value}" for name, value in event.fields.items()),
        )
        for event in record.events[:MOST_EVENTS]
    ]


_GALLERIES = (
    ("response_time", "Response Time", ("Transactions-mean", "Perfs-mean")),
    (
        "throughput",
        "Throughput",
        ("Transactions-rate", "Perfs-rate", "Async-rate", "Size-rate", "Users_Arrival-rate"),
    ),
    ("users", "Simultaneous Users", ("Users-simultaneous", "Match-rate")),
    ("os_mon", "Server OS monitoring", ("cpu-mean", "freemem-mean", "load-mean")),
    ("http_status", "HTTP return code Status (rate)", ("HTTP_CODE-rate",)),
    ("errors", "Errors (rate)", ("Errors-rate",)),
)


def _galleries(graphs: Sequence[Graph]) -> list[tuple[str, str, list[Graph]]]:
    """Graphs under Tsung's headings; those that Tsung draws but never shows come last."""
    by_name = {graph.name.removeprefix("graphes-"): graph for graph in graphs}
    found = []
    for key, heading, names in _GALLERIES:
        found.append((key, heading, [by_name.pop(name) for name in names if name in by_name]))
    found.append(("others", "Others", list(by_name.values())))
    return [gallery for gallery in found if gallery[2]]


def _points(chart: Chart) -> Markup:
    """The chart's figures as the cursor's script reads them; nothing in it can end the element."""
    spell = words.SPELLINGS[chart.unit]
    plain = {
        "duration": chart.duration,
        "times": [round(time, 3) for time in chart.times],
        "labels": [words.moment(time) for time in chart.times],
        "series": [
            {
                "name": series.name,
                "style": series.style,
                "values": ["–" if value is None else spell(value) for value in series.values],
            }
            for series in chart.series
        ],
    }
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704 - escaped here
