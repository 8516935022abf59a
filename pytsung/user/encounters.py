"""When users last said something to each other (Tsung's `<interaction>`).

One table for the whole test: what happens here is told to the others, and what
happened there arrives a moment later. Times are seconds on the worker's steady
clock; whoever carries them to another one knows the difference. Must not know how.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping


class Encounters:
    """The last send under each name. `when_news` is called when users of this worker send."""

    __slots__ = ("_last", "_news", "when_news")

    def __init__(self) -> None:
        self.when_news: Callable[[], None] | None = None
        self._last: dict[str, float] = {}
        self._news: dict[str, float] = {}

    def note(self, name: str, now: float) -> None:
        """A user of this worker sends."""
        self._last[name] = self._news[name] = now
        if self.when_news is not None:
            self.when_news()

    def learn(self, sends: Mapping[str, float]) -> None:
        """Users of other workers have sent; the later time counts."""
        for name, at in sends.items():
            self._last[name] = max(at, self._last.get(name, at))

    def last(self, name: str) -> float | None:
        """When anybody last sent under a name."""
        return self._last.get(name)

    def take_news(self) -> dict[str, float]:
        """What happened here since this was last asked."""
        news, self._news = self._news, {}
        return news
