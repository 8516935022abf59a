"""A million connections on one machine, target included: what it took, and went as planned.

    python -m bench.million [--users 1000000] [--rate 8500] [--log log]

Answers: whether all users of examples/million.xml were connected at once without an
error, how long that took, how much of the machine's memory they used and where it went,
and what holding them cost; whether they came as the plan said, and were served alike
from first to last. At `--rate 2000` a million takes 500 s, as in the benchmark that the
example is taken from. `preflight` comes first; million.svg is left in the run's log
directory. The exit status is the run's own, or 1 when a goal is missed. Six minutes for
a million, 20 at 2,000/s: they leave as they came. Where that is allowed (to root) the run
goes before other processes of the machine.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from bench import footprint, goals
from bench.bystanders import Bystanders
from bench.footprint import Look
from bench.graph import draw
from bench.machine import describe_machine
from bench.million_result import MILLION, MOST_SECONDS, Left, Size, breakdown, course, judge
from bench.priority import put_first
from bench.processes import Family
from bench.verdicts import HEADING
from bench.windows import reached
from pytsung.logdir.journal import INTERVALS, read_intervals

EXAMPLE = Path(__file__).parents[1] / "examples" / "million.xml"
GRAPH = "million.svg"

HOLD = 65.0
"""Seconds that all users are there together, at least: a minute, and some to settle."""

PAUSE = 30.0
"""Seconds of one think time in the example; users stay for a number of them."""

LOOK_EVERY = 1.0
LOOK_CLOSELY_EVERY = 20.0
"""Seconds between looks at all processes: each takes some tenths of a second."""


def configuration(example: str, size: Size) -> str:
    """The example with this size in it. Raises ValueError for one without its entities."""
    numbers = {
        "users": f"{size.users}",
        "rate": f"{size.rate:g}",
        "minutes": f"{ceil(size.arriving / 60) + 1}",  # chance may take longer
        "rounds": f"{ceil((size.arriving + HOLD) / PAUSE)}",
    }
    for name, number in numbers.items():
        entity = rf'(<!ENTITY {name} ")[^"]*(">)'
        example, found = re.subn(entity, rf"\g<1>{number}\g<2>", example)
        if found != 1:
            raise ValueError(f"{EXAMPLE.name}: {found} entities {name}; keep one")
    return example


@dataclass(slots=True)
class Watched:
    """What was seen of the machine while a run went on; `least` bytes were available."""

    before: Look
    least: int
    served: str = ""
    status: int = 0
    peak: Look | None = None
    others: Bystanders = field(default_factory=Bystanders)


def watch(command: Sequence[str], users: int) -> Watched:
    """Run a command on this terminal, and look at the machine until it has ended."""
    family = Family()
    before = footprint.look({})
    watched = Watched(before, before.available)
    # Ctrl-C is for the run, which ends in order; a handler, unlike SIG_IGN, is not inherited.
    signal.signal(signal.SIGINT, lambda *_: None)
    process = subprocess.Popen(command, env=family.environment)
    watched.served = put_first(process.pid)
    looked = time.monotonic()
    while process.poll() is None:
        time.sleep(LOOK_EVERY)
        watched.least = min(watched.least, footprint.available())
        watched.others.look()
        now, sockets = time.monotonic(), footprint.tcp_sockets() - before.sockets
        if sockets >= 2 * users and now - looked >= LOOK_CLOSELY_EVERY:
            watched.peak = footprint.look(roles(family, process.pid))
            looked = now
    watched.status = process.returncode
    return watched


def roles(family: Family, controller: int) -> dict[str, list[int]]:
    """The run's processes by what they do."""
    family.find()
    found: dict[str, list[int]] = {"workers": [], "server": [], "controller and agent": []}
    leaves = set(family.leaves("PYTSUNG_RUN_ID"))
    for pid in family.pids:
        if "pytsung_server" in _command_line(pid):
            found["server"].append(pid)
        elif pid in leaves and pid != controller:
            found["workers"].append(pid)
        else:
            found["controller and agent"].append(pid)
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it has just ended


def newest(log: Path, known: set[Path]) -> Path:
    """The run's log directory. Raises RuntimeError when there is no new one."""
    made = sorted(set(log.iterdir()) - known)
    directories = [path for path in made if (path / INTERVALS).exists()]
    if not directories:
        raise RuntimeError(f"{log}: no run was recorded; its own words stand above")
    return directories[-1]


def tell(directory: Path, size: Size, watched: Watched) -> bool:
    """Print the tables and draw the graph; says whether every goal was met."""
    summary = json.loads((directory / "summary.json").read_text())
    entries = list(read_intervals(directory / INTERVALS))
    origin = entries[0].at - entries[0].merged.index - 1 if entries else 0.0
    left = Left(summary, [entry.merged for entry in entries], origin, watched.others.uses)
    used = watched.before.available - watched.least
    rows = judge(size, left, used)
    print(f"\n{describe_machine()}\n{summary['plan']['sentence']}. {watched.served}\n\n{HEADING}")
    print("\n".join(map(str, rows)))
    if watched.peak is not None:
        print("\n" + "\n".join(breakdown(watched.before, watched.peak, size.users)))
    if size.users >= MILLION and size.arriving <= MOST_SECONDS:
        say_goals(size, left, used)
    (directory / GRAPH).write_text(draw(*course(size, left)))
    print(f"\ngraph        {directory / GRAPH}")
    return not any(row.is_missed for row in rows)


def say_goals(size: Size, left: Left, used: int) -> None:
    """Hold a run of a million against the project's own goals, which are more than it must keep."""
    peak = left.summary["connections"]["peak"]
    errors = sum(n for name, n in left.summary["counters"].items() if name.startswith("error_"))
    goals.say("held", peak, f"{peak:,}")
    goals.say("held-memory", used, f"{used / 1e9:.2f} GB")
    goals.say("held-errors", errors, f"{errors:,}")
    if (came := reached(left.seconds, size.users)) is not None:
        goals.say("held-time", came, f"{came:,.0f} s at {size.rate:,.0f}/s")


def main() -> int:
    """Look, run, tell; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--users", type=int, default=1_000_000, help="(%(default)s)")
    parser.add_argument("--rate", type=float, default=8500.0, help="users a second (8500)")
    parser.add_argument("--log", type=Path, default=Path("log"), help="where results go (log)")
    options = parser.parse_args()
    size = Size(options.users, options.rate)
    options.log.mkdir(parents=True, exist_ok=True)
    file = options.log / EXAMPLE.name
    file.write_text(configuration(EXAMPLE.read_text(), size))
    words = [sys.executable, "-m", "pytsung", "-f", str(file), "-l", str(options.log), "--target"]
    subprocess.run([*words, "preflight"], check=False)  # what is red stands there: we try anyway
    known = set(options.log.iterdir())
    watched = watch([*words, "start"], size.users)
    is_content = tell(newest(options.log, known), size, watched)
    return watched.status or (0 if is_content else 1)


if __name__ == "__main__":
    sys.exit(main())
