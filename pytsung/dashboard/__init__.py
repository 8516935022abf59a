"""The run, live, for people: on the terminal.

Must not know how figures are collected: it draws what it is given.
"""

from pytsung.dashboard.result import render_summary
from pytsung.dashboard.terminal import LiveState, LiveView, make_console

__all__ = ["LiveState", "LiveView", "make_console", "render_summary"]
