"""Whether response times are true: what pytsung reports beside what the server knows.

    python -m bench.accuracy [--rate 500] [--seconds 10] [--delay 0.010]

Answers: by how much the mean of `request` minus the mean of `connect` (a first
`request` includes its connect, as in Tsung) differs from the mean time from accept to
answer that the server recorded itself. The server answers every upgrade a fixed time
after it accepted the connection. Half a millisecond is the limit. Takes about 15 s.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, quantiles

from bench import goals
from bench.generators import generate, pytsung
from bench.machine import describe_machine
from bench.sessions import Load, fresh_sources

PATIENCE = 60.0


def percentile(values: Sequence[float], percent: int) -> float:
    """The value under which `percent` % of the values lie."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def measure(
    rate: float, seconds: float, delay: float
) -> tuple[dict[str, dict[str, float]], list[float]]:
    """One run: pytsung's samples by name, and the delays that the server recorded."""
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
        with generate(pytsung(), load) as running:
            directory = running.wait(seconds * 2 + PATIENCE)
            summary = json.loads(Path(directory, "summary.json").read_text())
        record, _ = server.communicate(timeout=PATIENCE)
    finally:
        server.kill()
        server.wait()
    return summary["samples"], json.loads(record)


def rows(samples: dict[str, dict[str, float]], delays: Sequence[float]) -> list[str]:
    """The table's rows, in milliseconds."""
    request, connect = samples["request"], samples["connect"]
    net = request["mean"] - connect["mean"]
    served = fmean(delays)
    lines = [
        _row(
            "server: accept to answer",
            len(delays),
            served,
            percentile(delays, 50),
            percentile(delays, 99),
        ),
        _row("pytsung: request", request["count"], request["mean"], request["p50"], request["p99"]),
        _row("pytsung: connect", connect["count"], connect["mean"], connect["p50"], connect["p99"]),
    ]
    lines.append(f"| pytsung: request − connect | | {net * 1e3:.3f} | | |")
    lines.append(f"| **difference to the server** | | **{(net - served) * 1e3:+.3f}** | | |")
    return lines


def _row(name: str, count: float, *seconds: float) -> str:
    return f"| {name} | {count:,.0f} | " + " | ".join(f"{s * 1e3:.3f}" for s in seconds) + " |"


def judge(samples: dict[str, dict[str, float]], delays: Sequence[float]) -> None:
    """Hold what was measured against its goals."""
    request, connect = samples["request"], samples["connect"]
    mean = abs(request["mean"] - connect["mean"] - fmean(delays))
    goals.say("accuracy-mean", mean, f"{mean * 1e3:.2f} ms")
    # A request's p99 has a connect in it, which nobody can take out of a percentile.
    p99 = abs(request["p99"] - percentile(delays, 99))
    goals.say("accuracy-p99", p99, f"{p99 * 1e3:.2f} ms")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=float, default=500.0, help="users a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long they arrive")
    parser.add_argument("--delay", type=float, default=0.010, help="the server's, in seconds")
    options = parser.parse_args()
    samples, delays = measure(options.rate, options.seconds, options.delay)
    print(describe_machine())
    print(
        f"Response times of {options.rate:g} users/s against a server that answers "
        f"{options.delay * 1e3:g} ms after accept, in ms."
    )
    print("\n| what | count | mean | p50 | p99 |\n| --- | --- | --- | --- | --- |")
    print("\n".join(rows(samples, delays)))
    judge(samples, delays)


if __name__ == "__main__":
    main()
