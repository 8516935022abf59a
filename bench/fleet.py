"""How long it takes from `start` to the first user on sixteen hosts.

    python -m bench.fleet [--hosts 16] [--rounds 3]

Answers: what a fleet costs before anything is measured, with nothing on its hosts and with
the agent's code kept there (`--cache`). The hosts are network namespaces of this machine,
each with an OpenSSH server (needs root), and they play examples/realtime-1-million.xml,
four workers each. The time ends when the target accepts the first connection, and contains
the second of warm-up that every run has. Real hosts start at the same time; here all share
this machine's processors, so its load stands beside the figures.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import describe_machine
from tests.fleet.hosts import Fleet, fleet, missing
from tests.fleet.network import may_make_namespaces

EXAMPLE = Path(__file__).parents[1] / "examples/realtime-1-million.xml"
LIMIT = 120.0
GOALS = {False: 15.0, True: 5.0}
"""Seconds, without and with --cache, on two processors that are not busy otherwise."""


def first_user(made: Fleet, *options: str) -> float:
    """Seconds from the start of the command to its first connection; then it is stopped."""
    with (
        tempfile.TemporaryDirectory() as logs,
        socket.create_server((made.gateway, 0), backlog=4096) as target,
    ):
        target.settimeout(LIMIT)
        words = [sys.executable, "-m", "pytsung", "-f", str(EXAMPLE), "-l", logs, "--quiet"]
        words += ["--no-report", "--server", f"{made.gateway}:{target.getsockname()[1]}"]
        environment = {**os.environ, **made.environment, "PYTSUNG_NO_WEB": "1"}
        began = time.monotonic()
        process = subprocess.Popen(
            [*words, *options, "start"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_for_user(target)
            took = time.monotonic() - began
        finally:
            for _ in range(2):  # the second ends it at once
                process.send_signal(signal.SIGINT)
                time.sleep(0.5)
            process.communicate(timeout=LIMIT)
    return took


def wait_for_user(target: socket.socket) -> None:
    """Wait for a connection that asks for something: hosts only look first whether one works."""
    while True:
        connection, _ = target.accept()
        with connection:
            connection.settimeout(LIMIT)
            if connection.recv(1):
                return


def measure(made: Fleet, rounds: int) -> list[str]:
    """The table's rows."""
    cache = made.directory / "cache"
    rows = []
    first_user(made, "--cache", str(cache))  # fills it
    for cached in (False, True):
        options = ("--cache", str(cache)) if cached else ()
        times = [first_user(made, *options) for _ in range(rounds)]
        word = "kept there (`--cache`)" if cached else "nothing"
        each = ", ".join(f"{one:.1f}" for one in times)
        middle = statistics.median(times)
        rows.append(f"| {word} | {middle:.1f} s | {each} | ≤ {GOALS[cached]:.0f} s |")
    return rows


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    if missing() or not may_make_namespaces():
        print(f"no fleet here: {missing() or 'network namespaces need root'}", file=sys.stderr)
        return 1
    print(describe_machine())
    with fleet(asked.hosts) as made:
        made.trust()
        rows = measure(made, asked.rounds)
    print(f"Load (1 min) at the end: {os.getloadavg()[0]:.1f}.\n")
    print(f"| on {asked.hosts} hosts is | start to first user | each | goal |")
    print("| --- | --- | --- | --- |")
    print("\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
