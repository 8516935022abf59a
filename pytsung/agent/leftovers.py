"""Commands that run on after the worker that started them was killed: found and ended.

Each has a session of its own, and init for a parent by then; what tells it from any
other process is a word in its environment, which its children have, too. One that
empties its environment, or changes its user, is not found. Must not know what
commands are for.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Collection, Iterator
from pathlib import Path

VARIABLE = "PYTSUNG_WORKER"
"""Names the worker in the environment of what it starts."""

PATIENCE = 1.0
"""Seconds that killed processes have to be gone; one that waits for a disk takes longer."""

LOOK_EVERY = 0.01


def new_name() -> str:
    """A name that no other worker has, on this host or in a container beside it."""
    return os.urandom(8).hex()


def name_this_worker(name: str) -> None:
    """Let everything that this process starts from now on carry its name."""
    os.environ[VARIABLE] = name


def end_leftovers(names: Collection[str]) -> None:
    """End all that the workers of these names have started; they themselves are gone.

    Looks again until none is left, as one may fork while it is looked for. Reads the
    environment of every process of this user: some milliseconds.
    """
    words = {f"{VARIABLE}={name}".encode() for name in names}
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = [_kill(process) for process in _carriers(words)]
        if not any(found):
            return
        time.sleep(LOOK_EVERY)


def _carriers(words: set[bytes]) -> Iterator[int]:
    """A pidfd for each process with one of these words in its environment; ours to close."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):  # gone meanwhile, or somebody else's
            # Opened before it is looked at: the number may be another's by the time we kill.
            process = os.pidfd_open(int(entry.name))
            try:
                is_one = not words.isdisjoint((entry / "environ").read_bytes().split(b"\0"))
            except OSError:
                is_one = False
            if is_one:
                yield process
            else:
                os.close(process)


def _kill(process: int) -> bool:
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
    except ProcessLookupError:
        return False
    finally:
        os.close(process)
    return True
