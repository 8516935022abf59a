"""What a user learns of an answer, whatever pieces it came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytsung.protocols.http.requests import HttpRequest
from tests.protocols.http.scripts import asking, request

GET = request(url="/")
HEAD = request(url="/", method="HEAD")


@dataclass(frozen=True)
class Outcome:
    """What the user learns of an answer; `closed` if the peer had to close."""

    counters: tuple[str, ...]
    complete: bool = True
    close: bool = False
    error: str = ""
    answer: bytes = b""
    pushes: int = 0


def outcome(
    blocks: Iterable[bytes],
    asked: HttpRequest = GET,
    *,
    keep: bool = False,
    quirks: bool = False,
    closes: bool = False,
) -> Outcome:
    """Feed blocks, then the end of the stream if the peer closes; all feedback in one."""
    conversation = asking(asked, keep=keep, quirks=quirks)
    counters: list[str] = []
    complete = close = False
    error, answer, pushes = "", b"", 0
    for block in blocks:
        feedback = conversation.feed(block)
        counters += feedback.counters
        pushes += feedback.pushes
        complete = complete or feedback.complete
        close = close or feedback.close
        error = error or feedback.error
        answer = answer or feedback.answer
        if close:
            break
    if closes and not complete and not error:
        feedback = conversation.peer_closed()
        counters += feedback.counters
        complete, close = feedback.complete, feedback.close
        answer = feedback.answer
    return Outcome(tuple(counters), complete, close, error, answer, pushes)


OK = b"HTTP/1.1 200 OK\r\n"
