"""A measurement beside very many open descriptors that nothing is done with.

    python -m bench.descriptors 2000000 -- python -m bench.million --users 100000 --rate 2000

Answers: whether a machine itself gets slower with the descriptors it has. A million
connections are two million of them, and what looks into all processes again and again, as
some managers of machines and containers do, has that much more to look at. Processes that
sleep hold as many as asked for, each what it may have; the command is run beside them, and
its exit status is this one's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.machine import raise_descriptor_limit

SPARE = 64
"""Descriptors that a process needs for itself."""


@contextmanager
def held(descriptors: int) -> Iterator[int]:
    """Have so many descriptors open meanwhile, in other processes; gives how many processes.

    Raises OSError when the machine has not so many.
    """
    most = raise_descriptor_limit() - SPARE
    sizes = [min(most, descriptors - done) for done in range(0, descriptors, most)]
    begin, end = os.pipe()
    pids: list[int] = []
    try:
        pids.extend(_fork(size, begin, end) for size in sizes)
        yield len(pids)
    finally:
        os.close(end)  # what the holders wait for
        os.close(begin)
        for pid in pids:
            os.waitpid(pid, 0)


def _fork(size: int, begin: int, end: int) -> int:
    """A process that holds so many until nobody can write to the pipe any more."""
    ready, tell = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.close(end)
            for _ in range(size):
                os.dup(begin)
            os.write(tell, b"\n")
            os.read(begin, 1)
            status = 0
        finally:
            os._exit(status)
    os.close(tell)
    try:
        if not os.read(ready, 1):
            raise OSError(f"no more than {size - 1:,} descriptors in this process, or the machine")
    finally:
        os.close(ready)
    return pid


def main(words: Sequence[str] | None = None) -> int:
    """Hold, run; gives the command's exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("descriptors", type=int, help="how many")
    parser.add_argument("command", nargs="+", help="what is run beside them, after --")
    options = parser.parse_args(words)
    with held(options.descriptors) as processes:
        print(f"{options.descriptors:,} descriptors in {processes} processes", flush=True)
        return subprocess.run(options.command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
