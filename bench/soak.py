"""Whether anything grows, or gets slower, while many users come back again and again.

    python -m bench.soak [--users 200000] [--minutes 60] [--log log]

Answers: whether memory and descriptors of workers and server, and the times of connects
and requests, are after an hour what they were after a minute. So many users open a
WebSocket to the bundled server, think, ask, think, hang up, and soon connect again, each
about every 90 s. Prints a row a minute, draws soak.svg into the run's log directory, and
judges the trend of each figure over all whole minutes in which everybody is there; the
exit status is 1 when one is not flat, else the run's own. On one machine; takes the
minutes, four before them for everybody to come, and some for the end.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from bench.graph import draw
from bench.machine import describe_machine
from bench.million import newest, roles
from bench.priority import put_first
from bench.processes import Family, Memory, open_descriptors, read_rollup
from bench.soak_result import MINUTE, Footprint, Moment, judge, minutes, panels, table
from bench.verdicts import HEADING
from pytsung.logdir.journal import INTERVALS, read_intervals

GRAPH = "soak.svg"
COMING = 60.0
"""Seconds in which the users come for the first time, if the machine can take so many."""

MOST_RATE = 4000.0
SETTLE = 150.0
"""Seconds after the last has come: users begin their rounds of 90 s at any time within one."""

CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice" version="1.0">
  <clients>
    <client host="localhost" use_controller_vm="true" cpu="2" maxusers="64000">
      <iprange version="v4" value="127.0.2.1-254"/>
    </client>
  </clients>
  <servers><server host="127.0.0.1" port="{port}" type="tcp"/></servers>
  <load duration="{seconds}" unit="second">
    <arrivalphase phase="1" duration="{seconds}" unit="second">
      <users maxnumber="{users}" arrivalrate="{rate:g}" unit="second"/>
    </arrivalphase>
  </load>
  <sessions>
    <session name="come and go" probability="100" type="ts_websocket">
      <thinktime min="1" max="90"/>
      <for var="round" from="1" to="1000000">
        <request>
          <websocket type="connect" path="/v1/realtime?project=console&amp;channels[]=files"/>
        </request>
        <thinktime min="20" max="40"/>
        <request><websocket type="message" frame="text">{{"type":"ping"}}</websocket></request>
        <thinktime min="40" max="60"/>
        <request><websocket type="close"/></request>
        <thinktime min="5" max="15"/>
      </for>
    </session>
  </sessions>
</tsung>
"""


@dataclass(frozen=True, slots=True)
class Soak:
    """How many users for how long; they come within a minute, or at 4,000/s."""

    users: int
    minutes: int
    port: int = 9505

    @property
    def rate(self) -> float:
        """Users a second until all have come."""
        return min(MOST_RATE, self.users / COMING)

    @property
    def begins(self) -> float:
        """Seconds after the start from which on figures count."""
        return ceil(self.users / self.rate + SETTLE)

    @property
    def seconds(self) -> int:
        """Of the whole run, a moment over the last minute."""
        return int(self.begins) + self.minutes * MINUTE + 5

    def configuration(self) -> str:
        """The run as a tsung.xml."""
        return CONFIGURATION.format(
            port=self.port, seconds=self.seconds, users=self.users, rate=self.rate
        )


@dataclass(slots=True)
class Watched:
    """A run while it went on."""

    served: str = ""
    status: int = 0
    moments: list[Moment] = field(default_factory=list)


def watch(command: Sequence[str], every: float) -> Watched:
    """Run a command on this terminal, and look at its processes every so many seconds."""
    family, watched = Family(), Watched()
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for the run, which ends in order
    process = subprocess.Popen(command, env=family.environment)
    watched.served = put_first(process.pid)
    looked = time.monotonic()
    while process.poll() is None:
        time.sleep(0.5)
        if time.monotonic() - looked >= every:
            looked = time.monotonic()
            seen = {name: footprint(pids) for name, pids in roles(family, process.pid).items()}
            watched.moments.append(Moment(time.time(), seen))
    watched.status = process.returncode
    return watched


def footprint(pids: Sequence[int]) -> Footprint:
    """Memory and descriptors of these processes; those that have just ended count nothing."""
    memory, descriptors = Memory(0, 0), 0
    for pid in pids:
        try:
            memory += read_rollup(Path(f"/proc/{pid}/smaps_rollup").read_text())
            descriptors += open_descriptors(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return Footprint(memory, descriptors)


def main() -> int:
    """Run, tell; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--users", type=int, default=200_000, help="(%(default)s)")
    parser.add_argument("--minutes", type=int, default=60, help="with all of them (%(default)s)")
    parser.add_argument("--port", type=int, default=9505, help="of the server (%(default)s)")
    parser.add_argument("--log", type=Path, default=Path("log"), help="where results go (log)")
    options = parser.parse_args()
    soak = Soak(options.users, options.minutes, options.port)
    options.log.mkdir(parents=True, exist_ok=True)
    file = options.log / "soak.xml"
    file.write_text(soak.configuration())
    known = set(options.log.iterdir())
    words = [sys.executable, "-m", "pytsung", "-f", str(file), "-l", str(options.log), "--target"]
    watched = watch([*words, "start"], MINUTE / 2)
    directory = newest(options.log, known)
    entries = list(read_intervals(directory / INTERVALS))
    if not entries:
        print(f"{directory}: no second was recorded; its own words stand above", file=sys.stderr)
        return watched.status or 1
    origin = entries[0].at - entries[0].merged.index - 1
    seconds = [entry.merged for entry in entries]
    found = minutes(seconds, watched.moments, origin, soak.begins, soak.seconds)
    rows = judge(found)
    verdict = json.loads((directory / "summary.json").read_text())["verdict"]["status"]
    print(f"\n{describe_machine()}")
    print(f"{soak.users:,} users who come and go for {len(found)} minutes; verdict {verdict}.")
    print(f"{watched.served}\n")
    print("\n".join([*table(found), "", HEADING, *map(str, rows)]))
    times = [float(number + 1) for number in range(len(found))]
    (directory / GRAPH).write_text(draw(times, panels(found)))
    print(f"\ngraph        {directory / GRAPH}")
    is_flat = len(found) >= soak.minutes and not any(row.is_missed for row in rows)
    return watched.status or (0 if is_flat else 1)


if __name__ == "__main__":
    sys.exit(main())
