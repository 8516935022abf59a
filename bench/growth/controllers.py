"""A controller of its own for each measurement, so that none meets another's memory.

Must not know which question it answers.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bench.controller import Outcome, Speech, measure


def control(agents: int, speech: Speech) -> Outcome:
    """Let a fresh process control so many agents, which say what `bench.controller` says."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_control, agents, speech).result()


def _control(agents: int, speech: Speech) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="pytsung-bench-") as directory:
        return measure(agents, speech, Path(directory))
