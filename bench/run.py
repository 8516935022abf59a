"""Run every measurement and put its table into the page about performance.

    python -m bench.run [--only connect,growth.users] [--no-write]

Answers: what all programs here answer, on this machine, now. What each one prints is
shown as it comes, and then replaces its section between the markers of
docs/explanation/performance.md; without the markers nothing is run. A program that
fails leaves its last words below its table, and the exit status is 1. Goals and what
was measured of them come into a table of their own, from all sections that are there.
Takes about half an hour with Tsung, k6 and Locust; only `--only` asks for `million`
(seven minutes), `million-2000` (20), `bare_million` (three), `saturation` (five) and
`soak` (an hour and more).
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import goals

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "explanation" / "performance.md"
HEADING = "### "
LEFT = re.compile(r"^graph +(\S.*)$", re.MULTILINE)
"""The line in which a program says where it has left its graph."""

MACHINE = "Machine: "
"""What the first line of every measurement begins with."""

PATIENCE = 400.0
"""Seconds in which a program ends that has closed its output."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the page something belongs: between two markers."""

    begin: str
    end: str

    def text(self, page: str) -> str:
        """What stands there."""
        return page.partition(self.begin)[2].partition(self.end)[0]

    def fill(self, page: str, text: str) -> str:
        """The page with a new text there. Raises ValueError when it lacks the markers."""
        before, begin, rest = page.partition(self.begin)
        _, end, after = rest.partition(self.end)
        if not begin or not end:
            raise ValueError(f"the markers {self.begin} and {self.end} are missing; put them there")
        return f"{before}{begin}\n\n{text}\n\n{end}{after}"


FIGURES = Place(
    "<!-- figures: begin (written by `python -m bench.run`) -->", "<!-- figures: end -->"
)
GOALS = Place("<!-- goals: begin (written by `python -m bench.run`) -->", "<!-- goals: end -->")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One program of this folder, and the heading that its table gets.

    `graph` says what is to be seen on the one that it draws: into the file that `--graph`
    names, or where its last line says. One that is rare is run only when it is asked for,
    and leaves its graph beside its log. What follows a dash in a name only tells apart what
    one program measures with other `options`.
    """

    name: str
    heading: str
    graph: str = ""
    is_rare: bool = False
    options: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The program and its options."""
        return f"bench.{self.name.partition('-')[0]}", *self.options

    @property
    def picture(self) -> Path:
        """Where its graph is kept."""
        return DOCS / "images" / f"{self.name.replace('.', '-')}.svg"

    def command(self, *, with_graph: bool) -> list[str]:
        """How it is started."""
        words = [sys.executable, "-m", *self.words]
        takes_place = self.graph and with_graph and not self.is_rare
        return [*words, "--graph", str(self.picture)] if takes_place else words


MEASUREMENTS = (
    Measurement("connect", "Opening a connection"),
    Measurement("memory", "Holding a user"),
    Measurement("accuracy", "Response times"),
    Measurement("bytes", "Bytes of an upgrade"),
    Measurement("http", "A request over a kept connection"),
    Measurement("rows", "A million rows of a file"),
    Measurement("server", "The bundled server"),
    Measurement("floor", "What an event costs, and whom"),
    Measurement("report", "Making a report"),
    Measurement("controller", "Controlling 64 agents"),
    Measurement(
        "million",
        "A million connections",
        "Arrivals a second, mean times, and connections, while a million users come",
        is_rare=True,
    ),
    Measurement(
        "million-2000",
        "A million connections at 2,000/s",
        "Arrivals a second, mean times, and connections, while a million users come at 2,000/s",
        is_rare=True,
        options=("--rate", "2000"),
    ),
    Measurement("bare_million", "A million connections between bare loops", is_rare=True),
    Measurement("saturation", "Response times near the limit", is_rare=True),
    Measurement(
        "soak",
        "An hour",
        "Memory, descriptors and times while 200,000 users come and go",
        is_rare=True,
    ),
    Measurement("growth.users", "More users", "What a user costs, from 1,000 to a million"),
    Measurement("growth.arrivals", "More arrivals", "What a user costs, at 100/s to 20,000/s"),
    Measurement("growth.agents", "More agents", "What an agent costs, from 1 to 64"),
    Measurement("growth.statistics", "More statistics", "What a name costs, from 10 to 1,000"),
    Measurement(
        "growth.sessions", "Longer sessions", "What a request costs, in sessions of 10 to 10,000"
    ),
)


