"""Run every measurement and put its table into the page about performance.

    python -m bench.run [--only connect,memory] [--no-write]

Answers: what all programs here answer, on this machine, now. What each one prints is
shown as it comes, and then replaces its section between the markers of
docs/explanation/performance.md; without the markers nothing is run. A program that
fails leaves its last words below its table, and the exit status is 1. Takes about
twelve minutes with Tsung, k6 and Locust.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"
BEGIN = "<!-- figures: begin (written by `python -m bench.run`) -->"
END = "<!-- figures: end -->"
HEADING = "### "
PATIENCE = 400.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One program of this folder, and the heading that its table gets."""

    name: str
    heading: str

    @property
    def command(self) -> list[str]:
        """How it is started."""
        return [sys.executable, "-m", f"bench.{self.name}"]


MEASUREMENTS = (
    Measurement("connect", "Opening a connection"),
    Measurement("memory", "Holding a user"),
    Measurement("accuracy", "Response times"),
    Measurement("bytes", "Bytes of an upgrade"),
    Measurement("http", "A request over a kept connection"),
    Measurement("rows", "A million rows of a file"),
    Measurement("server", "The bundled server"),
    Measurement("report", "Making a report"),
    Measurement("controller", "Controlling 64 agents"),
)


def run(measurement: Measurement) -> tuple[str, str]:
    """What the program prints, and what is wrong: empty when it was content."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            measurement.command, stdout=subprocess.PIPE, stderr=errors, text=True
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
    command = f"Measured by `python -m bench.{measurement.name}`."
    parts = [f"{HEADING}{measurement.heading}", output.strip(), failure.strip(), command]
    return "\n\n".join(part for part in parts if part)


def sections_of(page: str) -> dict[str, str]:
    """The sections that stand between the page's markers, by their headings."""
    figures = page.partition(BEGIN)[2].partition(END)[0]
    sections = (HEADING + part.strip() for part in figures.split(HEADING)[1:])
    return {text.partition("\n")[0].removeprefix(HEADING): text for text in sections}


def replace_figures(page: str, figures: str) -> str:
    """The page with new figures between its markers. Raises ValueError when it lacks them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the markers {BEGIN} and {END} are missing; put them where figures go")
    return f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}"


def main() -> int:
    """Run what is asked for; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = ",".join(measurement.name for measurement in MEASUREMENTS)
    parser.add_argument("--only", default=names, help="some of them, comma separated (%(default)s)")
    parser.add_argument("--no-write", action="store_true", help="print only")
    options = parser.parse_args()
    wanted = options.only.split(",")
    unknown = set(wanted) - set(names.split(","))
    if unknown:
        parser.error(f"--only {', '.join(sorted(unknown))}: not one of {names}")
    sections = sections_of(PAGE.read_text())
    if not options.no_write:
        replace_figures(PAGE.read_text(), "")  # better now than after four minutes
    failures = []
    for measurement in MEASUREMENTS:
        if measurement.name in wanted:
            output, failure = run(measurement)
            failures.append(failure)
            dated = f"{output.strip()}\n\n{datetime.now(UTC):%d %B %Y}."
            sections[measurement.heading] = section(measurement, dated, failure)
    if not options.no_write:
        known = [sections[one.heading] for one in MEASUREMENTS if one.heading in sections]
        PAGE.write_text(replace_figures(PAGE.read_text(), "\n\n".join(known)))
    return 1 if any(failures) else 0


if __name__ == "__main__":
    sys.exit(main())
