"""One user's WebSocket: upgrade, messages, close; Tsung's rules of who is answered by what.

    CLOSED ──Connect──▶ UPGRADING ──101──▶ OPEN ◀──a message comes── AWAITING
       ▲                    │               │ └───Message, ack parse──▶ ┘
       │                    │               └──CloseRequest──▶ CLOSING
       └── refused, close frame, fault, or disconnected: from every state

A request that wants an answer gets the next message that arrives after it, whatever
that says; all other messages are pushes. Pings are answered in every state. Between
two frames there is no codec and no buffer: 64 bytes a user.

Must not know sockets, clocks, or what the session does next.
"""

from __future__ import annotations

from random import Random

from pytsung.plan import Request
from pytsung.protocols.room import MORE, Ack, Exchange, Feedback, RequestContext, RequestError
from pytsung.protocols.websocket.codec import FrameError, WebSocketCodec
from pytsung.protocols.websocket.events import (
    BinaryMessage,
    Close,
    CloseCode,
    Event,
    Opcode,
    Ping,
    Role,
    TextMessage,
)
from pytsung.protocols.websocket.frames import close_payload, frame, lone_text
from pytsung.protocols.websocket.handshake import accept_of, make_key
from pytsung.protocols.websocket.requests import CloseRequest, Connect, Message
from pytsung.protocols.websocket.upgrade import Route, fill_request, route

SUCCEEDED = ("websocket_succ",)
FAILED = ("websocket_fail",)
NOT_CONNECTED = "error_websocket_not_connected"
ALREADY_CONNECTED = "error_websocket_already_connected"
PROTOCOL_ERROR = "error_websocket_protocol"

_CLOSED, _UPGRADING, _OPEN, _AWAITING, _CLOSING = range(5)

_GOODBYE = close_payload(CloseCode.NORMAL, "close")  # the bytes that Tsung sends


_Upgrade = tuple[Route, bytes, bytes]
"""An upgrade under way: where to, with which key, and what of the answer has come."""


