"""The files that go with a plan to every agent, cut into parts for its channel.

Parts are cut when they are sent: whatever the number of agents, there is one copy of
the files here. Must not know channels, nor what the files are for.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytsung.control.messages import FilePart
from pytsung.plan import Cargo

PART = 2**20
"""Bytes of a part: between two of them other messages find their way."""


def parts_of(cargo: Cargo) -> Iterator[FilePart]:
    """Every file, one after the other, from its beginning; an empty one is a part as well."""
    for digest, data in cargo.items():
        for offset in range(0, len(data) or 1, PART):
            yield FilePart(digest, offset, len(data), data[offset : offset + PART])
