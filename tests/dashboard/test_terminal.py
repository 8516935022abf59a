"""The live view is what an operator decides by: right, calm, and harmless where there is no
terminal."""

import io
import re
from dataclasses import replace

import pytest
import trio
import trio.testing
from rich.console import Console

from pytsung.dashboard.terminal import LiveState, LiveView, draw, make_console, plain_line

STATE = LiveState(
    elapsed=12.6,
    remaining=37.0,
    users=11_990,
    connected=11_987,
    arrivals=998.4,
    requests=3120.0,
    errors=3,
    activity="phase 1 of 2",
    main="request",
    times=(0.00053, 0.00285, 0.0162),
    agents="2 agents, busiest worker 35% of a core",
)


def console(*, terminal: bool, width: int = 80) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=terminal, width=width, color_system=None, highlight=False
    )


def output(of: Console) -> str:
    assert isinstance(of.file, io.StringIO)
    return of.file.getvalue()


def drawn(state: LiveState, width: int) -> list[str]:
    drawing = console(terminal=False, width=width)
    drawing.print(draw(state))
    return output(drawing).splitlines()


def test_four_lines_say_what_users_do_and_how_far_the_test_is() -> None:
    """On eighty columns nothing is cut off."""
    figures, times, agents, progress = drawn(STATE, 80)
    words = " ".join(figures.split())
    assert words == "11,990 users 11,987 connected 998/s arriving 3 errors 3,120/s requests"
    assert " ".join(times.split()) == "request p50 0.530 ms p95 2.85 ms p99 16.2 ms"
    assert " ".join(agents.split()) == "load 2 agents, busiest worker 35% of a core"
    assert progress.startswith("   0:12")
    assert progress.rstrip().endswith("0:37 left, phase 1 of 2")


def test_the_targets_hosts_have_a_line_of_their_own() -> None:
    """Where somebody asked for them; it is cut off before it is wrapped."""
    state = replace(STATE, targets="web1 34 % CPU, 2.1 GB free, load 0.4 · and 12 more")
    *_, agents, targets, progress = drawn(state, 80)
    assert agents.split()[0] == "load"
    assert targets.strip() == "target   web1 34 % CPU, 2.1 GB free, load 0.4 · and 12 more"
    assert len(drawn(state, 40)) == len(drawn(state, 80))
    assert "0:37 left" in progress


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_the_view_never_takes_a_further_line(width: int) -> None:
    """A line that wraps would push the view down the screen at every change."""
    huge = LiveState(
        elapsed=36_000.0,
        remaining=360_000.0,
        users=12_345_678,
        connected=12_345_678,
        arrivals=123_456.0,
        requests=1_234_567.0,
        errors=1_234_567,
        activity="waiting for the last users",
        main="request",
        times=(100.0, 1000.0, 10_000.0),
        agents="64 agents, 12 lost, 3 stalled, busiest worker 100% of a core",
        is_worrying=True,
    )
    lines = drawn(huge, width)
    assert len(lines) == 4
    assert max(map(len, lines)) <= width


def test_the_bar_never_fills_a_wide_terminal() -> None:
    """A line that does is wrapped when the window is made smaller, and lines above are eaten."""
    *figures, progress = drawn(STATE, 200)
    assert len(progress.rstrip()) <= 79
    assert max(len(line.rstrip()) for line in figures) < 80


