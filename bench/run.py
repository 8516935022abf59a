"""Run every measurement and put its table into the page about performance.

    python -m bench.run [--only connect,memory] [--no-write]

Answers: what all programs here answer, on this machine, now. What each one prints is
shown as it comes, and then replaces what stands between the markers of
docs/explanation/performance.md; without the markers nothing is written. A program that
fails leaves its words in the place of its table, and the exit status is 1. Takes about
five minutes with Tsung.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import describe_machine

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"
BEGIN = "<!-- figures: begin (written by `python -m bench.run`) -->"
END = "<!-- figures: end -->"
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
)


def run(measurement: Measurement) -> tuple[str, bool]:
    """What the program prints, and whether it was content."""
    process = subprocess.Popen(measurement.command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    with process.stdout:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return "".join(lines), process.wait(PATIENCE) == 0


def section(measurement: Measurement, output: str, *, succeeded: bool) -> str:
    """The program's part of the page: the machine is described once for all."""
    lines = [line for line in output.splitlines() if not line.startswith("Machine: ")]
    if not succeeded:
        lines.append("\n**This measurement failed, or did not find what was promised.**")
    body = "\n".join(lines).strip()
    return (
        f"### {measurement.heading}\n\n{body}\n\nMeasured by `python -m bench.{measurement.name}`."
    )


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
    if not options.no_write:
        replace_figures(PAGE.read_text(), "")  # better now than after five minutes
    parts = [f"{describe_machine()} {datetime.now(UTC):%d %B %Y}."]
    content = True
    for measurement in MEASUREMENTS:
        if measurement.name in wanted:
            output, succeeded = run(measurement)
            content = content and succeeded
            parts.append(section(measurement, output, succeeded=succeeded))
    if not options.no_write:
        PAGE.write_text(replace_figures(PAGE.read_text(), "\n\n".join(parts)))
    return 0 if content else 1


if __name__ == "__main__":
    sys.exit(main())
