"""The hosts that a batch system gives to a job: Tsung's `<client type="batch">`.

PBS, Torque and OAR name a file with a node on each line, LSF gives a list of names, Slurm
a list with ranges in it. Must not know what is played on the hosts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pytsung.errors import UsageError
from pytsung.plan import AgentHost

_SLURM_PART = re.compile(r"([^,\[\]]*)(?:\[([^\]]*)\])?([^,\[\]]*)(?:,|$)")
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def batch_nodes(system: str, environment: Mapping[str, str]) -> list[str]:
    """The names that a batch system gives, one for each place in the job, domains cut off.

    Raises UsageError where it gives none: this is no job of that system.
    """
    variable, read = SYSTEMS[system]
    given = environment.get(variable)
    if given is None:
        raise UsageError(
            f'<client type="batch" batch="{system}">: {variable} is not set; '
            f"start pytsung in a job of that system, or use --local"
        )
    try:
        names = list(read(given))
    except (OSError, ValueError) as error:
        raise UsageError(f"{variable}={given!r}: {error}; see what the batch system set") from error
    if not names:
        raise UsageError(f"{variable}={given!r}: there is no host in it; ask for some in the job")
    return [name.partition(".")[0] for name in names]


def with_batch_hosts(
    clients: Collection[AgentHost], own_names: Collection[str], environment: Mapping[str, str]
) -> tuple[AgentHost, ...]:
    """The clients, with those that a batch system gives in the place of those it stands for.

    As in Tsung: a worker for each time that a host is named, and none on the controller's
    own host, unless it is the only one. Raises UsageError.
    """
    found: list[AgentHost] = []
    for client in clients:
        if not client.batch:
            found.append(client)
            continue
        nodes = batch_nodes(client.batch, environment)
        others = [name for name in nodes if name not in own_names]
        found += [replace(client, name=name, batch="") for name in others or nodes]
    return tuple(found)


def _lines_of(path: str) -> Iterator[str]:
    for line in Path(path).read_text("utf-8").splitlines():
        if line.strip():
            yield line.strip()


def _words(text: str) -> Iterator[str]:
    yield from text.split()


def slurm_names(text: str) -> Iterator[str]:
    """`node[01-03,7],gpu5` one by one. Raises ValueError for what is no such list."""
    place = 0
    while place < len(text):
        found = _SLURM_PART.match(text, place)
        if found is None or found.end() == place:
            raise ValueError(f"{text[place:]!r} is no list of nodes")
        place = found.end()
        before, ranges, after = found.groups()
        if ranges is None:
            yield before
            continue
        for part in ranges.split(","):
            numbers = _RANGE.fullmatch(part)
            if numbers is None:
                raise ValueError(f"[{ranges}] is no list of numbers")
            first, last = numbers[1], numbers[2] or numbers[1]
            for number in range(int(first), int(last) + 1):
                yield f"{before}{number:0{len(first)}}{after}"


SYSTEMS: Mapping[str, tuple[str, Callable[[str], Iterator[str]]]] = {
    "torque": ("PBS_NODEFILE", _lines_of),
    "pbs": ("PBS_NODEFILE", _lines_of),
    "oar": ("OAR_NODEFILE", _lines_of),
    "lsf": ("LSB_HOSTS", _words),
    "slurm": ("SLURM_JOB_NODELIST", slurm_names),
}
"""By the words of `<client batch>`: the variable to look at, and how to read it."""
