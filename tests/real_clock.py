"""Tests that run real processes by the real clock: what they need that others do not.

They wait more than they work, so that others can run beside them; and however patient they
are, a machine shared with strangers can stand still for longer than any patience. Those,
and no others, get a second chance. It is never silent: the summary says which test passed
on its second try, and why it failed on the first.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadScopeScheduling

DIRECTORIES = ("tests/fleet", "tests/end_to_end")
"""The longest ones first."""


def directory_of(nodeid: str) -> str:
    """Which of DIRECTORIES a test is below; "" for none."""
    parents = {str(path) for path in PurePosixPath(nodeid.partition("::")[0]).parents}
    return next((one for one in DIRECTORIES if one in parents), "")


def give_second_chances(items: list[pytest.Item]) -> None:
    """Let those of `items` that run by the real clock be tried twice."""
    for item in items:
        if directory_of(item.nodeid):
            item.add_marker(pytest.mark.flaky(reruns=1))


def longest_first(items: list[pytest.Item]) -> None:
    """Bring those that wait to the front, so that nobody waits for them alone at the end."""
    order = [*DIRECTORIES, ""]
    items.sort(key=lambda item: order.index(directory_of(item.nodeid)))


class Lanes(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Tests by file, for its fixtures' sake; each of DIRECTORIES one after the other.

    So at most so many tests at once measure time as there are directories.
    """

    def _split_scope(self, nodeid: str) -> str:
        return directory_of(nodeid) or nodeid.partition("::")[0]


def second_tries(reporter: pytest.TerminalReporter) -> list[str]:
    """A line for each test that passed on the second try: which, and why not on the first."""
    passed = {report.nodeid for report in reporter.getreports("passed") if report.when == "call"}
    return [
        f"passed on the second try: {report.nodeid} ({report.when} failed: {reason(report)})"
        for report in reporter.getreports("rerun")
        if report.nodeid in passed
    ]


def reason(report: pytest.TestReport) -> str:
    """The first line of what a test failed with."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longreprtext).partition("\n")[0]
