"""A random source's state as bytes: another process goes on where this one stands.

Must not know what is drawn from it.
"""

from __future__ import annotations

from random import Random
from struct import Struct, error

_VERSION = 3  # of Python's Mersenne Twister
_STATE = Struct("<625I")


def packed(random: Random) -> bytes:
    """The state in 2,500 bytes, without what normal values leave: nobody here draws any."""
    return _STATE.pack(*random.getstate()[1])


def restored(state: bytes) -> Random:
    """A source that goes on from a state. Raises ValueError for what is none."""
    random = Random(0)
    try:
        random.setstate((_VERSION, _STATE.unpack(state), None))
    except error as problem:
        raise ValueError(f"not the state of a random source: {problem}") from problem
    return random
