"""The run, live, on a terminal: two calm lines that are replaced in place.

Where standard error is not a terminal, a plain line every ten seconds instead.
Must not know where the figures come from, nor read any clock but the one it is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pytsung.dashboard.words import clock, rate

SHORTEST_PAUSE = 0.5
"""Seconds between two changes of the view: faster than anyone reads is only flicker."""

PLAIN_PAUSE = 10.0
"""Seconds between two plain lines, as between two blocks of `tsung.log`."""

FILE_WIDTH = 200
"""Columns where there is no terminal: what is searched with grep must not be wrapped."""


@dataclass(frozen=True, slots=True)
class LiveState:
    """What there is to show of a running test.

    `elapsed` and `remaining` are seconds; None where nobody can know when the last
    user will be done. `arrivals` and `requests` are per second, lately. `activity`
    says in a few words what goes on: `starting agents`, `phase 1 of 2`.
    """

    elapsed: float = 0.0
    remaining: float | None = None
    users: int = 0
    connected: int = 0
    arrivals: float = 0.0
    requests: float = 0.0
    errors: int = 0
    activity: str = ""


def make_console(*, color: bool = True) -> Console:
    """A console on standard error. Colours go with `color=False` or the variable NO_COLOR."""
    console = Console(stderr=True, no_color=None if color else True, highlight=False)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    return console


class LiveView:
    """Shows the latest state; a context manager, which clears its lines at the end.

    It has no task or thread of its own: it draws in `update`, at most twice a second.
    """

    def __init__(
        self,
        console: Console,
        *,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._quiet = quiet
        self._clock = clock
        self._next = float("-inf")
        self._live: Live | None = None
        if console.is_terminal and not console.is_dumb_terminal and not quiet:
            self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, state: LiveState) -> None:
        """Show a state, unless the last one is too fresh; then it is simply not shown."""
        now = self._clock()
        if self._quiet or now < self._next:
            return
        if self._live is not None:
            self._next = now + SHORTEST_PAUSE
            self._live.update(draw(state), refresh=True)
        else:
            self._next = now + PLAIN_PAUSE
            self._console.print(plain_line(state), soft_wrap=True)

    def say(self, text: str, style: str = "") -> None:
        """Print a line above the view; it stays. Warnings are said even to the quiet."""
        self._console.print(Text(text, style=style), soft_wrap=True)


def draw(state: LiveState) -> RenderableType:
    """The two lines: what the users do, and how far the test is."""
    return Group(_figures(state), _progress(state))


def plain_line(state: LiveState) -> str:
    """The same in one line without any drawing, for logs and pipes."""
    figures = ", ".join(f"{value} {name}" for name, value, _ in _named(state))
    left = "" if state.remaining is None else f", {clock(state.remaining)} left"
    activity = f" ({state.activity})" if state.activity else ""
    return f"{clock(state.elapsed)} {figures}{left}{activity}"


def _named(state: LiveState) -> list[tuple[str, str, int]]:
    """Name, value and least width of each figure; a narrow terminal cuts off the last ones."""
    return [
        ("users", f"{state.users:,}", 7),
        ("connected", f"{state.connected:,}", 7),
        ("arriving", rate(state.arrivals), 6),
        ("errors", f"{state.errors:,}", 4),
        ("requests", rate(state.requests), 7),
    ]


def _figures(state: LiveState) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for name, value, width in _named(state):
        alarming = name == "errors" and state.errors
        line.append(f"{value:>{width}}", style="bold red" if alarming else "bold")
        line.append(f" {name}  ", style="red" if alarming else "dim")
    line.rstrip()
    return line


def _progress(state: LiveState) -> RenderableType:
    row = Table.grid(padding=(0, 2), expand=True)
    row.add_column(min_width=7, justify="right", no_wrap=True)
    row.add_column(ratio=1)
    row.add_column(no_wrap=True, style="dim")
    whole = None if state.remaining is None else state.elapsed + state.remaining
    bar = ProgressBar(
        total=whole or 1.0,
        completed=state.elapsed if whole else 0.0,
        style="bright_black",
        complete_style="cyan",
        finished_style="cyan",
    )
    left = "" if state.remaining is None else f"{clock(state.remaining)} left"
    words = ", ".join(part for part in (left, state.activity) if part)
    row.add_row(clock(state.elapsed), bar, words)
    return row
