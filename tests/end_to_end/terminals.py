"""Real terminals for tests: tmux, which draws as those of people do, and a recorded one."""

from __future__ import annotations

import os
import pty
import shlex
import shutil
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

PATIENCE = 40.0
"""Seconds for something to appear, on the slowest machine."""


class Tmux:
    """A command in a window of tmux, with a server of its own that nobody else sees."""

    def __init__(
        self,
        directory: Path,
        words: Sequence[str],
        size: tuple[int, int],
        environment: Mapping[str, str],
    ) -> None:
        if shutil.which("tmux") is None:
            pytest.skip("no tmux here: apt-get install tmux")
        directory.mkdir()
        self._line = ["tmux", "-f", "/dev/null", "-S", str(directory / "socket")]
        given = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
        width, height = map(str, size)
        self._do("new-session", "-d", "-x", width, "-y", height, *given, "sleep 1000")
        # Before the command starts: what it leaves on the screen is to be seen when it has ended.
        self._do("set-option", "remain-on-exit", "on")
        # tmux itself may take a pane for alive whose command has ended: the shell tells.
        self._status = directory / "status"
        shell = ["sh", "-c", f'"$@"; echo $? > {shlex.quote(str(self._status))}', "sh"]
        self._do("respawn-pane", "-k", *given, *shell, *words)

    def _do(self, *words: str) -> str:
        done = subprocess.run(
            [*self._line, *words], capture_output=True, text=True, timeout=30, check=True
        )
        return done.stdout

    @property
    def lines(self) -> list[str]:
        """What is to be seen, without the empty lines at the end."""
        return self._do("capture-pane", "-p").rstrip("\n").split("\n")

    @property
    def everything(self) -> list[str]:
        """What is to be seen, below what has scrolled away."""
        return self._do("capture-pane", "-p", "-S", "-").rstrip("\n").split("\n")

    @property
    def codes(self) -> str:
        """The same with its colours, as SGR sequences."""
        return self._do("capture-pane", "-p", "-e")

    def ask(self, variable: str) -> str:
        """A variable of the window, as tmux names it."""
        return self._do("display-message", "-p", f"#{{{variable}}}").strip()

    def press(self, keys: str) -> None:
        self._do("send-keys", "-l", keys)

    def resize(self, width: int, height: int) -> None:
        self._do("resize-window", "-x", str(width), "-y", str(height))

    def wait(self, condition: Callable[[list[str]], bool], what: str) -> list[str]:
        """Wait until the lines are so; gives them."""
        deadline = time.monotonic() + PATIENCE
        while not condition(lines := self.lines):
            assert time.monotonic() < deadline, f"never: {what}\n" + "\n".join(lines)
            time.sleep(0.05)
        return lines

    def wait_for(self, text: str) -> list[str]:
        """Wait until a text is to be seen."""
        return self.wait(lambda lines: text in "\n".join(lines), text)

    def wait_for_end(self) -> int:
        """Wait until the command has ended; gives its status."""
        self.wait(lambda _: self._status.exists() and self._status.read_text() != "", "the end")
        return int(self._status.read_text())

    def close(self) -> None:
        subprocess.run([*self._line, "kill-server"], capture_output=True, timeout=30, check=False)


def recorded(words: Sequence[str], size: tuple[int, int], environment: Mapping[str, str]) -> bytes:
    """All that a command writes to a terminal of that size until it ends."""
    near, far = pty.openpty()
    termios.tcsetwinsize(far, (size[1], size[0]))
    process = subprocess.Popen(
        words, stdin=far, stdout=far, stderr=far, env={**os.environ, **environment}
    )
    os.close(far)
    written = bytearray()
    try:
        while data := _read(near):
            written += data
        process.wait(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
        os.close(near)
    return bytes(written)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # EIO: nobody has it open any more
        return b""
