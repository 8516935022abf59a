"""The configuration that pytsung and Tsung both get: connect, upgrade, hold.

Must not know who plays it.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

PATH = "/v1/realtime?project=console&channels[]=files"

ALL_AT_ONCE = 100_000.0
"""Users a second that no generator starts: all are due at once."""

_CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice" version="1.0">
  <clients>
    <client host="localhost" use_controller_vm="true" cpu="{workers}" maxusers="19000">
{sources}
    </client>
  </clients>
  <servers><server host="{host}" port="{port}" type="tcp"/></servers>
  <load>
    <arrivalphase phase="1" duration="{duration}" unit="second">
      <users maxnumber="{users}" arrivalrate="{rate}" unit="second"/>
    </arrivalphase>
  </load>
  <sessions>
    <session name="realtime" probability="100" type="ts_websocket">
      <request><websocket type="connect" path="{path}"/></request>
      {pause}
    </session>
  </sessions>
</tsung>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Who arrives where. `hold` is how long a user stays connected, in seconds.

    With `think`, that time is made of pauses of random lengths, with this mean.
    """

    port: int
    sources: tuple[str, ...]
    users: int
    rate: float
    host: str = "127.0.0.1"
    hold: float = 120.0
    think: float = 0.0
    workers: int = 1

    def configuration(self) -> str:
        """The load as a tsung.xml."""
        return _CONFIGURATION.format(
            workers=self.workers,
            sources="\n".join(f'      <ip value="{source}"/>' for source in self.sources),
            host=self.host,
            port=self.port,
            # Arrivals are random: half as long again, so that nobody is left over.
            duration=round(self.users / self.rate * 1.5 + 30),
            users=self.users,
            rate=f"{self.rate:g}" if self.rate < ALL_AT_ONCE else f"{ALL_AT_ONCE:.0f}",
            path=PATH.replace("&", "&amp;"),
            pause=self._pauses(),
        )

    def _pauses(self) -> str:
        if self.think:
            # One after the other: a loop would need a variable, and each user memory for it.
            return f'<thinktime value="{self.think:g}" random="true"/>' * self._turns()
        return f'<thinktime value="{self.hold:g}"/>' if self.hold else ""

    def _turns(self) -> int:
        return math.ceil(self.hold / self.think)


def fresh_sources(count: int = 2) -> tuple[str, ...]:
    """Loopback addresses that no run has used lately: TIME_WAIT would fill their ports.

    At most 254. Two, for 18,000 connections, so that a load takes fewer than half the ports
    of each: beyond that `connect` itself gets slow, and the system would be measured, not
    the generator.
    """
    net = f"127.{random.randint(64, 250)}.{random.randint(0, 255)}"
    first = random.randint(1, 255 - count)
    return tuple(f"{net}.{first + number}" for number in range(count))
