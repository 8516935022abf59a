"""Everything about `ts_raw` sessions that the rest of pytsung asks a room.

Must not know how a configuration is found, nor lxml: elements are duck-typed.
"""

from __future__ import annotations

from pytsung.plan import Request
from pytsung.protocols.raw.conversation import LARGEST, RawConversation
from pytsung.protocols.raw.requests import RawRequest
from pytsung.protocols.raw.vocabulary import MARKS, VOCABULARY
from pytsung.protocols.room import Ack, Element, Reader

_ACKS = ("local", "no_ack", "global")


class RawRoom:
    """The room of `ts_raw`."""

    session_type = "ts_raw"
    element = "raw"
    request_types: tuple[type[Request], ...] = (RawRequest,)
    bidirectional = False
    vocabulary = VOCABULARY
    marks = MARKS

    def read_request(self, element: Element, reader: Reader, *, substitute: bool) -> Request | None:
        """The request that a `<raw>` asks for; None after a fault was reported."""
        reader.known(element, VOCABULARY["raw"])
        if not reader.required(element, "ack"):
            return None
        ack = Ack(reader.choice(element, "ack", _ACKS, "local"))
        data = reader.text(element, "data")
        size = reader.text(element, "datasize").strip()
        if substitute and size.startswith("%%"):
            return RawRequest(data, size, ack)
        number = reader.integer(element, "datasize", 0)
        if number > LARGEST:
            reader.fault(element, f"datasize is {number} bytes", f"write {LARGEST} at most")
        if not number and not data and ack is not Ack.GLOBAL:
            reader.warn(element, "this <raw> sends nothing", 'write data="…" or datasize="…"')
        if number and data:
            reader.warn(element, "datasize wins, and data is not sent", "remove one of them")
        if not substitute and "%%_" in data:
            reader.warn(element, "%%_…%% is sent as it stands", "write <request subst='true'>")
        return RawRequest(data, str(number) if number else "", ack)

    def describe(self, request: Request) -> str:
        """A request in a few words, for `pytsung check`."""
        assert isinstance(request, RawRequest)
        size = request.size or str(len(request.data.encode("utf-8", "replace")))
        answer = {
            Ack.FIRST_DATA: "wait for an answer",
            Ack.GLOBAL: "wait for all the others",
        }.get(request.ack, "wait for nothing")
        return f"send {size} bytes, {answer}"

    def converse(self) -> RawConversation:
        """A new user's conversation, not yet connected."""
        return RawConversation()