class Counted(io.StringIO):
    """A terminal that remembers each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)


def test_each_change_is_one_write() -> None:
    """A terminal that shows half a change flickers: it must get old and new in one."""
    file = Counted()
    screen = Console(file=file, force_terminal=True, width=80, color_system="truecolor")
    times = iter(float(second) for second in range(6))
    with LiveView(screen, clock=lambda: next(times)) as view:
        file.writes.clear()
        for second in range(6):
            view.update(LiveState(elapsed=float(second), users=second))
        changes = [text for text in file.writes if text]
    assert len(changes) == 6
    assert all(" users" in text and text.startswith("\r\x1b[2K") for text in changes[1:])


def test_a_terminal_made_smaller_is_drawn_again_before_the_test_begins() -> None:
    """Agents may take a minute to start; nothing else moves meanwhile."""
    screen = console(terminal=True, width=120)

    async def resize() -> None:
        with LiveView(screen, clock=trio.current_time) as view:
            view.update(LiveState(activity="starting agents"))
            screen.width = 60
            with trio.move_on_after(3):
                await view.tick()

    trio.run(resize, clock=trio.testing.MockClock(autojump_threshold=0))
    assert output(screen).count("starting agents") == 3  # once more, and when it ends


def test_the_clock_goes_on_between_two_seconds() -> None:
    """Twice a second something moves; but when the run says nothing any more, nothing does."""
    screen = console(terminal=True)

    async def wait() -> None:
        with LiveView(screen, clock=trio.current_time) as view:
            view.update(LiveState(elapsed=10.0, remaining=100.0))
            with trio.move_on_after(20):
                await view.tick()

    trio.run(wait, clock=trio.testing.MockClock(autojump_threshold=0))
    shown = re.findall(r"(0:\d\d) +━", output(screen))
    assert list(dict.fromkeys(shown)) == ["0:10", "0:11", "0:12"]


def test_an_unknown_end_is_not_guessed() -> None:
    """After the last arrival nobody knows how long sessions will take."""
    _, progress = drawn(LiveState(elapsed=60.0, activity="waiting for the last users"), 80)
    assert "left" not in progress
    assert "waiting for the last users" in progress


def test_a_terminal_is_drawn_on_at_most_twice_a_second() -> None:
    """States may come as often as they like; the eye and the CPU get two."""
    screen = console(terminal=True)
    times = iter([0.0, 0.1, 0.4, 0.5, 0.9, 1.1])
    with LiveView(screen, clock=lambda: next(times)) as view:
        for users in range(1, 7):
            view.update(LiveState(users=users))
    shown = [users for users in range(1, 7) if f"{users} users" in output(screen)]
    assert shown == [1, 4, 6]


def test_without_a_terminal_there_is_a_plain_line_every_ten_seconds() -> None:
    """A build's log must not fill up with drawings."""
    log = console(terminal=False, width=40)
    times = iter([0.0, 1.0, 9.9, 10.0, 15.0])
    with LiveView(log, clock=lambda: next(times)) as view:
        for second in range(5):
            view.update(LiveState(elapsed=float(second), users=second))
    assert output(log).splitlines() == [
        plain_line(LiveState(elapsed=0.0, users=0)),
        plain_line(LiveState(elapsed=3.0, users=3)),
    ]


def test_a_plain_line_says_all() -> None:
    """It is the only thing there is to see of a run in a pipeline."""
    assert plain_line(STATE) == (
        "0:12 11,990 users, 11,987 connected, 998/s arriving, 3 errors, 3,120/s requests,"
        " request p50 0.530 ms, p95 2.85 ms, p99 16.2 ms, 0:37 left (phase 1 of 2)"
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet_shows_no_progress_but_says_what_matters(terminal: bool) -> None:
    """`--quiet` is about progress; a warning is not."""
    screen = console(terminal=terminal)
    with LiveView(screen, quiet=True) as view:
        view.update(STATE)
        view.say("bench.xml:3: dumptraffic is not kept")
    assert output(screen) == "bench.xml:3: dumptraffic is not kept\n"


def test_what_is_said_is_not_taken_for_markup() -> None:
    """Names of a configuration may hold brackets."""
    screen = console(terminal=False)
    LiveView(screen).say("session [bold]x[/bold] of [::1]")
    assert output(screen) == "session [bold]x[/bold] of [::1]\n"


def test_colours_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """By option, or by the variable that all tools share."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert not make_console().no_color
    assert make_console(color=False).no_color
    monkeypatch.setenv("NO_COLOR", "1")
    assert make_console().no_color
