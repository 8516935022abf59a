"""The real command on a small configuration, as a user starts it; and what it left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIMIT = 120.0
"""Seconds after which a run has hung: alone they end in a few, and on two processors with
thirty others that want them it took 80."""

PATH = "/v1/realtime?project=console&amp;channels[]=files"
CONNECT = f'<request><websocket type="connect" path="{PATH}"/></request>'
CLOSE = '<request><websocket type="close"/></request>'
ASK = '<request><websocket type="message" frame="text">{"type":"ping"}</websocket></request>'


def think(seconds: float) -> str:
    return f'<thinktime value="{seconds}"/>'


def users(count: int, rate: float = 100) -> str:
    """Exactly `count` users: the phase is long enough for the slowest draw."""
    return (
        f'<arrivalphase phase="1" duration="60" unit="second">'
        f'<users maxnumber="{count}" arrivalrate="{rate}" unit="second"/></arrivalphase>'
    )


def configuration(
    port: int,
    *steps: str,
    load: str = "",
    load_attributes: str = "",
    client: str = 'host="localhost" use_controller_vm="true"',
    server_type: str = "tcp",
    options: str = "",
    sessions: str = "",
    host: str = "127.0.0.1",
) -> str:
    """A configuration with one session of WebSocket requests, unless `sessions` has others."""
    sessions = sessions or (
        f'<session name="s" probability="100" type="ts_websocket">{"".join(steps)}</session>'
    )
    return f"""<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice" version="1.0">
  <clients><client {client}/></clients>
  <servers><server host="{host}" port="{port}" type="{server_type}"/></servers>
  <load {load_attributes}>{load or users(20)}</load>
  <options>{options}</options>
  <sessions>{sessions}</sessions>
</tsung>
"""


@dataclass
class Result:
    """What a finished command left behind."""

    status: int
    stdout: str
    stderr: str
    root: Path

    @property
    def directory(self) -> Path:
        """The run's log directory, as the command told it."""
        line = next(line for line in self.stdout.splitlines() if line.startswith("Log directory"))
        return Path(line.partition(": ")[2])

    @property
    def summary(self) -> Any:
        return json.loads((self.directory / "summary.json").read_text())

    @property
    def counters(self) -> dict[str, int]:
        """Everything counted, but for bytes."""
        counters: dict[str, int] = self.summary["counters"]
        return {name: n for name, n in counters.items() if not name.startswith("size_")}

    @property
    def verdict(self) -> str:
        status: str = self.summary["verdict"]["status"]
        return status

    @property
    def reasons(self) -> str:
        return "\n".join(self.summary["verdict"]["reasons"])

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = (self.directory / "events.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @property
    def intervals(self) -> list[dict[str, Any]]:
        lines = (self.directory / "intervals.jsonl").read_text().splitlines()
        return [json.loads(line)["merged"] for line in lines]

    def log_totals(self) -> dict[str, float]:
        """The last figure of each line of the last block of `tsung.log`: totals, for counters."""
        block = self.log.split("# stats: dump at ")[-1].splitlines()
        lines = [line.split() for line in block if line.startswith("stats: ")]
        return {name: float(figures[-1]) for _, name, *figures in lines}

    @property
    def log(self) -> str:
        """The text of `tsung.log`."""
        return (self.directory / "tsung.log").read_text()

    def check_books(self) -> None:
        """What holds of every run, however it ended: everyone is accounted for, in every file."""
        users = self.summary["users"]
        accounted = users["finished"] + users["open"] + users["lost"]
        assert users["started"] == accounted, users
        for name in ("users_started", "users_finished", "users_lost"):
            key = name.removeprefix("users_")
            assert sum(interval[name] for interval in self.intervals) == users[key], name
        sessions = self.summary["samples"].get("session", {"count": 0})
        assert sessions["count"] == users["finished"]
        totals = self.log_totals()
        assert totals["users_count"] == users["started"]
        assert totals["finish_users_count"] == users["finished"]
        assert self.log.splitlines()[-1].startswith("EndMonitor")
        assert "Traceback" not in self.stderr


@dataclass
class Command:
    """`pytsung` as a process. `log_root` is where its log directories are made."""

    log_root: Path
    process: subprocess.Popen[str] = field(init=False)

    def start(
        self,
        *words: str,
        text: str | None = None,
        environment: dict[str, str] | None = None,
    ) -> Command:
        """Start it on a configuration (in a file of its own), or with words alone."""
        self.log_root.mkdir(parents=True, exist_ok=True)
        line = [sys.executable, "-m", "pytsung", "-l", str(self.log_root), "-w", "0.2", "--quiet"]
        if text is not None:
            path = self.log_root / "test.xml"
            path.write_text(text)
            line += ["-f", str(path)]
        self.process = subprocess.Popen(
            [*line, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTSUNG_LOOPBACK_ONLY": "1", **(environment or {})},
        )
        return self

    def wait(self, stdin: str = "") -> Result:
        """Wait for the end; a command that hangs is killed, and fails the test."""
        try:
            stdout, stderr = self.process.communicate(stdin, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"the run hangs\n{stdout}\n{stderr}") from None
        return Result(self.process.returncode, stdout, stderr, self.log_root)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    # -- its processes ----------------------------------------------------------------

    @property
    def agent(self) -> int:
        """Process id of its agent."""
        agents = [pid for pid in children(self.process.pid) if "pytsung.agent" in command_of(pid)]
        assert len(agents) == 1, agents
        return agents[0]

    @property
    def has_agent(self) -> bool:
        """Whether its agent has been started, with its zygote."""
        agents = [pid for pid in children(self.process.pid) if "pytsung.agent" in command_of(pid)]
        return any(children(agent) for agent in agents)

    @property
    def workers(self) -> list[int]:
        """Process ids of its workers: children of the agent's one child."""
        (zygote,) = children(self.agent)
        return children(zygote)

    @property
    def run_id(self) -> str:
        """What marks the processes of this run."""
        environment = Path(f"/proc/{self.agent}/environ").read_bytes().split(b"\0")
        (found,) = [word for word in environment if word.startswith(b"PYTSUNG_RUN_ID=")]
        return found.decode()

    # -- waiting for it ---------------------------------------------------------------

    def wait_until_started(self, count: int) -> None:
        """Wait until the journal tells of `count` users started."""
        wait_for(lambda: self._started() >= count, f"{count} users started", self)

    def _started(self) -> int:
        started = 0
        for path in self.log_root.glob("*/intervals.jsonl"):
            *lines, _ = path.read_text().split("\n")
            started += sum(json.loads(line)["merged"]["users_started"] for line in lines)
        return started

    def kill(self) -> None:
        """End it and whatever it started, for the end of a test."""
        if self.process.poll() is None:
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        self.process.wait()


def wait_for(condition: Callable[[], bool], what: str, command: Command | None = None) -> None:
    """Look until something is so; fail when it does not come to be."""
    deadline = time.monotonic() + LIMIT / 2
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        if command is not None:
            assert command.process.poll() is None, f"ended before: {what}"
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """Process ids of a process's children, of all its threads."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, path.read_text().split())
    return sorted(found)


def command_of(pid: int) -> str:
    """A process's command line; empty for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def processes_of(run_id: str) -> list[str]:
    """Command lines of all processes, of anybody, that carry a run's mark."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if run_id.encode() in environment:
            found.append(f"{process.name} {command_of(int(process.name))}")
    return found
