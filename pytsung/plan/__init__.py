"""What to run: a test in frozen dataclasses, seconds and Python words only.

Must not know XML, Tsung's units, sockets or processes. `config` makes a `Plan`,
everything after it reads one.
"""

from pytsung.plan.hosts import AgentHost, Endpoint, Monitor, Target, Transport
from pytsung.plan.load import ArrivalPhase, Load, ScheduledUser, SessionWeights
from pytsung.plan.options import ConnectionOptions, TlsOptions
from pytsung.plan.plan import Plan
from pytsung.plan.sessions import (
    Abort,
    Comparison,
    Condition,
    For,
    Foreach,
    If,
    Pause,
    ProtocolOptions,
    Repeat,
    Request,
    RequestStep,
    Session,
    SessionStep,
    ThinkTime,
    Transaction,
    WaitForPush,
)

__all__ = [
    "Abort",
    "AgentHost",
    "ArrivalPhase",
    "Comparison",
    "Condition",
    "ConnectionOptions",
    "Endpoint",
    "For",
    "Foreach",
    "If",
    "Load",
    "Monitor",
    "Pause",
    "Plan",
    "ProtocolOptions",
    "Repeat",
    "Request",
    "RequestStep",
    "ScheduledUser",
    "Session",
    "SessionStep",
    "SessionWeights",
    "Target",
    "ThinkTime",
    "TlsOptions",
    "Transaction",
    "Transport",
    "WaitForPush",
]