def run(measurement: Measurement, *, with_graph: bool) -> tuple[str, str]:
    """What the program prints, and what is wrong: empty when it was content."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            measurement.command(with_graph=with_graph),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdout is not None
        lines = []
        with process.stdout:
            for line in process.stdout:
                print(line, end="", flush=True)
                lines.append(line)
        if process.wait(PATIENCE) == 0:
            return "".join(lines), ""
        errors.seek(0)
        said = errors.read().strip().rpartition("\n")[2]
    print(f"bench.{measurement.name} failed: {said}", file=sys.stderr)
    return "".join(lines), f"**This measurement failed, or found something wrong.** {said}"


def section(measurement: Measurement, output: str, failure: str) -> str:
    """The program's part of the page, under its heading."""
    command = f"Measured by `python -m {' '.join(measurement.words)}`."
    graph = ""
    if measurement.graph and measurement.picture.exists():
        graph = f"![{measurement.graph}](../images/{measurement.picture.name})"
    parts = (f"{HEADING}{measurement.heading}", figures(output), graph, failure.strip(), command)
    return "\n\n".join(part for part in parts if part)


def figures(output: str) -> str:
    """What a program printed, without what other programs said before its first line."""
    before, begin, rest = output.partition(MACHINE)
    return LEFT.sub("", begin + rest if begin else before).strip()


def sections_of(page: str) -> dict[str, str]:
    """The sections that stand between the page's markers, by their headings."""
    sections = (HEADING + part.strip() for part in FIGURES.text(page).split(HEADING)[1:])
    return {text.partition("\n")[0].removeprefix(HEADING): text for text in sections}


def renew(page: str, sections: dict[str, str]) -> str:
    """The page with these sections, and with what they say of the goals."""
    known = [sections[one.heading] for one in MEASUREMENTS if one.heading in sections]
    text = "\n\n".join(known)
    return GOALS.fill(FIGURES.fill(page, text), goals.table(text))


def write(page: Path, measurement: Measurement, output: str, failure: str) -> None:
    """Put one section onto the page as it is now; others may have been written meanwhile."""
    if measurement.graph and (left := LEFT.search(output)):
        shutil.copyfile(left[1], measurement.picture)
    text = page.read_text(encoding="utf-8")
    dated = f"{figures(output)}\n\n{datetime.now(UTC):%d %B %Y}."
    sections = sections_of(text) | {measurement.heading: section(measurement, dated, failure)}
    page.write_text(renew(text, sections), encoding="utf-8")


def main() -> int:
    """Run what is asked for; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [measurement.name for measurement in MEASUREMENTS]
    usual = ",".join(one.name for one in MEASUREMENTS if not one.is_rare)
    parser.add_argument("--only", default=usual, help="some of them, comma separated (%(default)s)")
    parser.add_argument("--no-write", action="store_true", help="print only")
    options = parser.parse_args()
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(names):
        parser.error(f"--only {', '.join(sorted(unknown))}: not one of {', '.join(names)}")
    if not options.no_write:
        renew(PAGE.read_text(encoding="utf-8"), {})  # better now than after four minutes
    failures = []
    for measurement in MEASUREMENTS:
        if measurement.name in wanted:
            output, failure = run(measurement, with_graph=not options.no_write)
            failures.append(failure)
            if not options.no_write:
                write(PAGE, measurement, output, failure)
    return 1 if any(failures) else 0


if __name__ == "__main__":
    sys.exit(main())