class WebSocketConversation:
    """One user's exchange with one WebSocket server."""

    __slots__ = ("_codec", "_random", "_state", "_upgrade")

    def __init__(self) -> None:
        self._state = _CLOSED
        self._random: Random | None = None
        self._upgrade: _Upgrade | None = None
        self._codec: WebSocketCodec | None = None  # only while a frame or message is incomplete

    # -- what the user asks for ---------------------------------------------------

    def begin(self, request: Request, context: RequestContext) -> Exchange:
        """Start a request. After a failed connect or send, the same one may begin again.

        Raises:
            RequestError: a message or close without a WebSocket, a connect with one.
        """
        if isinstance(request, Connect):
            return self._connect(request, context)
        if isinstance(request, Message):
            return self._message(request, context)
        if isinstance(request, CloseRequest):
            self._require(_OPEN, _AWAITING, _CLOSING)
            self._state = _CLOSING
            return Exchange(frame(Opcode.CLOSE, _GOODBYE, context.random))
        raise TypeError(f"not a request of ts_websocket: {request!r}")

    def _connect(self, request: Connect, context: RequestContext) -> Exchange:
        if self._state not in (_CLOSED, _UPGRADING):
            raise RequestError(ALREADY_CONNECTED)
        shared = route(request, context.endpoint, context.quirks)
        template = shared.request or fill_request(
            request, context.endpoint, context.fill, quirks=context.quirks
        )
        key = make_key(context.random)
        self._random = context.random
        self._upgrade = (shared, key, b"")
        self._state = _UPGRADING
        return Exchange(template.before + key + template.after)

    def _message(self, request: Message, context: RequestContext) -> Exchange:
        self._require(_OPEN, _AWAITING)
        payload = _encode(context.fill(request.payload), quirks=context.quirks)
        self._state = _AWAITING if request.ack is Ack.ANSWER else _OPEN
        opcode = Opcode.TEXT if request.is_text else Opcode.BINARY
        return Exchange(frame(opcode, payload, context.random), request.ack)

    def _require(self, *states: int) -> None:
        if self._state not in states:
            raise RequestError(NOT_CONNECTED)

    # -- what happens on the connection ---------------------------------------------

    def feed(self, data: bytes) -> Feedback:
        """Take received bytes, awaited or not."""
        if self._upgrade is not None:
            return self._read_answer(self._upgrade, data)
        if self._state == _CLOSED or not data:
            return MORE
        feedback = Feedback()
        self._read_frames(data, feedback)
        return feedback

    def peer_closed(self) -> Feedback:
        """Take the end of the stream: it answers a close, a message, and fails an upgrade."""
        counters = FAILED if self._state == _UPGRADING else ()
        self.disconnected()
        return Feedback(complete=True, close=True, counters=counters)

    def disconnected(self) -> None:
        """Forget the connection."""
        self._state = _CLOSED
        self._upgrade = None
        self._codec = None

    # -- the upgrade ------------------------------------------------------------------

    def _read_answer(self, upgrade: _Upgrade, data: bytes) -> Feedback:
        shared, key, received = upgrade
        if received:
            data = received + data
        answer = shared.read_answer(data, accept_of(key))
        if answer is None:
            self._upgrade = (shared, key, data)
            return MORE
        size, agrees = answer
        if not agrees:
            return self._refused(data[:size])
        self._state = _OPEN
        self._upgrade = None
        feedback = Feedback(True, 0, b"", False, SUCCEEDED, "", data[:size])
        if len(data) > size:
            self._read_frames(data[size:], feedback)
        return feedback

    def _refused(self, head: bytes) -> Feedback:
        """The server said something else than 101: the session goes on, as in Tsung."""
        self.disconnected()
        return Feedback(complete=True, close=True, counters=FAILED, answer=head)

    # -- frames -------------------------------------------------------------------------

    def _read_frames(self, data: bytes, feedback: Feedback) -> None:
        """Add what received frames mean to `feedback`."""
        codec = self._codec
        if codec is None:
            payload = lone_text(data)
            if payload is not None:
                self._take_message(payload, feedback)
                return
            codec = WebSocketCodec(Role.CLIENT, random=self._random)
        fault: FrameError | None = None
        try:
            events = codec.feed(data)
        except FrameError as error:
            fault = error
            events = error.events
        self._codec = None if codec.is_idle else codec
        for event in events:
            self._take(event, codec, feedback)
        if fault is not None:
            self._fail(fault, codec, feedback)

    def _take(self, event: Event, codec: WebSocketCodec, feedback: Feedback) -> None:
        if isinstance(event, (TextMessage, BinaryMessage)):
            payload = event.text.encode() if isinstance(event, TextMessage) else event.data
            self._take_message(payload, feedback)
        elif isinstance(event, Ping):
            if self._state != _CLOSING:  # nothing may follow our close frame
                feedback.reply += codec.send(event.answer())
        elif isinstance(event, Close):
            if self._state != _CLOSING:
                feedback.reply += codec.send(event.answer())
            feedback.complete = feedback.complete or self._state in (_AWAITING, _CLOSING)
            feedback.close = True
            self.disconnected()

    def _take_message(self, payload: bytes, feedback: Feedback) -> None:
        if self._state != _AWAITING:
            feedback.pushes += 1
            return
        self._state = _OPEN
        feedback.complete = True
        feedback.answer = payload

    def _fail(self, fault: FrameError, codec: WebSocketCodec, feedback: Feedback) -> None:
        """The server broke the protocol: tell it why, hang up, end the user."""
        if self._state != _CLOSING:
            feedback.reply += codec.send(Close(fault.close_code or CloseCode.PROTOCOL_ERROR))
        feedback.close = True
        feedback.error = PROTOCOL_ERROR
        self.disconnected()


def _encode(text: str, *, quirks: bool) -> bytes:
    """A message's payload: UTF-8. Tsung sends U+0080 to U+00FF as one byte each."""
    if quirks:
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            pass  # where Tsung's user would end with error_unknown
    return text.encode("utf-8", "replace")
