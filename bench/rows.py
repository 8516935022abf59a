"""What a large file of rows costs that users take one by one, and whether each gets its own.

    python -m bench.rows [--rows 1000000] [--workers 8] [--users 800]

Answers: how much later a run starts whose users take `--rows` rows of a CSV in `iter`
order, over `--workers` worker processes; whether every row was used once; what memory
controller and workers have at most. Beside it the same run with a file of one row, which
all users share. Each user writes down its rows through a Python callback, which is part
of the time. About a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import describe_machine

PATIENCE = 300.0

DIRECTORY = "PYTSUNG_BENCH_ROWS"
"""Where workers write down what they got."""

NOTE = f"""\
import os
_notes = os.open(f"{{os.environ['{DIRECTORY}']}}/{{os.getpid()}}", os.O_WRONLY | os.O_CREAT)
def note(user):
    number, name, secret = user.get("number"), user.get("name"), user.get("secret")
    if name != "user" + number or secret != "secret" + number:
        raise ValueError("a row in pieces")
    os.write(_notes, int(number).to_bytes(8, "little"))
    return ""
"""

CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice" version="1.0">
  <clients><client host="localhost" cpu="{workers}" maxusers="10000"/></clients>
  <servers><server host="127.0.0.1" port="{port}" type="tcp"/></servers>
  <load><arrivalphase phase="1" duration="2" unit="second">
    <users maxnumber="{users}" arrivalrate="100000" unit="second"/>
  </arrivalphase></load>
  <options><option name="file_server" id="rows" value="{file}"/></options>
  <sessions><session name="rows" weight="1" type="ts_http">
    <for var="i" from="1" to="{turns}">
      <setdynvars sourcetype="file" fileid="rows" order="iter" delimiter=";">
        <var name="number"/><var name="name"/><var name="secret"/>
      </setdynvars>
      <setdynvars sourcetype="python" callback="rows_note:note"><var name="noted"/></setdynvars>
    </for>
  </session></sessions>
</tsung>
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: seconds until its users could start and until the last had ended, bytes of memory.

    `numbers` are those of the rows that were used, in no order.
    """

    start_up: float
    duration: float
    controller: int
    agents: int
    numbers: array[int]


def write_rows(path: Path, rows: int) -> None:
    """A file of three columns, one row for each number."""
    with path.open("w") as file:
        file.writelines(f"{number};user{number};secret{number}\n" for number in range(rows))


def measure(home: Path, rows: int, workers: int, users: int, turns: int) -> Outcome:
    """Let `users` take `turns` rows each. Raises RuntimeError if the run fails."""
    home.mkdir()
    (home / "notes").mkdir()
    write_rows(home / "rows.csv", rows)
    (home / "rows_note.py").write_text(NOTE)
    words = ["-f", "rows.xml", "-l", "log", "-X", str(home), "--quiet", "start"]
    # Nobody connects, but a target that cannot be reached delays the start.
    with socket.create_server(("127.0.0.1", 0)) as target:
        port = target.getsockname()[1]
        (home / "rows.xml").write_text(
            CONFIGURATION.format(
                workers=workers, users=users, turns=turns, file=home / "rows.csv", port=port
            )
        )
        began = time.time()
        done = subprocess.run(
            [sys.executable, "-m", "pytsung", *words],
            cwd=home,
            env={**os.environ, DIRECTORY: str(home / "notes"), "PYTSUNG_LOOPBACK_ONLY": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    if done.returncode not in (0, 3):  # 3: users who never wait make the loop lag
        raise RuntimeError(f"the run failed: {done.stderr[-500:]}")
    return read_outcome(next((home / "log").iterdir()), home / "notes", began)


def read_outcome(log: Path, notes: Path, began: float) -> Outcome:
    """What a run left behind."""
    events = [json.loads(line) for line in (log / "events.jsonl").read_text().splitlines()]
    start: dict[str, Any] = next(event for event in events if event["event"] == "start")
    summary = json.loads((log / "summary.json").read_text())
    agents = sum(agent["cost"]["peak_rss"] for agent in summary["agents"])
    numbers = array("q")
    for path in notes.iterdir():
        numbers.frombytes(path.read_bytes())
    return Outcome(
        start_up=start["at"] - began,
        duration=summary["duration"],
        controller=summary["cost"]["peak_rss"] - agents,
        agents=agents,
        numbers=numbers,
    )


def faults(numbers: array[int], rows: int) -> tuple[int, int]:
    """How many rows were used more than once, and how many never."""
    used = bytearray(rows)
    twice = 0
    for number in numbers:
        twice += used[number]
        used[number] = 1
    return twice, rows - sum(used)


def row(name: str, outcome: Outcome, rows: int) -> str:
    """One run's row of the table."""
    twice, never = faults(outcome.numbers, rows)
    cells = (
        name,
        f"{outcome.start_up:.2f} s",
        f"{outcome.duration:.1f} s",
        f"{len(outcome.numbers):,}",
        f"{twice:,}" if rows > 1 else "–",
        f"{never:,}",
        f"{outcome.controller / 2**20:.0f} MiB",
        f"{outcome.agents / 2**20:.0f} MiB",
    )
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Print the table; the status says whether each row was used once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--users", type=int, default=800)
    options = parser.parse_args()
    turns = options.rows // options.users
    rows = turns * options.users
    print(describe_machine())
    print(f"{options.users} users in {options.workers} workers take {turns:,} rows each.\n")
    print("| file | start-up | run | taken | twice | never | controller | agent and workers |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory(prefix="pytsung-bench-") as name:
        home = Path(name)
        small = measure(home / "small", 1, options.workers, options.users, 1)
        print(row("1 row", small, 1), flush=True)
        large = measure(home / "large", rows, options.workers, options.users, turns)
    print(row(f"{rows:,} rows", large, rows), flush=True)
    return int(faults(large.numbers, rows) != (0, 0))


if __name__ == "__main__":
    sys.exit(main())
