"""The goals of this project's speed and size, and whether a figure meets them.

A measurement says its goals below its table; `table` gathers what they said from the page
about performance. What is missed has a reason and the next idea here. Must not know how a
figure came about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MET = "met"


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal. `limit` is the most that meets it, or with `is_least` the least.

    `because` is shown where it is missed: why, and what could be tried next.
    """

    key: str
    what: str
    words: str
    limit: float
    program: str
    because: str
    is_least: bool = False

    @property
    def text(self) -> str:
        """The goal in words, as it opens its line below a table."""
        return f"{self.what}, {self.words}"

    def judge(self, value: float) -> str:
        """`met`, or by which factor it was missed."""
        is_met = value >= self.limit if self.is_least else value <= self.limit
        if is_met:
            return _MET
        if not value or not self.limit:
            return "missed"
        factor = self.limit / value if self.is_least else value / self.limit
        return f"missed, {factor:.2f} ×"


GOALS = (
    Goal(
        "user",
        "Idle WebSocket user, RSS of the workers",
        "≤ 512 B",
        512,
        "memory",
        "A user is three objects of 352 B together (its socket, its place in the session, its"
        " conversation) and four or five numbers of 24 to 32 B, besides its places among the"
        " descriptors and the timers; the rest is what the heap keeps of the arrivals. Next: times"
        " that a thinking user does not need, and the attributes of detours that few sessions take,"
        " in an object of their own that is made on need.",
    ),
    Goal(
        "saturating-bare",
        "Connect and upgrade, flat out, × a bare epoll loop",
        "≤ 1.3",
        1.3,
        "connect",
        "Kernel time is the same for both; the rest is what the bare loop does not have: a session"
        " with its variables, a key of its own, checks of the answer, samples. Next: do once a"
        " session what is still done once a user.",
    ),
    Goal(
        "saturating-tsung",
        "Connect and upgrade, flat out, cheaper than Tsung",
        "≥ 8 ×",
        8,
        "connect",
        "Next: as for the bare loop.",
        is_least=True,
    ),
    Goal(
        "steady-bare",
        "Connect and upgrade at 1,000/s, × a bare epoll loop",
        "≤ 1.15",
        1.15,
        "connect",
        "At this rate processors go to sleep and caches get cold between users: more code is more"
        " to fetch again. Next: fewer wake-ups a user; starting them every 10 ms instead of 5"
        " would help, but send them to the target in bursts.",
    ),
    Goal(
        "steady",
        "Connect and upgrade at 1,000/s",
        "≤ 120 µs",
        120e-6,
        "connect",
        "The bare loop's own figure moves between 60 and 100 µs with the machine; compare the"
        " ratio above.",
    ),
    Goal(
        "http-wrk",
        "HTTP GET on a kept connection, × wrk",
        "≤ 2.2",
        2.2,
        "http",
        "Next: profile the worker at saturation again.",
    ),
    Goal(
        "http-tsung",
        "HTTP GET, cheaper than Tsung",
        "≥ 4 ×",
        4,
        "http",
        "wrk, in C and without sessions, is hardly cheaper: reading and writing take most of a"
        " request, in the kernel. What is left is Python on the way"
        " from an answer to the next request; next: less of it.",
        is_least=True,
    ),
    Goal(
        "http-k6",
        "HTTP GET, cheaper than k6",
        "≥ 4 ×",
        4,
        "http",
        "Next: as for Tsung.",
        is_least=True,
    ),
    Goal(
        "http-locust",
        "HTTP GET, cheaper than Locust's FastHttpUser",
        "≥ 10 ×",
        10,
        "http",
        "Next: as for Tsung.",
        is_least=True,
    ),
    Goal(
        "held",
        "Connections held on one machine, target included",
        "≥ 1,000,000",
        1_000_000,
        "million",
        "Processes hold 20,000 descriptors each here; see what the run itself says.",
        is_least=True,
    ),
    Goal(
        "held-memory",
        "Memory of the machine for that",
        "≤ 8 GB",
        8e9,
        "million",
        "The kernel keeps some 4 KB for each end of a connection, and each of some fifty workers"
        " has 7 MB of its own before it holds a user. Next: see what of that is written after the"
        " fork and need not be; fewer, larger workers where more descriptors are allowed.",
    ),
    Goal(
        "held-errors",
        "Errors meanwhile",
        "0",
        0,
        "million",
        "See what the run itself says.",
    ),
    Goal(
        "held-time",
        "Time to open them, flat out",
        "≤ 120 s",
        120,
        "million",
        "Clients and server share the processors, and the kernel takes more than half of them."
        " Next: as for the cost of a connection.",
    ),
    Goal(
        "holding",
        "CPU of the workers that hold a million users in think times of 30 s",
        "≤ 0.25 core",
        0.25,
        "growth.users",
        "Every user wakes once in 30 s, decides, and sleeps again: 33,333 a second. Next: wake"
        " all users of one slot of the calendar in one call.",
    ),
    Goal(
        "server-connection",
        "Server: memory of an idle connection, user space",
        "≤ 512 B",
        512,
        "server",
        "Next: see what a connection keeps that has not spoken yet.",
    ),
    Goal(
        "server-event",
        "Server: an event, for each subscriber",
        "≤ 8 µs",
        8e-6,
        "server",
        "Most of it is what a loop that only sends takes, too: the kernel's part, and on loopback"
        " that of the receiving end as well. Next: measure with clients on another machine.",
    ),
    Goal(
        "server-blocked",
        "Server: others wait for an event to many at most",
        "≤ 10 ms",
        0.010,
        "server",
        "On two processors the clients that are sent to take the server's: what is waited for is"
        " a turn on the processor. Next: measure with clients on another machine.",
    ),
    Goal(
        "accuracy-mean",
        "Measured mean of an answer after 10 ms, at 500/s, off by",
        "≤ 0.3 ms",
        0.0003,
        "accuracy",
        "The time between an answer's coming and the worker's turn. Next: see which of the two"
        " processes waits for a processor.",
    ),
    Goal(
        "accuracy-p99",
        "The same, p99",
        "≤ 1 ms",
        0.001,
        "accuracy",
        "As for the mean.",
    ),
    Goal(
        "controller",
        "Controller's CPU with 64 agents that report every second",
        "≤ 10 %",
        0.10,
        "controller",
        "Next: profile it (`--profile`): decoding reports has most of it.",
    ),
)

