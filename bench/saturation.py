"""Whether what is measured is true near the limit of the load generator, and beyond it.

    python -m bench.saturation [--only pytsung,Tsung,k6] [--seconds 10] [--levels 10,50,90,…]

Answers: how far p50 and p99 of answers that take exactly 1, 10 and 100 ms are from the
truth, which the target writes down itself, at parts of the rate that saturates the
generator; and, beyond saturation, whether pytsung's verdict says so before its figures
lie. Every generator, pytsung's controller and all, has one core; the target has another.
What saturates it is found first: users that it serves in a second when far more are due.
The exit status is 1 when, beyond saturation, a figure is more than 20 % off and the verdict
is not `invalid`. A generator takes some 15 s a level: five minutes for all three.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.machine import describe_machine
from bench.open_loop import DELAYS, GENERATORS, Offer, OpenLoop, Said, Times
from bench.processes import Family
from bench.served import take_precedence

TARGET_CORE, GENERATOR_CORE = 0, 1
LEVELS = (10.0, 50.0, 90.0, 110.0, 150.0, 200.0)
"""Parts of the saturating rate, in percent."""

FAR_MORE = {"pytsung": 30_000.0, "Tsung": 8_000.0, "k6": 8_000.0}
"""Users a second that no generator serves with one core."""

HEADINGS = [f"{delay} ms: {name}" for delay in DELAYS for name in ("p50", "p99")]
HEADINGS += ["worst", "verdict"]

PATIENCE = 90.0
EDGE = 2
"""Seconds at either end of a run that say nothing of its pace."""

LIE = 0.20
"""Part of the truth by which a figure may be off, unless the verdict says `invalid`."""

LEAST_LIE = 0.001
"""Seconds: what is within a millisecond is true enough, however short it was."""

SATURATED = 100.0

SOURCES = 15
"""Source addresses: those that hung up keep their ports for a minute (TIME_WAIT)."""


@dataclass(frozen=True, slots=True)
class Played:
    """One run: what was offered and served each second, what was said, and what was so."""

    offered: float
    served: float
    said: Said
    truth: dict[int, Times]


@dataclass(frozen=True, slots=True)
class Lie:
    """The figure that is farthest from the truth, as a part of it; over a millisecond."""

    part: float
    what: str


def play(generator: OpenLoop, rate: float, seconds: float) -> Played:
    """Let a generator offer so many users a second. Raises RuntimeError when it says nothing."""
    target = subprocess.Popen(
        ["taskset", "-c", str(TARGET_CORE), sys.executable, "-m", "bench.exact_target"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    family = Family(frozenset({"epmd"}))
    try:
        assert target.stdout is not None
        port = int(target.stdout.readline())
        take_precedence([target.pid])
        with tempfile.TemporaryDirectory(prefix="pytsung-bench-") as name:
            offer = Offer(port, rate, seconds, fresh_sources())
            command = generator.prepare(offer, Path(name))
            words = ["taskset", "-c", str(GENERATOR_CORE), *command]
            said = _run(generator, words, family, Path(name))
        record, _ = target.communicate(timeout=PATIENCE)
        if target.returncode:
            raise RuntimeError("the target failed; its own words stand above")
    finally:
        family.kill()
        target.kill()
        target.wait()
    known = json.loads(record)
    truth = {
        int(delay): Times(one["count"], one["mean"], one["p50"], one["p99"])
        for delay, one in known["taken"].items()
    }
    return Played(rate, pace(known["seconds"]), said, truth)


def _run(generator: OpenLoop, command: Sequence[str], family: Family, folder: Path) -> Said:
    output = folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(command, env=family.environment, stdout=file, stderr=file)
    try:
        process.wait(PATIENCE)
        return generator.read(folder)
    except (subprocess.TimeoutExpired, OSError, ValueError, KeyError) as error:
        words = output.read_text(errors="replace")[-500:]
        raise RuntimeError(f"{generator.name}: {error!r}; its last words: {words}") from error
    finally:
        family.kill()
        process.wait()


def pace(seconds: Sequence[float]) -> float:
    """Answers a second while the load was steady."""
    middle = seconds[EDGE:-EDGE] or seconds
    return median(middle) if middle else 0.0


def fresh_sources() -> tuple[str, ...]:
    """Loopback addresses in a row that no run has used lately."""
    net = f"127.{random.randint(64, 250)}.{random.randint(0, 255)}"
    first = random.randint(1, 254 - SOURCES)
    return tuple(f"{net}.{first + number}" for number in range(SOURCES))


def worst(played: Played) -> Lie:
    """The figure that lies most, over all delays."""
    lies = [Lie(0.0, "none")]
    for delay, true in played.truth.items():
        said = played.said.times.get(delay)
        for name in ("p50", "p99") if said is not None else ():
            so = getattr(true, name)
            off = abs(getattr(said, name) - so)
            if off > LEAST_LIE:
                lies.append(Lie(off / so, f"{name} of {delay} ms"))
    return max(lies, key=lambda lie: lie.part)


def row(generator: OpenLoop, level: float, played: Played) -> str:
    """One run as a row of the table: said and true, in milliseconds."""
    cells = [generator.name, f"{level:g} %", f"{played.offered:,.0f}", f"{played.served:,.0f}"]
    for delay in DELAYS:
        said, true = played.said.times.get(delay), played.truth.get(delay)
        for name in ("p50", "p99"):
            if said is None or true is None:
                cells.append("–")
            else:
                cells.append(f"{getattr(said, name) * 1e3:.2f} / {getattr(true, name) * 1e3:.2f}")
    lie = worst(played)
    cells += [f"{lie.part:.0%}, {lie.what}" if lie.part else "< 1 ms", played.said.verdict or "–"]
    return f"| {' | '.join(cells)} |"


def is_betrayed(level: float, played: Played) -> bool:
    """Whether figures from beyond saturation lie, and the verdict lets them pass."""
    lies = worst(played).part > LIE
    return level > SATURATED and lies and played.said.verdict != "invalid"


def saturating_rate(generator: OpenLoop, seconds: float) -> float:
    """Users a second that a generator serves when far more are due."""
    return play(generator, FAR_MORE[generator.name], seconds).served


def main() -> int:
    """Print the table; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = ",".join(generator.name for generator in GENERATORS)
    parser.add_argument("--only", default=names, help="some of them, comma separated (%(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each run (10)")
    parser.add_argument("--levels", default="", help="percent, comma separated (10,50,90,…,200)")
    options = parser.parse_args()
    wanted = options.only.split(",")
    levels = [float(one) for one in options.levels.split(",") if one] or LEVELS
    print(describe_machine())
    print(
        "Times that generators report / that the target took, in ms; each generator on one core,"
        " at parts of the rate that saturates it.\n"
    )
    print("| generator | of saturation | offered/s | served/s | " + " | ".join(HEADINGS) + " |")
    print("|" + " --- |" * (4 + len(HEADINGS)), flush=True)
    betrayed = 0
    for generator in GENERATORS:
        if generator.name not in wanted:
            continue
        if not generator.is_installed:
            print(f"{generator.name} is not installed: no row for it.", file=sys.stderr)
            continue
        most = saturating_rate(generator, options.seconds)
        print(f"{generator.name} is saturated at {most:,.0f} users/s", file=sys.stderr)
        for level in levels:
            played = play(generator, most * level / 100, options.seconds)
            print(row(generator, level, played), flush=True)
            betrayed += generator.name == "pytsung" and is_betrayed(level, played)
    if betrayed:
        print(f"{betrayed} runs lie by more than {LIE:.0%}, and are not invalid", file=sys.stderr)
    return 1 if betrayed else 0


if __name__ == "__main__":
    sys.exit(main())
