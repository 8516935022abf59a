"""In words: variables that are set, what is looked for in answers, changes on the way.

Must not know any protocol.
"""

from __future__ import annotations

from pytsung.plan.answers import MatchAction
from pytsung.plan.changes import (
    Change,
    ChangeType,
    Interaction,
    SetCertificate,
    SetConnectTimeout,
    SetRateLimit,
)
from pytsung.plan.hosts import Transport
from pytsung.plan.quantities import amount, length_of_time
from pytsung.plan.sessions import RequestStep
from pytsung.plan.sources import (
    BuiltIn,
    Constant,
    ErlangCode,
    FileLine,
    JsonPart,
    PythonCall,
    RandomNumber,
    RandomText,
    SetVariables,
    VariableSource,
)


def inspection_words(step: RequestStep) -> str:
    """What is looked for in a request's answer; empty if nothing is."""
    parts = []
    if step.extractions:
        parts.append("take " + ", ".join(each.variable for each in step.extractions))
    matches = [match for match in step.matches if match.action is MatchAction.CONTINUE]
    others = [match.action.value for match in step.matches if match not in matches]
    if matches:
        parts.append("1 match" if len(matches) == 1 else f"{len(matches)} matches")
    parts += [f"{name} by a match" for name in others]
    return f"; {', '.join(parts)}" if parts else ""


def variable_words(step: SetVariables) -> str:
    """Which variables are set, and from what."""
    return f"set {', '.join(step.names)} to {_source_words(step.source)}"


def _source_words(source: VariableSource) -> str:
    if isinstance(source, RandomNumber):
        return f"a number from {source.first} to {source.last}"
    if isinstance(source, RandomText):
        return f"{amount(source.length, 'random letter')}"
    if isinstance(source, Constant):
        return f"“{source.value}”"
    if isinstance(source, FileLine):
        return f"{'the next' if source.in_order else 'a random'} line of {source.file}"
    if isinstance(source, JsonPart):
        return f"{source.path} of {source.source}"
    if isinstance(source, BuiltIn):
        return source.function
    if isinstance(source, ErlangCode):
        return f"Erlang: {' '.join(source.code.split())}"
    return f"Python: {source.callback}" if isinstance(source, PythonCall) else "host and port"


_TRANSPORTS = {
    Transport.TLS: " with TLS",
    Transport.UDP: " by UDP",
    Transport.WEBSOCKET: " in a WebSocket",
    Transport.WEBSOCKET_TLS: " in a WebSocket with TLS",
    Transport.LOCAL: " (on the agent host itself)",
}


def change_words(step: Change) -> str:
    """What changes from here on."""
    if isinstance(step, ChangeType):
        secure = _TRANSPORTS.get(step.transport, "")
        kept = ", keep the connection" if step.store else ""
        taken = ", take up the one kept" if step.restore else ""
        return f"go on as {step.kind} at {step.host}:{step.port}{secure}{kept}{taken}"
    if isinstance(step, SetRateLimit):
        return f"read at most {step.limit.rate / 1024:.0f} KB a second"
    if isinstance(step, SetConnectTimeout):
        return f"connect within {length_of_time(step.seconds)}"
    if isinstance(step, SetCertificate):
        return f"show the certificate {step.certificate}"
    if isinstance(step, Interaction):
        return f"{'send' if step.is_send else 'receive'} {step.name}"
    return "wait for all the others"
