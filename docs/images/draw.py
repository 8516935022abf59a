"""Draws docs/images/bench.svg: what `make bench` leaves on a terminal. Needs tmux.

    .venv/bin/python docs/images/draw.py

tmux is the terminal: it plays the run's cursor movements, and gives back the last screen
with its colours, which rich sets as SVG. Nothing of it is touched but the path of the
checkout, which is drawn as ~/pytsung.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parents[2]
PICTURE = Path(__file__).with_name("bench.svg")
WIDTH, HEIGHT = 96, 40
LONGEST = 180.0
"""Seconds after which the run is given up."""

THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [
        (72, 79, 88),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (201, 209, 217),
    ],
)
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def last_screen(command: str) -> str:
    """The screen of a terminal in which `command` has run, with escape sequences for colours."""
    tmux = [shutil.which("tmux") or sys.exit("draw.py: no tmux here; apt install tmux"), "-L"]
    tmux += [f"draw-{os.getpid()}", "-f", "/dev/null"]
    size = ["-x", str(WIDTH), "-y", str(HEIGHT)]
    shell = f"PS1= PYTSUNG_LOOPBACK_ONLY=1 COLORTERM=truecolor sh -c '{command}; echo END; cat'"
    subprocess.run([*tmux, "new-session", "-d", *size, "-c", str(ROOT), shell], check=True)
    try:
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            screen = subprocess.run(
                [*tmux, "capture-pane", "-e", "-p"], check=True, capture_output=True, text=True
            ).stdout
            before, *end = re.split(r"\n(?:\x1b\[[0-9;]*m)*END", screen)
            if end:
                return before
            time.sleep(0.5)
        sys.exit(f"draw.py: {command} took more than {LONGEST:.0f} s")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def draw(screen: str, title: str) -> str:
    """An SVG of a screen that needs no font from the network."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(
            record=True, width=WIDTH, file=nowhere, force_terminal=True, color_system="truecolor"
        )
        # tmux leaves it open whether bold ends dim; rich's texts mean that it does. And
        # without an empty last line rich cuts off the descenders of the one before.
        console.print(Text.from_ansi(screen.rstrip().replace("\x1b[1m", "\x1b[0;1m") + "\n"))
        svg = console.export_svg(title=title, theme=THEME, unique_id="bench")
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", FONT)


def main() -> None:
    """Run it and draw it."""
    install = "make --silent .venv/.installed && clear"
    screen = last_screen(f"{install} && make --silent bench").replace(str(ROOT), "~/pytsung")
    PICTURE.write_text(draw(f"$ make bench\n{screen}", "pytsung"), encoding="utf-8")


if __name__ == "__main__":
    main()
