"""A plan in words: one sentence for a report, a page for `pytsung check`.

Must not know any protocol: whoever asks says how a request reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import groupby

from pytsung.plan.hosts import AgentHost, Monitor, Transport
from pytsung.plan.load import ArrivalPhase, Load
from pytsung.plan.options import ConnectionOptions
from pytsung.plan.plan import Dump, Plan
from pytsung.plan.quantities import amount, length_of_time, number, rate
from pytsung.plan.sessions import Request, Session
from pytsung.plan.step_words import session_lines

DescribeRequest = Callable[[str, Request], str]
"""A request in a few words, from the session's type and the request."""

_MOST_LINES = 40
"""Lines of one session on the page; a recorded session may have thousands."""


def sentence(plan: Plan) -> str:
    """The plan in one sentence, without a full stop."""
    hosts = amount(len(plan.agent_hosts), "host")
    targets = [str(target.endpoint) for target in plan.targets]
    where = targets[0] if len(targets) == 1 else amount(len(targets), "target")
    sessions = amount(len(plan.sessions), "session")
    return f"{_arrivals(plan.load)} from {hosts} to {where}, playing {sessions}"


def describe(plan: Plan, describe_request: DescribeRequest) -> str:
    """The plan as a page of text, a section each for hosts, targets, arrivals and sessions."""
    sections = [
        [f"{plan.name}: {sentence(plan)}"],
        ["Agent hosts", *_table(_host_rows(plan.agent_hosts))],
        ["Targets", *_table(_target_rows(plan))],
        ["Arrivals", *_table(_arrival_rows(plan))],
    ]
    common = (
        plan.sessions[0].options if len({each.options for each in plan.sessions}) == 1 else None
    )
    for position, session in enumerate(plan.sessions):
        sections.append(_session(plan, position, session, describe_request, common is None))
    if common is not None and common != ConnectionOptions():
        sections.append(["Options", *_table(_option_rows(common))])
    settings = list(_settings(plan))
    if settings:
        sections.append(["Also", *_table(settings)])
    return "\n\n".join("\n".join(lines) for lines in sections)


def _arrivals(load: Load) -> str:
    phases = load.all_phases()
    parts = []
    if users := sum(phase.users for phase in phases):
        rates = {phase.rate for phase in phases if phase.users}
        pace = rate(max(rates))
        if len(rates) > 1:
            pace = (
                f"{pace} at most" if pace.startswith("one") else pace.replace("at", "at up to", 1)
            )
        arrive = "arrives" if users == 1 else "arrive"
        span = length_of_time(_span(phases))
        parts.append(f"{amount(users, 'user')} {arrive} {pace} over {span}")
    if scheduled := len(load.scheduled_users):
        start = "starts" if scheduled == 1 else "start"
        last = length_of_time(load.scheduled_users[-1].start_time)
        parts.append(f"{amount(scheduled, 'scheduled user')} {start} within {last}")
    text = " and ".join(parts) or "nobody arrives"
    return f"{text}, stopped after {length_of_time(load.duration)}," if load.duration else text


def _span(phases: Sequence[ArrivalPhase]) -> float:
    """How long users arrive: the last phase is over with its last user, the others last it out."""
    *others, last = phases
    return round(sum(phase.duration for phase in others) + _arriving(last), 3)


def _arriving(phase: ArrivalPhase) -> float:
    """How long users arrive in a phase: less than all of it where their number is cut."""
    needed = phase.users / phase.rate if phase.rate else 0.0
    return min(phase.duration, round(needed, 3))


Row = tuple[str, str]

_CARRIED: Mapping[Transport, str] = {
    Transport.TCP: "TCP",
    Transport.TLS: "TLS",
    Transport.UDP: "UDP",
    Transport.WEBSOCKET: "in a WebSocket",
    Transport.WEBSOCKET_TLS: "in a WebSocket over TLS",
    Transport.LOCAL: "on the agent hosts themselves",
}


_DUMPED: Mapping[Dump, str] = {
    Dump.TRAFFIC: "everything sent and received",
    Dump.LIGHT: "the beginning of everything sent and received",
    Dump.PROTOCOL: "a line for each HTTP request",
    Dump.PROTOCOL_LOCAL: "a line for each HTTP request, a file for each agent",
}


def _host_rows(hosts: Sequence[AgentHost]) -> Iterator[Row]:
    """A row a host; hosts that are alike and follow each other share one."""
    for words, alike in groupby(hosts, _host):
        names = [host.name for host in alike]
        if len(names) <= 2:
            yield from ((name, words) for name in names)
        else:
            yield f"{names[0]} … {names[-1]}", f"{amount(len(names), 'host')}, each {words}"


def _host(host: AgentHost) -> str:
    words = [f"{amount(host.workers, 'worker')} of at most {amount(host.max_users, 'user')}"]
    if host.weight != 1:
        words.append(f"weight {number(host.weight)}")
    if host.source_range:
        words.append(f"from addresses {host.source_range}")
    elif host.source_addresses:
        more = len(host.source_addresses) - 3
        shown = ", ".join(host.source_addresses[:3]) + (f" and {more} more" if more > 0 else "")
        words.append(f"from {shown}")
    return ", ".join(words)


