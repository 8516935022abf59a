"""What happened in a run, in words: one line for a page, a terminal or a log.

Must not know where events come from or who reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Fields = Mapping[str, Any]


def _order(fields: Fields) -> str:
    who = f" ({fields['by']})" if fields.get("by") else ""
    if fields.get("action") == "rate":
        return f"operator{who}: {fields.get('rate', 0):g} arrivals per second from now on"
    words = {"pause": "arrivals paused", "resume": "arrivals resumed", "stop": "stop"}
    return f"operator{who}: {words.get(str(fields.get('action')), 'order')}"


def _stop(fields: Fields) -> str:
    reasons = {
        "duration": "the load's own duration is over",
        "aborted": "a session aborted the test",
        "interrupted": "stopped by SIGINT",
        "terminated": "stopped by SIGTERM",
        "stopped": "stopped by the operator",
        "unwritable": "the log directory cannot be written any more",
        "fault": "stopped by a fault",
        "threshold": "a threshold was crossed",
    }
    reason = str(fields.get("reason"))
    return f"the test is ending: {reasons.get(reason, reason)}"


_SENTENCES: dict[str, Callable[[Fields], str]] = {
    "start": lambda fields: f"the test begins, seed {fields.get('seed')}",
    "phase": lambda fields: f"arrival phase {fields.get('phase')} begins",
    "order": _order,
    "stop": _stop,
    "threshold": lambda fields: f"threshold crossed: {fields.get('threshold')}",
    "threshold-kept": lambda fields: f"threshold kept again: {fields.get('threshold')}",
    "agent-lost": lambda fields: (
        f"agent {fields.get('agent')} lost with {fields.get('users'):,} users:"
        f" {fields.get('reason')}"
    ),
    "worker-lost": lambda fields: (
        f"agent {fields.get('agent')}: worker {fields.get('worker')} lost with"
        f" {fields.get('users'):,} users: {fields.get('reason')}"
    ),
    "agent-stalled": lambda fields: (
        f"agent {fields.get('agent')} says nothing, for {fields.get('silence')} s now"
    ),
    "monitor-unreachable": lambda fields: (
        f"{fields.get('host')} is not monitored: {fields.get('reason')}"
    ),
    "monitor-lost": lambda fields: (
        f"{fields.get('host')} is monitored no more: {fields.get('reason')}"
    ),
    "monitor-back": lambda fields: f"{fields.get('host')} is monitored again",
}

ALARMING = ("agent-lost", "worker-lost", "threshold")
"""Events that are shown in red; those of WORRYING in yellow."""

WORRYING = ("agent-stalled", "monitor-lost", "monitor-unreachable", "stop")


def sentence(kind: str, fields: Fields) -> str:
    """An event in a line; one that nobody has words for is shown with its fields."""
    if kind in _SENTENCES:
        return _SENTENCES[kind](fields)
    more = ", ".join(f"{name} {value}" for name, value in fields.items())
    return f"{kind.replace('-', ' ')} {more}".strip()


def mood(kind: str) -> str:
    """`bad`, `warn` or nothing: how an event is to be coloured."""
    return "bad" if kind in ALARMING else "warn" if kind in WORRYING else ""
