"""Whether a comparison of real runs can be relied upon.

    python -m bench.compare [--pairs 20] [--rate 200] [--seconds 20] [--delay 0.200] [--together]

Answers: of pairs of equal runs, how many does `pytsung compare` call equal; of pairs
whose second target answers 10 % later, in how many does it see that. Each pair is
played anew, one run after the other, against a server that answers a fixed time after
it accepted; nothing is left out and nothing repeated. 19 of 20 is the limit, both ways.
Three runs a pair: 24 minutes, on a machine that does nothing else. A busy one sees less;
its load stands below the table. With `--together` the runs of a pair are played side by
side, and what the machine does to all of them drops out: 8 minutes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench.generators import generate, pytsung
from bench.machine import describe_machine
from bench.sessions import Load, fresh_sources
from pytsung.report.comparison import Comparison, compare_runs
from pytsung.report.sources import read_alike

SLOWER = 1.1
NEEDED = 0.95
PATIENCE = 120.0


def play(directory: Path, rate: float, seconds: float, delay: float) -> Path:
    """One run, whose log directory is kept as `directory`."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.delaying_server", "--delay", str(delay)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        users = round(rate * seconds)
        load = Load(port=port, sources=fresh_sources(), users=users, rate=rate, hold=0)
        with generate(pytsung("--no-report"), load) as running:
            shutil.copytree(running.wait(seconds * 2 + PATIENCE), directory)
        if server.poll() is not None:
            raise RuntimeError(f"the target ended during the run, with status {server.returncode}")
    finally:
        server.kill()
        server.communicate()
    return directory


def play_all(
    directories: Sequence[Path], delays: Sequence[float], asked: argparse.Namespace
) -> list[Path]:
    """A run for each delay, one after the other, or all of them at once."""
    with ThreadPoolExecutor(len(delays) if asked.together else 1) as players:
        started = [
            players.submit(play, directory, asked.rate, asked.seconds, delay)
            for directory, delay in zip(directories, delays, strict=True)
        ]
        return [one.result() for one in started]


def is_slower(comparison: Comparison) -> bool:
    """Whether the comparison says that requests took longer."""
    return any(row.name == "request" and row.verdict == "slower" for row in comparison.rows)


@dataclass
class Score:
    """How often a comparison was right, and which figures of equal runs it took for different."""

    pairs: int = 0
    equal: int = 0
    found: int = 0
    taken_for: Counter[str] = field(default_factory=Counter)

    def add(self, same: Comparison, slower: Comparison) -> None:
        """Count two comparisons: of equal runs, and with a slower target."""
        self.pairs += 1
        self.equal += not same.is_different
        self.found += is_slower(slower)
        different = [row for row in same.rows if row.difference.is_seen]
        self.taken_for.update(f"{row.name} {row.word} {row.verdict}" for row in different)

    @property
    def is_enough(self) -> bool:
        """Whether both limits are kept."""
        return min(self.equal, self.found) >= NEEDED * self.pairs

    def table(self) -> str:
        """The score as it is printed."""
        lines = [
            "| pairs | found | of |",
            "| --- | --- | --- |",
            f"| equal runs: no difference seen | {self.equal} | {self.pairs} |",
            f"| a target slower by 10 %: seen | {self.found} | {self.pairs} |",
        ]
        for what, count in self.taken_for.most_common():
            lines.append(f"\nEqual runs taken for different {count} times: {what}.")
        return "\n".join(lines)


def main() -> int:
    """Print the table; 1 when a limit is passed."""
    parser = argparse.ArgumentParser(
        description="Whether a comparison of real runs can be relied upon."
    )
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--rate", type=float, default=200.0, help="users a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long they arrive")
    parser.add_argument("--delay", type=float, default=0.200, help="the target's, in seconds")
    parser.add_argument("--together", action="store_true", help="runs of a pair side by side")
    asked = parser.parse_args()
    delays = (asked.delay, asked.delay, asked.delay * SLOWER)
    score = Score()
    with tempfile.TemporaryDirectory() as name:
        for pair in range(asked.pairs):
            directories = [Path(name, f"{pair}-{n}") for n in range(len(delays))]
            first, second, slower = read_alike(play_all(directories, delays, asked))
            score.add(compare_runs(first, second), compare_runs(first, slower))
            print(f"{score.pairs}: {score.equal} equal, {score.found} found", file=sys.stderr)
    print(describe_machine())
    milliseconds = asked.delay * 1000
    order = "side by side" if asked.together else "one after the other"
    print(f"{asked.rate:g} users/s for {asked.seconds:g} s, {order}; the target answers after")
    print(f"{milliseconds:g} ms, or after {milliseconds * SLOWER:g}.\n")
    print(score.table())
    print(f"\nLoad of the machine in the last 15 minutes: {os.getloadavg()[2]:.1f}.")
    return 0 if score.is_enough else 1


if __name__ == "__main__":
    sys.exit(main())