def _target_rows(plan: Plan) -> Iterator[Row]:
    whole = sum(target.weight for target in plan.targets)
    for target in plan.targets:
        words = [_CARRIED[target.endpoint.transport]]
        if target.endpoint.ipv6:
            words.append("over IPv6")
        if len(plan.targets) > 1:
            words.append(f"for {number(100 * target.weight / whole)} % of the users")
        yield str(target.endpoint), " ".join(words)


def _arrival_rows(plan: Plan) -> Iterator[Row]:
    load = plan.load
    for phase in load.phases:
        yield f"phase {phase.number}", _phase(phase)
        if len(phase.weights) > 1:
            yield "", _shares(plan, phase.weights)
    if load.loop:
        yield "then", f"all of it {amount(load.loop, 'time')} more"
    starts = [(user.start_time, user.session) for user in load.scheduled_users]
    for (time, position), same in groupby(starts):
        users = amount(len(list(same)), "user")
        yield f"at {length_of_time(time)}", f"{users} of session {plan.sessions[position].name}"
    if load.duration:
        yield "stop", f"after {length_of_time(load.duration)}, whatever is running"
    if not load.phases and not load.scheduled_users:
        yield "nobody", "neither phases nor scheduled users"


def _phase(phase: ArrivalPhase) -> str:
    whole = length_of_time(phase.duration)
    cut = phase.users == phase.max_users and _arriving(phase) < phase.duration
    time = f"the first {length_of_time(_arriving(phase))} of {whole}" if cut else whole
    text = f"{amount(phase.users, 'user')} {rate(phase.rate)} in {time}"
    return text + (", then wait for all of them to finish" if phase.wait_all_sessions_end else "")


def _shares(plan: Plan, weights: Sequence[float]) -> str:
    whole = sum(weights)
    shares = (
        f"{session.name} {number(100 * weight / whole)} %"
        for session, weight in zip(plan.sessions, weights, strict=True)
        if weight
    )
    return ", ".join(shares)


def _session(
    plan: Plan, position: int, session: Session, describe_request: DescribeRequest, options: bool
) -> list[str]:
    words = [session.kind]
    if not session.persistent:
        words.append("ends when the target closes")
    lines = [f"Session {position + 1} of {len(plan.sessions)}: {session.name} ({', '.join(words)})"]
    steps = session_lines(session, describe_request)
    lines += steps[:_MOST_LINES]
    if len(steps) > _MOST_LINES:
        lines.append(f"  … and {number(len(steps) - _MOST_LINES)} lines more")
    if options and session.options != ConnectionOptions():
        lines.append("  with the options")
        lines += [f"  {line}" for line in _table(_option_rows(session.options))]
    return lines


def _option_rows(options: ConnectionOptions) -> Iterator[Row]:
    """What differs from the defaults, in the words of the field's names."""
    default = ConnectionOptions()
    parts: tuple[tuple[str, object, object], ...] = (
        ("", options, default),
        ("TLS ", options.tls, default.tls),
        ("WebSocket ", options.websocket, default.websocket),
    )
    for prefix, part, usual in parts:
        for field in fields(part):  # type: ignore[arg-type] # dataclasses, all of them
            value = getattr(part, field.name)
            if field.name not in ("tls", "websocket") and value != getattr(usual, field.name):
                yield prefix + field.name.replace("_", " "), _value(field.name, value)


def _value(name: str, value: object) -> str:
    if name.endswith(("timeout", "delay")) and isinstance(value, float):
        return length_of_time(value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if name == "source_ports" and isinstance(value, tuple):
        return f"{value[0]} to {value[1]}"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return number(value) if isinstance(value, int) else str(value)


def _settings(plan: Plan) -> Iterator[Row]:
    if plan.monitors:
        yield "monitored", ", ".join(map(_monitored, plan.monitors))
    if plan.seed is not None:
        yield "seed", str(plan.seed)
    if plan.quirks:
        yield "quirks", "as Tsung, defects included"
    if plan.dump is not Dump.NOTHING:
        yield "dumped", _DUMPED[plan.dump]
    for limit in plan.thresholds:
        yield "limit", limit


def _monitored(monitor: Monitor) -> str:
    """A host, how it is asked, and what else there."""
    if monitor.kind == "snmp":
        return f"{monitor.host} (SNMP)"
    if monitor.kind == "munin":
        return f"{monitor.host} (munin)"
    return f"{monitor.host} with MySQL" if monitor.mysql is not None else monitor.host


def _table(rows: Iterable[Row]) -> list[str]:
    """Rows under each other, the second column aligned."""
    listed = list(rows)
    width = min(max((len(left) for left, _ in listed), default=0), 32)
    return [f"  {left:<{width}}  {right}" for left, right in listed]
