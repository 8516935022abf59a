"""The run on real terminals: narrow and wide, with and without colours, made smaller, in a file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

from tests.end_to_end.command import ASK, CONNECT, configuration, think
from tests.end_to_end.conftest import Start
from tests.end_to_end.terminals import Tmux, recorded
from tests.end_to_end.test_outside import ask

FIGURES = re.compile(r" +[\d,]+ users +[\d,]+ connected +[\d.,]+/s arriving +[\d,]+ errors")
BAR = re.compile(r" +\d:\d\d  [━╸╺]+  ")
COLOUR = re.compile(r"\x1b\[(?:[\d;]*;)?(?:3[0-8]|9[0-7])(?:;[\d;]*)?m")
LOAD = (
    '<arrivalphase phase="1" duration="{}" unit="second">'
    '<users arrivalrate="20" unit="second"/></arrivalphase>'
)
KEYS = "q leaves, s stops the test"
OpenTerminal = Callable[..., Tmux]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """That of somebody's terminal; the test's own may say NO_COLOR, or that it is dumb."""
    kept = ("PATH", "HOME", "PYTHONPATH", "PYTSUNG_LOOPBACK_ONLY")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    return {
        **own,
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "PYTSUNG_RUN_DIR": str(tmp_path / "run"),
    }


@pytest.fixture
def open_terminal(tmp_path: Path, environment: dict[str, str]) -> Iterator[OpenTerminal]:
    """Opens windows of tmux, which are closed with the test."""
    opened: list[Tmux] = []

    def open_one(*words: str, size: tuple[int, int], **more: str) -> Tmux:
        line = [sys.executable, "-m", "pytsung", *words]
        place = tmp_path / f"tmux-{len(opened)}"
        opened.append(Tmux(place, line, size, {**environment, **more}))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def run(tmp_path: Path, port: int) -> Callable[[int], list[str]]:
    """The words that start a run of so many seconds."""

    def words(seconds: int) -> list[str]:
        path = tmp_path / "test.xml"
        steps = (CONNECT, ASK, think(1), ASK)
        path.write_text(configuration(port, *steps, load=LOAD.format(seconds)))
        return ["-f", str(path), "-l", str(tmp_path / "log"), "-w", "0.2", "-n", "start"]

    return words


def is_view(lines: list[str]) -> bool:
    """Whether the whole view is there, once: figures, times, load, progress in turn."""
    places = [number for number, line in enumerate(lines) if FIGURES.match(line)]
    if len(places) != 1 or len(lines) != places[0] + 4:
        return False
    _, times, load, progress = lines[places[0] :]
    return times.startswith("request   p50 ") and "1 agent" in load and bool(BAR.match(progress))


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
def test_the_view_stays_where_it_is(
    size: tuple[int, int], open_terminal: OpenTerminal, run: Callable[[int], list[str]]
) -> None:
    """Whoever looks must find each figure where it was; nothing above it may scroll away."""
    terminal = open_terminal(*run(20), size=size)
    terminal.wait(is_view, "the view")
    clocks = set()
    for _ in range(12):
        lines = terminal.lines
        assert is_view(lines), "\n".join(lines)
        assert lines[0] == "Starting Tsung"
        assert lines[1].startswith("Log directory is: ")
        clocks.add(lines[-1].split()[0])
        time.sleep(0.25)
    assert len(clocks) >= 3
    assert terminal.ask("history_size") == "0"
    assert terminal.ask("alternate_on") == "0"
    assert COLOUR.search(terminal.codes)
    if size[0] == 80:
        assert max(map(len, lines[-4:])) < 80
        assert " requests" in lines[-4]  # nothing is cut off


def test_without_colours_there_are_none(
    open_terminal: OpenTerminal, run: Callable[[int], list[str]]
) -> None:
    """NO_COLOR is for people who cannot tell them apart, and for odd terminals."""
    for words, more in ((run(20), {"NO_COLOR": "1"}), (["--no-color", *run(20)], {})):
        terminal = open_terminal(*words, size=(80, 24), **more)
        terminal.wait(is_view, "the view")
        assert not COLOUR.search(terminal.codes)
        terminal.close()


def test_a_terminal_that_changes_its_size_shows_one_view(
    open_terminal: OpenTerminal, run: Callable[[int], list[str]]
) -> None:
    """A window is made smaller in mid-run: no second view, and nothing above it is eaten."""
    terminal = open_terminal(*run(40), size=(200, 50))
    terminal.wait(is_view, "the view")
    for width, height in ((80, 24), (150, 40), (81, 20), (200, 50)):
        terminal.resize(width, height)
        before = terminal.lines[-1].split()[0]
        lines = terminal.wait(
            lambda lines, at=before: is_view(lines) and lines[-1].split()[0] != at,  # type: ignore[misc] # mypy infers no defaults
            f"the view on {width} columns",
        )
        assert max(map(len, lines)) <= width
        # tmux itself may move the first lines up when it has to wrap them.
        everything = "".join(line.rstrip() for line in terminal.everything)
        assert everything.startswith("Starting TsungLog directory is: ")
        assert everything.count(" users ") == 1


def test_nothing_scrolls_and_nothing_is_cleared(
    environment: dict[str, str], run: Callable[[int], list[str]]
) -> None:
    """Byte by byte: a screen that is cleared, or moves up and down, flickers."""
    line = [sys.executable, "-m", "pytsung", *run(5), "--no-report"]
    written = recorded(line, (80, 24), environment).decode()
    live = written[: written.rindex("\x1b[?25h")]  # until the cursor is there again
    for forbidden in ("\x1b[2J", "\x1b[H", "\x1b[J", "\x1b[?1049h", "\x1bc"):
        assert forbidden not in live
    screen = pyte.HistoryScreen(80, 24)
    stream = pyte.Stream(screen)
    frames = 0
    for number, character in enumerate(live):
        stream.feed(character)
        assert not screen.history.top, f"a line scrolled away: {live[: number + 1][-200:]!r}"
        if live[number + 1 : number + 2] == "\r":
            frames += is_view([line.rstrip() for line in screen.display if line.strip()])
    assert frames >= 5
    stream.feed(written[len(live) :])
    after = "\n".join(screen.display)
    assert "verdict" in after
    assert not FIGURES.search(after)  # the view is gone when the run is


def test_in_a_file_there_are_plain_lines(
    tmp_path: Path, environment: dict[str, str], run: Callable[[int], list[str]]
) -> None:
    """`2>file`: for grep, not for the eye; stdout stays as Tsung's."""
    errors = tmp_path / "errors"
    line = [sys.executable, "-m", "pytsung", *run(12)]
    with errors.open("wb") as file:
        done = subprocess.run(
            line, stdout=subprocess.PIPE, stderr=file, env=environment, timeout=90, check=True
        )
    said = errors.read_text()
    assert not re.search(r"[\x00-\x09\x0b-\x1f━]", said)
    figures = [line for line in said.splitlines() if re.match(r"\d:\d\d \d+ users, ", line)]
    assert 2 <= len(figures) <= 4
    assert re.fullmatch(
        r"\d:\d\d \d+ users, \d+ connected, [\d.]+/s arriving, \d+ errors, [\d.]+/s requests,"
        r" request p50 [\d.]+ ms, p95 [\d.]+ ms, p99 [\d.,]+ ms(, 0:\d\d left)? \([a-z0-9 ]+\)",
        figures[-1],
    )
    assert re.fullmatch(rb"Starting Tsung\nLog directory is: \S+\n", done.stdout)


