"""A protocol of one line a request, to play sessions without a real one.

The smallest room that uses the whole seam: `ask` is answered by a line, `!…` is a
line nobody asked for, `ping` wants a `pong`, `bye` closes, `nonsense` breaks the rules.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.plan import Request
from pytsung.protocols.room import (
    Ack,
    Element,
    Exchange,
    Feedback,
    Reader,
    RequestContext,
    RequestError,
)


@dataclass(frozen=True, slots=True)
class Line(Request):
    """Send a line; `impossible` is one that cannot be sent."""

    text: str
    ack: Ack = Ack.ANSWER


class LineConversation:
    """Knows whether an answer is owed, and the beginning of a line."""

    def __init__(self) -> None:
        self.awaits = False
        self.rest = b""

    def begin(self, request: Request, context: RequestContext) -> Exchange:
        assert isinstance(request, Line)
        if request.text == "impossible":
            raise RequestError("error_line_impossible")
        self.awaits = request.ack is Ack.ANSWER
        return Exchange(context.fill(request.text).encode() + b"\n", request.ack)

    def feed(self, data: bytes) -> Feedback:
        *lines, self.rest = (self.rest + data).split(b"\n")
        feedback = Feedback()
        for line in lines:
            self._take(line, feedback)
        return feedback

    def _take(self, line: bytes, feedback: Feedback) -> None:
        if line == b"ping":
            feedback.reply += b"pong\n"
        elif line == b"bye":
            feedback.close = True
        elif line == b"nonsense":
            feedback.error = "error_line_nonsense"
        elif self.awaits and not line.startswith(b"!"):
            self.awaits = False
            feedback.complete = True
            feedback.answer = line
            feedback.counters += ("line_answered",)
            feedback.close = line.endswith(b"bye")
        else:
            feedback.pushes += 1

    def peer_closed(self) -> Feedback:
        if self.rest == b"unfinished":
            return Feedback(error="error_line_unfinished")
        return Feedback(complete=True, close=True)

    def disconnected(self) -> None:
        self.awaits = False
        self.rest = b""


class LineRoom:
    """The room of `ts_line`."""

    session_type = "ts_line"
    element = "line"
    request_types: tuple[type[Request], ...] = (Line,)
    bidirectional = False

    def read_request(self, element: Element, reader: Reader, *, substitute: bool) -> Request | None:
        return Line(reader.required(element, "text"))

    def describe(self, request: Request) -> str:
        return repr(request)

    def converse(self) -> LineConversation:
        return LineConversation()
