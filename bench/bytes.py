"""What one user sends and gets: bytes on the wire for an upgrade, counted by both ends.

    python -m bench.bytes [--users 1000]

Answers: whether the exchange is to the byte that of the benchmark of 2021 (213 sent and
248 received for a host name of 10 characters) under `--tsung-quirks`, what it is by
default (the port stands in `Host`: 5 bytes more), and whether `tsung.log` says what the
server counted. Exit status 1 when any of that is not so. Takes about 20 s.
"""

from __future__ import annotations

import argparse
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.generators import TSUNG, Generator, generate, has_tsung, pytsung
from bench.machine import describe_machine
from bench.sessions import Load, fresh_sources
from bench.target import bundled_server

HOST = "127.0.0.10"
"""Ten characters, as the host names of the benchmark had."""

SENT, RECEIVED, PORT = 213, 248, len(":9505")
RATE = 500.0
HOLD = 2.0
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """Bytes a user, as the server counted them and as `tsung.log` has them."""

    name: str
    expected: tuple[int, int]
    sent: float
    received: float
    logged_sent: float
    logged_received: float

    @property
    def is_right(self) -> bool:
        """Whether both ends counted what was expected."""
        counted = (self.sent, self.received)
        return counted == self.expected == (self.logged_sent, self.logged_received)

    @property
    def row(self) -> str:
        """The table's row."""
        wanted = f"{self.expected[0]} / {self.expected[1]}"
        server = f"{self.sent:g} / {self.received:g}"
        log = f"{self.logged_sent:g} / {self.logged_received:g}"
        return f"| {self.name} | {wanted} | {server} | {log} | {'yes' if self.is_right else 'NO'} |"


def logged_total(log: str, name: str) -> int:
    """The last total of a counter in the text of a tsung.log; 0 when it is not there."""
    totals = re.findall(rf"^stats: {name} \d+ (\d+)$", log, re.MULTILINE)
    return int(totals[-1]) if totals else 0


def free_port() -> int:
    """A free port of four digits: `Host` has it, and its length counts."""
    for port in range(9505, 9999):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError(f"no port of {HOST} between 9505 and 9999 is free; stop what listens there")


def measure(name: str, generator: Generator, users: int, expected: tuple[int, int]) -> Exchange:
    """One run of so many users."""
    with bundled_server(host=HOST, port=free_port(), profile="bench2021") as target:
        load = Load(
            host=HOST, port=target.port, sources=fresh_sources(), users=users, rate=RATE, hold=HOLD
        )
        with generate(generator, load) as running:
            log = Path(running.wait(PATIENCE), "tsung.log").read_text()
    upgrades = target.counts["upgrades"]
    return Exchange(
        name,
        expected,
        target.counts["bytes_received"] / upgrades,
        target.counts["bytes_sent"] / upgrades,
        logged_total(log, "size_sent") / users,
        logged_total(log, "size_rcv") / users,
    )


def main() -> int:
    """Print the table; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--users", type=int, default=1000)
    users = parser.parse_args().users
    print(describe_machine())
    print(f"Bytes that each of {users:,} users sent and received; host name of 10 characters.")
    print("\n| generator | expected | server counted | tsung.log | equal |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    runs: list[tuple[str, Generator, int]] = [
        ("pytsung --tsung-quirks", pytsung("--tsung-quirks"), SENT),
        ("pytsung", pytsung(), SENT + PORT),
    ]
    if has_tsung():
        runs.append(("Tsung", TSUNG, SENT))
    exchanges = []
    for name, generator, sent in runs:
        exchanges.append(measure(name, generator, users, (sent, RECEIVED)))
        print(exchanges[-1].row, flush=True)
    return 0 if all(exchange.is_right for exchange in exchanges) else 1


if __name__ == "__main__":
    sys.exit(main())
