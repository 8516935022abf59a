"""Work on speed follows this profile: it must put the time where it belongs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.hotspots import Profile, read_stacks, read_symbols, tables, times

ROOT = Path(__file__).parents[2]


def test_the_innermost_function_has_the_time() -> None:
    """Whatever called it, and at whatever line it was."""
    text = (
        "main (a.py:1);turn (b.py:9);dial (c.py:3) 30\n"
        "main (a.py:1);turn (b.py:7);dial (c.py:4) 10\n"
        "main (a.py:1);turn (b.py:9) 60\n"
    )
    assert read_stacks(text) == {"turn (b.py)": 0.6, "dial (c.py)": 0.4}
    assert read_stacks("") == {}


def test_the_kernel_s_functions_are_told_apart() -> None:
    """perf prints shares of all that it saw, with a mark for the kernel."""
    text = "     6.00%  [k] tcp_ack\n     2.00%  [k] tcp_v4_rcv\n\n# a comment\n"
    assert read_symbols(text) == {"tcp_ack": 0.75, "tcp_v4_rcv": 0.25}


def test_shares_add_up() -> None:
    """Kernel and Python are all that there is; without perf its table is left out."""
    profile = Profile(user=0.2, kernel=0.6, functions={"f (a.py)": 1.0}, symbols={})
    lines = tables({"worker": profile})
    assert "| worker | 80% | 75% | 25% |" in lines
    assert "| `f (a.py)` | 100.0% |" in lines
    assert not [line for line in lines if "in the kernel" in line]
    assert Profile(0.0, 0.0, {}, {}).kernel_share == 0


def test_time_is_that_of_the_process() -> None:
    """User and system, as the system accounts for them."""
    before = sum(times(os.getpid()))
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    assert sum(times(os.getpid())) - before == pytest.approx(0.05, abs=0.04)


def test_the_program_says_what_it_answers() -> None:
    """`--help` starts it."""
    command = [sys.executable, "-m", "bench.hotspots", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    question = (ROOT / "bench" / "hotspots.py").read_text().removeprefix('"""').partition("\n")[0]
    assert question in " ".join(said.stdout.split())
