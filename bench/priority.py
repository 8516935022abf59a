"""Have the processes of a run served before others of the machine, where that is allowed.

Two processors that hold clients and server leave nothing to spare: a tenth of a second of
somebody else's work is a tenth of a second in which users come late. Must not know what runs.
"""

from __future__ import annotations

import os

FIRST = os.sched_param(1)
"""The lowest of the real-time priorities goes before everything that has none (sched(7)).

A nice value would not do: where the kernel shares time between sessions (autogroup), it
counts within a session only; and who sleeps often and works in long system calls is served
too soon for all that. Linux keeps a twentieth of every second for the others.
"""


def put_first(pid: int) -> str:
    """Serve a process, and what it starts from now on, before others; says whether we may."""
    try:
        os.sched_setscheduler(pid, os.SCHED_RR, FIRST)
    except PermissionError:
        return "Served like all other processes of the machine: only root may ask for more."
    return "Served before other processes of the machine (real-time priority 1)."
