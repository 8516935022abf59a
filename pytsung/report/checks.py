"""Thresholds for other programs: JUnit XML for build servers, Markdown for GitHub's summaries.

Must not know how a threshold is measured, nor who asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from pytsung.logdir.summary import RunSummary
from pytsung.report import words
from pytsung.report.record import ordered
from pytsung.stats.thresholds import Crossing


def measured(crossing: Crossing) -> str:
    """The figure that kept or crossed a limit."""
    if crossing.value is None:
        return "nothing measured"
    if crossing.unit == "s":
        return words.time(crossing.value)
    return f"{words.digits(crossing.value)}{crossing.unit}"


def junit_xml(summary: RunSummary) -> bytes:
    """A test suite: a case for the verdict, and one for each threshold.

    `invalid` is an error, a crossed threshold a failure; a `degraded` run passes, with
    its reasons as output.
    """
    crossed = [crossing for crossing in summary.thresholds if not crossing.kept]
    suite = ET.Element(
        "testsuite",
        name=f"pytsung {summary.plan.name}",
        tests=str(1 + len(summary.thresholds)),
        failures=str(len(crossed)),
        errors=str(int(summary.verdict.status == "invalid")),
        time=f"{summary.duration:.3f}",
        timestamp=summary.started_at,
    )
    case = ET.SubElement(suite, "testcase", classname="pytsung", name="verdict")
    reasons = "\n".join(summary.verdict.reasons)
    if summary.verdict.status == "invalid":
        ET.SubElement(case, "error", message=_first(reasons)).text = reasons
    elif reasons:
        ET.SubElement(case, "system-out").text = f"{summary.verdict.status}: {reasons}"
    for crossing in summary.thresholds:
        case = ET.SubElement(
            suite, "testcase", classname="pytsung.threshold", name=crossing.threshold
        )
        if not crossing.kept:
            ET.SubElement(case, "failure", message=f"crossed: {measured(crossing)}")
    ET.indent(suite)
    xml: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _first(text: str) -> str:
    return text.partition("\n")[0]


def markdown(summary: RunSummary) -> str:
    """The result as GitHub shows it below a job."""
    verdict = summary.verdict
    lines = [f"### Load test: {verdict.status}", "", _cell(summary.plan.sentence), ""]
    lines += [f"- {_cell(reason)}" for reason in verdict.reasons]
    lines += [""] if verdict.reasons else []
    if summary.thresholds:
        rows = [
            (crossing.threshold, measured(crossing), "✅ kept" if crossing.kept else "❌ crossed")
            for crossing in summary.thresholds
        ]
        lines += _table(("threshold", "measured", ""), rows)
    if summary.samples:
        lines += _table(("", "count", "p50", "p95", "p99", "max"), _samples(summary))
    errors = sum(summary.errors.values())
    users = summary.users
    lines.append(f"{users.started:,} users, at most {users.peak:,} at once; {errors:,} errors")
    return "\n".join(lines) + "\n"


def _samples(summary: RunSummary) -> list[tuple[str, ...]]:
    rows = []
    for name in ordered(summary.samples):
        figures = summary.samples[name]
        times = (figures.p50, figures.p95, figures.p99, figures.max)
        rows.append((name, f"{figures.count:,}", *map(words.time, times)))
    return rows


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines] + [""]


def _cell(text: str) -> str:
    """A text that neither ends a cell nor starts Markdown or HTML of its own."""
    for character in "\\`*_[]<>|#":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", " ")
