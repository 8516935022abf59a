"""What a monitored host reported: figures under Tsung's names, `{cpu,"os_mon@web1"}`.

Some of them only ever grow (packets, ticks of a processor): `Meter` makes of these how
much they grew. Must not know how a host was asked.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

PERIOD = 10.0
"""Seconds between two readings of a host; a constant in Tsung too."""


class ReadingKind(enum.Enum):
    """What a figure is, in Tsung's words."""

    SAMPLE = "sample"  # a level: free memory
    COUNTER = "sample_counter"  # grows for ever; how much it grew is what counts
    SUM = "sum"  # is added up


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure of one host. `node` is Tsung's name of it: `os_mon@web1`.

    `raw` is what the host said where `value` was made of it, as by `Meter`.
    """

    metric: str
    node: str
    value: float
    kind: ReadingKind = ReadingKind.SAMPLE
    raw: float | None = None

    @property
    def name(self) -> str:
        """The statistic's name in Tsung's files."""
        return f'{{{self.metric},"{self.node}"}}'

    @property
    def is_of_controller(self) -> bool:
        """Whether it is of the host that the test is run from."""
        return self.node.startswith("tsung_controller@")

    @property
    def host(self) -> str:
        """The host without what Tsung puts before it."""
        return self.node.rpartition("@")[2]


@dataclass(slots=True)
class Meter:
    """Turns counters into what they grew by in ten seconds, as Tsung shows them.

    Tsung reads every ten seconds and takes the difference for that; here it is divided
    by the time that passed, so a reading that came late is no peak. As in Tsung the
    first one is only where counting begins, as is one lower than the last (a restart,
    a counter that wrapped), and 0 is none at all: snmpd says it until it has looked.
    """

    _last: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, reading: Reading, at: float) -> Reading | None:
        """What there is to record of a reading made at `at` (seconds); None: nothing yet."""
        if reading.kind is not ReadingKind.COUNTER:
            return reading
        if not reading.value:
            return None
        last = self._last.get(reading.name)
        self._last[reading.name] = (reading.value, at)
        if last is None or reading.value < last[0] or at <= last[1]:
            return None
        grown = (reading.value - last[0]) * PERIOD / (at - last[1])
        return Reading(reading.metric, reading.node, grown, reading.kind, raw=reading.value)
