"""News of a running test for everybody who follows it, as JSON, made once a second for all.

The first item tells of the run from its beginning, each further one what is new. Whoever
reads slowly misses seconds, but no point of the history: nothing is queued for him. Must
not know how the news travel.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

from pytsung.dashboard.history import COLUMNS
from pytsung.dashboard.live_run import LiveRun
from pytsung.dashboard.snapshot import snapshot


class Broadcast:
    """The news of one run."""

    def __init__(self, live: LiveRun) -> None:
        self.live = live
        self.followers = 0
        self._is_closed = False
        self._made = -1
        self._now = ""

    async def follow(self) -> AsyncGenerator[str, None]:
        """Everything until now, then what is new, until `close`.

        Objects with `now` (the snapshot), `rows` of the history to put behind the ones
        known (in place of them with `fresh`), `events` that are new, and at first `run`
        and `columns`, which do not change.
        """
        live = self.live
        seen, version, reached, events = -1, -1, -1.0, 0
        self.followers += 1
        try:
            while True:
                seen = await live.wait_newer(seen)
                is_fresh = version != live.history.version
                rows = live.history.rows(-1.0 if is_fresh else reached)
                first = {} if version >= 0 else {"run": _heading(live), "columns": COLUMNS}
                events, lines = live.events(events)
                version = live.history.version
                if rows:
                    reached = rows[-1][0] or reached
                more = _json({**first, "fresh": is_fresh, "rows": rows, "events": lines})
                yield f'{more[:-1]},"now":{self.now()}}}'
                if self._is_closed and seen == live.second:
                    return
        finally:
            self.followers -= 1

    def close(self) -> None:
        """Let all followers go, with the last news."""
        self._is_closed = True
        self.live.publish()

    def now(self) -> str:
        """This second's snapshot as JSON; made once, however many ask."""
        if self._made != self.live.second:
            self._made = self.live.second
            self._now = _json(snapshot(self.live))
        return self._now


def _heading(live: LiveRun) -> dict[str, Any]:
    return {**asdict(live.heading), "started_at": live.started_at}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
