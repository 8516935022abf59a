"""Whether a comparison of real runs can be relied upon.

    python -m bench.compare [--pairs 20] [--rate 200] [--seconds 30] [--delay 0.200]

Answers: of pairs of equal runs, how many does `pytsung compare` call equal; of pairs
whose second target answers 10 % later, in how many does it see that. Each pair is
played anew, one run after the other, against a server that answers a fixed time after
it accepted; nothing is left out and nothing repeated. 19 of 20 is the limit, both ways.
Takes half a minute a run, three runs a pair: half an hour, on a machine that does
nothing else (a busy one sees less, and says so).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from bench.generators import generate, pytsung
from bench.machine import describe_machine
from bench.sessions import Load, fresh_sources
from pytsung.report.comparison import Comparison, compare_runs
from pytsung.report.sources import read_alike

SLOWER = 1.1
NEEDED = 0.95
PATIENCE = 60.0


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
    finally:
        server.kill()
        server.communicate()
    return directory


def is_slower(comparison: Comparison) -> bool:
    """Whether the comparison says that requests took longer."""
    return any(row.name == "request" and row.verdict == "slower" for row in comparison.rows)


def main() -> int:
    """Print the table; 1 when a limit is passed."""
    parser = argparse.ArgumentParser(
        description="Whether a comparison of real runs can be relied upon."
    )
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--delay", type=float, default=0.200)
    asked = parser.parse_args()
    equal, seen = 0, 0
    taken_for: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        for pair in range(asked.pairs):
            runs = [
                play(Path(name, f"{pair}-{n}"), asked.rate, asked.seconds, delay)
                for n, delay in enumerate((asked.delay, asked.delay, asked.delay * SLOWER))
            ]
            first, second, slower = read_alike(runs)
            same = compare_runs(first, second)
            equal += not same.is_different
            seen += is_slower(compare_runs(first, slower))
            different = [row for row in same.rows if row.difference.is_seen]
            taken_for.update(f"{row.name} {row.word} {row.verdict}" for row in different)
    print(describe_machine())
    milliseconds = asked.delay * 1000
    print(f"{asked.rate:g} users/s for {asked.seconds:g} s; the target answers after")
    print(f"{milliseconds:g} ms, or after {milliseconds * SLOWER:g}.\n")
    print("| pairs | found | of |")
    print("| --- | --- | --- |")
    print(f"| equal runs: no difference seen | {equal} | {asked.pairs} |")
    print(f"| a target slower by 10 %: seen | {seen} | {asked.pairs} |")
    for what, count in taken_for.most_common():
        print(f"\nEqual runs taken for different {count} times: {what}.")
    return int(min(equal, seen) < NEEDED * asked.pairs)


if __name__ == "__main__":
    sys.exit(main())
