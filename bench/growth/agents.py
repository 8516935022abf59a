"""How cost grows with agents: from 1 to 64.

    python -m bench.growth.agents [--top 64] [--seconds 10] [--users 31] [--graph FILE.svg]

Answers: what the controller uses of one core while so many agents report every second, and
what merging takes of that; how long it takes from the command to the first user, and the
controller's part of it, with real agents of one worker each. While they play, agents are
voices, as in bench.controller. While they start, all are processes of this machine, reached
by `-r`: hosts of their own start at the same time, and what is measured here is mostly this
machine's two processors starting so many Pythons. Three minutes.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.controller import Speech, interval_of
from bench.growth import outcome
from bench.growth.controllers import control
from bench.growth.curve import Curve, Point
from bench.processes import Family, read_stat
from bench.target import bundled_server
from pytsung.stats import Interval

STEPS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
MERGES = 20
LOOK = 0.05
PATIENCE = 300.0
COLUMNS = (
    "agents",
    "controller, of one core",
    "per report",
    "of it merging",
    "start to first user",
    "controller's CPU until then",
)

HERE = "env {host}= sh -c"
"""For `-r`: every host is this one. An agent's name needs to stand in it, and does no harm."""

CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice">
  <clients>{clients}</clients>
  <servers><server host="127.0.0.1" port="{port}" type="tcp"/></servers>
  <load><arrivalphase phase="1" duration="1" unit="second">
    <users maxnumber="{agents}" arrivalrate="1000" unit="second"/>
  </arrivalphase></load>
  <sessions><session name="one" weight="1" type="ts_websocket">
    <request><websocket type="connect" path="/v1/realtime?project=console"/></request>
  </session></sessions>
</tsung>
"""


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the command to the first user, and of the controller's CPU in them."""

    wall: float
    cpu: float


def start(agents: int) -> Start:
    """Start so many agents here. Raises TimeoutError or RuntimeError when they do not."""
    client = '<client host="realtime-worker-{}"/>'.format
    clients = "".join(map(client, range(1, agents + 1)))
    family = Family()
    with tempfile.TemporaryDirectory(prefix="pytsung-bench-") as name, bundled_server() as target:
        folder = Path(name)
        file = folder / "agents.xml"
        file.write_text(CONFIGURATION.format(clients=clients, port=target.port, agents=agents))
        words = ["-f", str(file), "-l", str(folder / "log"), "-r", HERE, "--quiet", "--no-report"]
        began = time.time()
        with (folder / "output").open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "pytsung", *words, "--agent-timeout", "60s", "start"],
                env=family.environment,
                stdout=said,
                stderr=said,
            )
        try:
            return _wait_for_start(folder, process, began)
        finally:
            family.kill()
            process.wait()


def _wait_for_start(folder: Path, process: subprocess.Popen[bytes], began: float) -> Start:
    """Until the log has the event; agents count only when they are awaited, at the end."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        stat = Path(f"/proc/{process.pid}/stat").read_text()
        for events in folder.glob("log/*/events.jsonl"):
            first = events.read_text().partition("\n")[0]
            if first and (event := json.loads(first))["event"] == "start":
                return Start(event["at"] - began, read_stat(stat))
        if process.poll() is not None:
            said = (folder / "output").read_text(errors="replace")[-500:]
            raise RuntimeError(f"it ended with status {process.returncode}: {said}")
        time.sleep(LOOK)
    raise TimeoutError(f"no user within {PATIENCE:.0f} s")


def merging(agents: int, users: int) -> float:
    """Seconds that it takes to merge one agent's report of a second with the others'."""
    chance = random.Random(agents)
    reports = [interval_of(0, users, chance) for _ in range(agents)]
    began = time.process_time()
    for _ in range(MERGES):
        merged = Interval(0)
        for report in reports:
            merged.merge(report)
    return (time.process_time() - began) / MERGES / agents


def main() -> None:
    """Print the table."""
    parser = outcome.options_of(__doc__ or "", 64, "agents")
    parser.add_argument("--seconds", type=int, default=10, help="of reports (%(default)s)")
    parser.add_argument("--users", type=int, default=31, help="arrivals/s of each (%(default)s)")
    options = parser.parse_args()
    outcome.begin(f"Agents that report every second, {options.users} users a second each.", COLUMNS)
    reporting, merge, starting = [], [], []
    for agents in [*(step for step in STEPS if step < options.top), options.top]:
        print(f"{agents} agents", file=sys.stderr)
        told = control(agents, Speech(options.seconds, options.users))
        part = told.cpu / told.wall
        merged = merging(agents, options.users)
        begun = start(agents)
        reporting.append(Point(agents, part / agents))
        if agents > 1:  # the first report of a second is only copied
            merge.append(Point(agents, merged))
        starting.append(Point(agents, begun.cpu / agents))
        cells = [str(agents), f"{part:.1%}", *map(outcome.microseconds, (part / agents, merged))]
        print(outcome.row([*cells, f"{begun.wall:.1f} s", f"{begun.cpu:.1f} s"]), flush=True)
    curves = (
        Curve("Controller's CPU per report", outcome.microseconds, tuple(reporting)),
        Curve("Merging a report", outcome.microseconds, tuple(merge)),
        Curve("Controller's CPU to start an agent", outcome.milliseconds, tuple(starting)),
    )
    outcome.conclude(curves, "agents", options.graph)


if __name__ == "__main__":
    main()
