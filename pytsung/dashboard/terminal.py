"""The run, live, on a terminal: a few calm lines that are replaced in place.

Where standard error is not a terminal, a plain line every ten seconds instead.
Must not know where the figures come from, nor read any clock but the one it is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import trio
from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pytsung.dashboard.words import clock, in_milliseconds, rate

SHORTEST_PAUSE = 0.5
"""Seconds between two changes of the view: faster than anyone reads is only flicker."""

LONGEST_GUESS = 3.0
"""Seconds after the last state for which the clock is shown going on: then something is wrong."""

PLAIN_PAUSE = 10.0
"""Seconds between two plain lines, as between two blocks of `tsung.log`."""

WIDEST_BAR = 79
"""Columns of the line with the bar on any terminal. A line that fills the terminal is wrapped
when that is made narrower; then nobody knows how many lines there are to be replaced."""

FILE_WIDTH = 200
"""Columns where there is no terminal: what is searched with grep must not be wrapped."""


@dataclass(frozen=True, slots=True)
class LiveState:
    """What there is to show of a running test.

    `elapsed` and `remaining` are seconds; None where nobody can know when the last
    user will be done. `arrivals` and `requests` are per second, lately, `planned` is what
    should arrive. `times` are p50, p95 and p99 of the statistic `main`, in seconds.
    `agents` says how the load generator is, `targets` how the target's hosts are; `activity`
    what goes on, in a few words: `starting agents`, `phase 1 of 2`.
    """

    elapsed: float = 0.0
    remaining: float | None = None
    users: int = 0
    connected: int = 0
    arrivals: float = 0.0
    requests: float = 0.0
    errors: int = 0
    activity: str = ""
    planned: float = 0.0
    main: str = ""
    times: tuple[float, ...] = ()
    agents: str = ""
    is_worrying: bool = False
    targets: str = ""


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
        self._state = LiveState()
        self._taken_at = 0.0
        self._width = 0  # of what is on the terminal
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
        self._state, self._taken_at = state, now
        if self._quiet or now < self._next:
            return
        if self._live is not None:
            self._next = now + SHORTEST_PAUSE
            self._draw(state)
        else:
            self._next = now + PLAIN_PAUSE
            self._console.print(plain_line(state), soft_wrap=True)

    async def tick(self) -> None:
        """Let the clock of the view go on between two states, for ever; twice a second."""
        while True:
            await trio.sleep(SHORTEST_PAUSE)
            passed = self._clock() - self._taken_at
            if self._live is None or not self._live.is_started:
                continue
            if self._state.elapsed and passed < LONGEST_GUESS:
                self._draw(_later(self._state, passed))
            elif self._width != self._console.width:
                self._draw(self._state)

    def _draw(self, state: LiveState) -> None:
        assert self._live is not None
        self._width = self._console.width
        self._live.update(Constrain(draw(state), self._width - 1), refresh=True)

    def say(self, text: str, style: str = "") -> None:
        """Print a line above the view; it stays. Warnings are said even to the quiet."""
        self._console.print(Text(text, style=style), soft_wrap=True)


def _later(state: LiveState, seconds: float) -> LiveState:
    """The same state, with its clock so much later."""
    left = state.remaining
    remaining = None if left is None else max(0.0, left - seconds)
    return replace(state, elapsed=state.elapsed + seconds, remaining=remaining)


def draw(state: LiveState) -> RenderableType:
    """What the users do, how long they wait, how the generator is, how far the test is."""
    lines: list[RenderableType] = [_figures(state)]
    if state.times:
        lines.append(_times(state))
    if state.agents:
        lines.append(_agents(state))
    if state.targets:
        text = f"{'target':>7}   {state.targets}"
        lines.append(Text(text, style="dim", no_wrap=True, overflow="ellipsis"))
    return Group(*lines, Constrain(_progress(state), WIDEST_BAR))


def plain_line(state: LiveState) -> str:
    """The same in one line without any drawing, for logs and pipes."""
    figures = ", ".join(f"{value} {name}" for name, value, _ in _named(state))
    times = ", ".join(f"{name} {in_milliseconds(value)} ms" for name, value in _percentiles(state))
    times = f", {state.main} {times}" if times else ""
    left = "" if state.remaining is None else f", {clock(state.remaining)} left"
    activity = f" ({state.activity})" if state.activity else ""
    return f"{clock(state.elapsed)} {figures}{times}{left}{activity}"


def _named(state: LiveState) -> list[tuple[str, str, int]]:
    """Name, value and least width of each figure; a narrow terminal cuts off the last ones."""
    return [
        ("users", f"{state.users:,}", 7),
        ("connected", f"{state.connected:,}", 6),
        ("arriving", rate(state.arrivals), 6),
        ("errors", f"{state.errors:,}", 4),
        ("requests", rate(state.requests), 7),
    ]


def _percentiles(state: LiveState) -> list[tuple[str, float]]:
    return list(zip(("p50", "p95", "p99"), state.times, strict=False))


def _figures(state: LiveState) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for name, value, width in _named(state):
        alarming = name == "errors" and state.errors
        line.append(f"{value:>{width}}", style="bold red" if alarming else "bold")
        line.append(f" {name}  ", style="red" if alarming else "dim")
    line.rstrip()
    return line


def _times(state: LiveState) -> Text:
    line = Text(f"{state.main:>7}", style="dim", no_wrap=True, overflow="ellipsis")
    for name, value in _percentiles(state):
        line.append(f"   {name} ", style="dim")
        line.append(f"{in_milliseconds(value)} ms", style="bold not dim")
    return line


def _agents(state: LiveState) -> Text:
    style = "yellow" if state.is_worrying else "dim"
    return Text(f"{'load':>7}   {state.agents}", style=style, no_wrap=True, overflow="ellipsis")


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
