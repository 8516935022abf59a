"""What all users of a worker share.

Must not know any one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pytsung.stats import Recorder


@dataclass(slots=True)
class World:
    """What all users of a worker share.

    `unix_time` is the time when the test began. `unix_offset` makes Unix time of the
    steady clock's.
    """

    recorder: Recorder
    random: Random
    quirks: bool = False
    unix_time: int = 0
    unix_offset: float = 0.0