_BY_KEY = {goal.key: goal for goal in GOALS}


def say(key: str, value: float, figure: str) -> None:
    """Print a line that holds a figure against its goal. `figure` is the value in words."""
    print(line(key, value, figure), flush=True)


def line(key: str, value: float, figure: str) -> str:
    """The line: a figure, its goal, and by which factor that was missed."""
    goal = _BY_KEY[key]
    return f"\nGoal: {goal.text}. Measured: {figure}; {goal.judge(value)}."


def table(figures: str) -> str:
    """All goals with what the measurements said of them; `figures` is what they printed."""
    rows = ["| what | goal | figure | | measured by |", "| --- | --- | --- | --- | --- |"]
    notes = []
    for goal in GOALS:
        figure, judged = _said(goal, figures) or ("not measured", "–")
        rows.append(
            f"| {goal.what} | {goal.words} | {figure} | {judged} | `bench.{goal.program}` |"
        )
        if judged.startswith("missed"):
            notes.append(f"- **{goal.what}** ({judged}): {goal.because}")
    missed = ["Missed, why, and the next idea:", "\n".join(notes)] if notes else []
    return "\n\n".join(["\n".join(rows), *missed])


def _said(goal: Goal, figures: str) -> tuple[str, str] | None:
    """The figure, and the judgement, that stand in the goal's last line."""
    pattern = rf"^Goal: {re.escape(goal.text)}\. Measured: (.+); (met|missed.*)\.$"
    found: list[tuple[str, str]] = re.findall(pattern, figures, re.MULTILINE)
    return found[-1] if found else None
