"""Users that are listened to: each says what it sends, receives and does (`dumptraffic`).

They stand in for `VirtualUser` where a configuration asks for a dump, so that nothing
of it is in the way of any other run. Must not know where it is written down.
"""

from __future__ import annotations

from dataclasses import replace

from pytsung.control.records import Exchange, MatchEvent, TrafficEvent, TrafficKind
from pytsung.plan import Endpoint, Request
from pytsung.protocols import room as rooms
from pytsung.protocols.room import Ack, Conversation, Feedback, RequestContext, Room, RoomWithLines
from pytsung.user.dump_log import DumpLog
from pytsung.user.match_log import MatchLog
from pytsung.user.operations import MakeRequest
from pytsung.user.program import Program
from pytsung.user.steps import Reply, Step
from pytsung.user.virtual_user import VirtualUser
from pytsung.user.world import World

NO_STATUS = "error_no_http_status"
"""What Tsung writes where an answer ended before it had a status."""

LIGHT = 44
"""Bytes that `dumptraffic="light"` shows of each piece: Tsung's number."""


class OverheardConversation:
    """Passes everything on to a room's conversation, and keeps what was said last.

    `sent` is the request at hand, `received` the bytes since it began; `status` is a
    counter of its answer that is a number (HTTP's), `error` what went wrong with it.
    """

    __slots__ = ("_inner", "error", "received", "room", "sent", "status")

    def __init__(self, room: Room) -> None:
        self.room = room
        self._inner = room.converse()
        self.sent = b""
        self.received = 0
        self.status = ""
        self.error = ""

    def begin(self, request: Request, context: RequestContext) -> rooms.Exchange:
        """As `Conversation.begin`."""
        exchange = self._inner.begin(request, context)
        self.sent = exchange.data
        self.received = 0
        self.status = self.error = ""
        return exchange

    def feed(self, data: bytes) -> Feedback:
        """As `Conversation.feed`."""
        self.received += len(data)
        return self._heard(self._inner.feed(data))

    def peer_closed(self) -> Feedback:
        """As `Conversation.peer_closed`."""
        return self._heard(self._inner.peer_closed())

    def disconnected(self) -> None:
        """As `Conversation.disconnected`."""
        self._inner.disconnected()

    def _heard(self, feedback: Feedback) -> Feedback:
        for counter in feedback.counters:
            if counter.isdigit():
                self.status = counter
        self.error = feedback.error
        return feedback


class OverheardUser(VirtualUser):
    """A user whose conversations are overheard."""

    __slots__ = ("_overheard",)

    def __init__(self, number: int, program: Program, endpoint: Endpoint, world: World) -> None:
        super().__init__(number, program, endpoint, world)
        self.conversation = self._converse(program.room)

    def _converse(self, room: Room) -> Conversation:
        return OverheardConversation(room)

    @property
    def overheard(self) -> OverheardConversation:
        """The conversation at hand."""
        assert isinstance(self.conversation, OverheardConversation)
        return self.conversation


class TrafficUser(OverheardUser):
    """A user that notes every piece of data, of which `limit` bytes are shown (None: all)."""

    __slots__ = ("_limit", "_log")

    def __init__(
        self,
        number: int,
        program: Program,
        endpoint: Endpoint,
        world: World,
        log: DumpLog[TrafficEvent],
        limit: int | None = None,
    ) -> None:
        super().__init__(number, program, endpoint, world)
        self._log = log
        self._limit = limit

    def start(self, now: float) -> Step:
        """As `VirtualUser.start`."""
        self._note(TrafficKind.STARTED, now)
        return super().start(now)

    def sent(self, size: int, now: float) -> Step:
        """As `VirtualUser.sent`."""
        self._note(TrafficKind.SENT, now, self.overheard.sent)
        return super().sent(size, now)

    def received(self, data: bytes, now: float) -> Step:
        """As `VirtualUser.received`; what a protocol replies at once is sent traffic, too."""
        self._note(TrafficKind.RECEIVED, now, data)
        step = super().received(data, now)
        if isinstance(step, Reply):
            self._note(TrafficKind.SENT, now, step.data)
        return step

    def _end(self, now: float) -> Step:
        self._note(TrafficKind.ENDED, now)
        return super()._end(now)

    def _note(self, kind: TrafficKind, now: float, data: bytes = b"") -> None:
        text = data[: self._limit].decode("latin-1")
        at = now - self._log.origin
        event = TrafficEvent(at, kind, self.number, self.session_number, text)
        self._log.note(event, len(text))


class AttentiveMatchLog(MatchLog):
    """Remembers the last event beside keeping it: an exchange names the match it met."""

    __slots__ = ("latest",)

    def __init__(self) -> None:
        super().__init__()
        self.latest = ""

    def note(self, event: MatchEvent) -> None:
        """As `MatchLog.note`."""
        self.latest = event.event
        super().note(event)


class ExchangeUser(OverheardUser):
    """A user that notes each exchange of the rooms that have a line for it.

    `matches` is its world's own match log.
    """

    __slots__ = ("_log", "_matches")

    def __init__(
        self,
        number: int,
        program: Program,
        endpoint: Endpoint,
        world: World,
        log: DumpLog[Exchange],
        matches: AttentiveMatchLog,
    ) -> None:
        super().__init__(number, program, endpoint, world)
        self._log = log
        self._matches = matches

    def fail(self, counter: str, now: float) -> Step:
        """As `VirtualUser.fail`; an answer that is wrong is an exchange, too."""
        if counter == self.overheard.error:
            self._note(self._exchange(now))
        return super().fail(counter, now)

    def _complete(self, now: float, answer: bytes = b"") -> Step:
        exchange = self._exchange(now)  # before the user goes on to what comes next
        self._matches.latest = ""
        step = super()._complete(now, answer)
        if exchange is not None and self._matches.latest:
            exchange = replace(exchange, match=self._matches.latest)
        self._note(exchange)
        return step

    def _exchange(self, now: float) -> Exchange | None:
        """The exchange that ends now; None where there is no line for it."""
        overheard = self.overheard
        room = overheard.room
        operation = self._operation
        if self._ack is Ack.NONE or not isinstance(room, RoomWithLines):
            return None
        assert isinstance(operation, MakeRequest)
        assert self.request_started is not None
        method, url = room.asked(overheard.sent)
        return Exchange(
            at=now - self._log.origin,
            user=self.number,
            method=method,
            host=self.endpoint.host,
            url=url,
            status=overheard.status or NO_STATUS,
            size=overheard.received,
            duration=now - self.request_started,
            transaction=self.innermost_transaction,
            match="",
            error=overheard.error,
            tag=operation.tag,
        )

    def _note(self, exchange: Exchange | None) -> None:
        if exchange is not None:
            self._log.note(exchange, len(exchange.url))
