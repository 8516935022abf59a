"""`pytsung status` and `pytsung stop`: asking a controller that runs on this host.

What they print is Tsung's, to the letter: scripts read it. Must not know how a
controller finds its answers.
"""

from __future__ import annotations

import sys
from typing import Any

import trio

from pytsung.cli.arguments import Arguments
from pytsung.cli.host_name import host_name
from pytsung.dashboard.local_socket import asking
from pytsung.errors import ExitStatus, UsageError

PATIENCE = 10.0
"""Seconds for a controller to answer; a busy one answers within a tenth of one."""

_NOBODY = (FileNotFoundError, ConnectionRefusedError)


def status(asked: Arguments) -> int:
    """Print how the running test is doing."""
    answer = trio.run(_ask, asked.controller_id, {"ask": "status"})
    if answer is None:
        text = "Tsung is not started"
    elif not answer:
        text = "No status: Can't communicate with Tsung controller "
    else:
        text = _status_text(answer)
    sys.stdout.write(text + "\n")
    return int(ExitStatus.OK)


def _status_text(answer: dict[str, Any]) -> str:
    phase = "last, waiting for pending clients" if answer["phase"] is None else answer["phase"]
    return "\n".join(
        [
            "Tsung is running [OK]",
            f" Current request rate:    {answer['request_rate']:.2f} req/sec",
            f" Current users:           {answer['users']}",
            f" Current connected users: {answer['connected_users']} ",
            f" Current phase:           {phase}",
        ]
    )


def stop(asked: Arguments) -> int:
    """End the running test gracefully, and wait for its end. Raises UsageError if it refuses."""
    question = {"ask": "order", "action": "stop", "by": "pytsung stop", "wait": True}
    answer = trio.run(_ask, asked.controller_id, question)
    if answer is None:
        sys.stdout.write(f'"Tsung is not running on {host_name()}"\n')
    elif "error" in answer:
        raise UsageError(str(answer["error"]))
    return int(ExitStatus.OK)


async def _ask(name: str, question: dict[str, Any]) -> dict[str, Any] | None:
    """The first answer; empty if none came, None if nobody is there. Waits for the end if told."""
    try:
        async with asking(name, question) as answers:
            answer: dict[str, Any] = {}
            with trio.move_on_after(PATIENCE):
                answer = await anext(answers, {})
            if question.get("wait") and "done" in answer:
                async for _ in answers:
                    pass
            return answer
    except _NOBODY:
        return None
    except trio.BrokenResourceError:
        return {}