@pytest.mark.parametrize(("size", "by_url"), [((80, 24), False), ((200, 50), True)])
def test_watch_fills_a_terminal_and_stops_the_test_when_told(
    size: tuple[int, int],
    by_url: bool,
    open_terminal: OpenTerminal,
    start: Start,
    port: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other terminal: sparklines, keys, and a prompt that is as it was."""
    monkeypatch.setenv("PYTSUNG_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("PYTSUNG_NO_WEB", "0")
    text = configuration(port, CONNECT, ASK, think(2), ASK, load=LOAD.format(60))
    command = start("--web-port", "0", "start", text=text)
    command.wait_until_started(30)
    words = [str(ask({"ask": "status"})["url"])] if by_url else []
    terminal = open_terminal("watch", *words, size=size)
    lines = terminal.wait_for(KEYS)
    assert terminal.ask("alternate_on") == "1"
    assert terminal.ask("history_size") == "0"
    terminal.wait(lambda lines: bool(re.search("[▁▂▃▄▅▆▇█]{2}", "\n".join(lines))), "sparklines")
    assert len(lines) <= size[1]
    terminal.press("s")
    terminal.wait_for("Stop the test? y stops it")
    terminal.press("n")
    terminal.wait_for(KEYS)
    terminal.resize(100, 30)
    terminal.wait(lambda lines: _is_whole(lines, 100, 30), "one picture, of that size")
    other = open_terminal("watch", *words, size=size)
    other.wait_for(KEYS)
    other.press("q")
    assert (other.wait_for_end(), other.ask("alternate_on")) == (0, "0")
    assert command.process.poll() is None
    terminal.press("sy")
    result = command.wait()
    assert result.status == 0, result.stderr
    assert [e["reason"] for e in result.events if e["event"] == "stop"] == ["stopped"]
    assert terminal.wait_for_end() == 0
    assert re.search(r"\(ended, \w+\)", "\n".join(terminal.everything))


def _is_whole(lines: list[str], width: int, height: int) -> bool:
    """Whether it is one picture, from the verdict to the keys."""
    heads = [number for number, line in enumerate(lines) if " so far  " in line]
    keys = [number for number, line in enumerate(lines) if line == KEYS]
    fits = len(lines) <= height and max(map(len, lines)) <= width
    return heads == [0] and keys == [len(lines) - 1] and fits
