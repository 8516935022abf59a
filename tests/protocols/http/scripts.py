"""Sessions of HTTP written as XML, and the bytes that one user sends for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from pytsung.config import read_configuration
from pytsung.plan import Cargo, Endpoint, Plan, RequestStep, Session
from pytsung.protocols.http.conversation import HttpConversation
from pytsung.protocols.http.requests import HttpRequest
from pytsung.protocols.http.room import HttpRoom
from pytsung.protocols.registry import installed
from pytsung.protocols.room import Conversation, RequestContext, furnished
from pytsung.user import substitution
from tests.config.configurations import CLIENTS, document

SERVER = '<servers><server host="localhost" port="8881" type="tcp"/></servers>'
TWO_SERVERS = (
    '<servers><server host="localhost" port="8881" type="tcp"/>'
    '<server host="other" port="80" type="tcp"/></servers>'
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FUNCTIONS = {
    "ts_user_server:get_unique_id": "1",
    "ts_user_server:get_really_unique_id": "1795422424-1",
}
NOW = 1_700_000_000.0


def http(inside: str = "", subst: str = "", **attributes: str) -> str:
    """A `<request>` with an `<http>` in it."""
    asked = f' subst="{subst}"' if subst else ""
    words = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<request{asked}><http {words}>{inside}</http></request>"


def plan(steps: str, kind: str = "ts_http", **sections: Any) -> Plan:
    """The plan of one session with these steps."""
    sessions = f'<session name="one" weight="1" type="{kind}">{steps}</session>'
    sections.setdefault("servers", SERVER)
    data = document(clients=CLIENTS, sessions=sessions, **sections)
    return read_configuration(data, name="test.xml").plan


def request(inside: str = "", subst: str = "", **attributes: str) -> HttpRequest:
    """The one request of a session."""
    (step,) = plan(http(inside, subst, **attributes)).sessions[0].steps
    assert isinstance(step, RequestStep)
    assert isinstance(step.request, HttpRequest)
    return step.request


@dataclass
class Browser:
    """One user without sockets: plays a session's requests, and is answered at once."""

    session: Session
    endpoint: Endpoint
    variables: Mapping[str, str] = field(default_factory=dict)
    quirks: bool = False
    now: float = NOW
    random: Random = field(default_factory=lambda: Random(7))
    files: Cargo = field(default_factory=dict)
    places: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        room = installed().room(self.session.kind)
        self.conversation: Conversation = furnished(room, self.session.protocol_options).converse()

    def fill(self, text: str) -> str:
        return substitution.fill(text, self.variables.__getitem__, FUNCTIONS.__getitem__)

    def send(self, step: RequestStep, *, keep: bool = False) -> bytes:
        """Begin a request; the bytes."""
        context = RequestContext(
            self.endpoint,
            self.random,
            self.fill if step.substitute else lambda text: text,
            self.quirks,
            keep_answer=keep,
            unix_time=self.now,
            files=self.files,
        )
        exchange = self.conversation.begin(step.request, context)
        if exchange.endpoint is not None:
            self.endpoint = exchange.endpoint
        self.places.append(str(self.endpoint))
        return exchange.data

    def play(self, answers: Sequence[bytes] = ()) -> list[bytes]:
        """Every request of the session, in order; those without an answer are told OK."""
        sent = []
        for number, step in enumerate(self.session.steps):
            assert isinstance(step, RequestStep)
            sent.append(self.send(step))
            answer = answers[number] if number < len(answers) else OK
            assert self.conversation.feed(answer).complete
        return sent


def browser(steps: str, *, quirks: bool = False, kind: str = "ts_http", **rest: Any) -> Browser:
    """A user who plays these steps."""
    variables = rest.pop("variables", {})
    read = plan(steps, kind, **rest)
    return Browser(read.sessions[0], read.targets[0].endpoint, variables, quirks)


def sent(steps: str, answers: Sequence[bytes] = (), **rest: Any) -> list[bytes]:
    """What a user sends who plays these steps."""
    return browser(steps, **rest).play(answers)


def lines(data: bytes) -> list[str]:
    """The lines of a request's head."""
    return data.partition(b"\r\n\r\n")[0].decode().split("\r\n")


def asking(request: HttpRequest, *, keep: bool = False, quirks: bool = False) -> HttpConversation:
    """A conversation that awaits the answer to a request."""
    conversation = HttpRoom().converse()
    context = RequestContext(
        Endpoint("localhost", 8881), Random(1), str, quirks, keep_answer=keep, unix_time=NOW
    )
    conversation.begin(request, context)
    return conversation


def beside(path: Path, **attributes: str) -> bytes:
    """What the one request of a configuration at `path` sends."""
    sessions = f'<session name="one" weight="1" type="ts_http">{http(**attributes)}</session>'
    path.write_bytes(document(servers=SERVER, sessions=sessions))
    read = read_configuration(path)
    plan, files = read.plan, read.cargo
    return Browser(plan.sessions[0], plan.targets[0].endpoint, files=files).play()[0]
