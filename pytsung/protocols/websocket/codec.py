"""RFC 6455 after the handshake, for both ends: bytes in, events out, and back.

Strict by default; `Rules` names the leniencies. Fragments are put together, limits
hold before anything is stored, and a codec with nothing under way keeps no buffer.

    codec = WebSocketCodec(Role.SERVER)
    for event in codec.feed(data):
        if isinstance(event, (Ping, Close)):
            reply = codec.send(event.answer())

Must not know sockets, clocks, HTTP, or what the messages mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pytsung.errors import LocalProtocolError, RemoteProtocolError
from pytsung.protocols.websocket.assembly import Assembly, check_size, invalid_text
from pytsung.protocols.websocket.events import (
    BinaryMessage,
    Close,
    CloseCode,
    Event,
    Opcode,
    Ping,
    Pong,
    Role,
    TextMessage,
)
from pytsung.protocols.websocket.frames import (
    CONTROL,
    FIN,
    MASKED,
    MAX_CONTROL_PAYLOAD,
    OPCODE,
    RESERVED,
    Header,
    close_payload,
    frame,
    is_close_code,
    read_header,
    utf8,
)
from pytsung.protocols.websocket.masking import apply_mask

MAX_MESSAGE_BYTES = 64 * 2**20
"""Four times the longest message of the Autobahn suite."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a codec lets pass; one object serves any number of codecs.

    `accept_unmasked`: a client need not mask (Swoole's servers allow it).
    `ignore_unknown_opcodes`: such frames are dropped. `any_close_code`: whatever
    code a close frame has is taken.
    """

    max_message_bytes: int = MAX_MESSAGE_BYTES
    accept_unmasked: bool = False
    ignore_unknown_opcodes: bool = False
    any_close_code: bool = False


STRICT = Rules()


class FrameError(RemoteProtocolError):
    """The peer broke RFC 6455; `events` came whole before that, and still count.

    Nothing is read after it. The owner sends `Close(close_code)` and hangs up.
    """

    def __init__(self, message: str, close_code: int | None, events: list[Event]) -> None:
        super().__init__(message, close_code)
        self.events = events


_CLOSE_SENT = 1
_INPUT_ENDED = 2  # by a close frame, the end of the stream, or an error
_DATA_OPCODES = (Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY)
_OPCODES = frozenset(int(opcode) for opcode in Opcode)
_TEXT_FRAME = FIN | Opcode.TEXT
_BINARY_FRAME = FIN | Opcode.BINARY


class WebSocketCodec:
    """One connection's state. `random` gives a client its masks; a server needs none.

    Costs 72 bytes while nothing is under way.
    """

    __slots__ = ("_assembly", "_random", "_rules", "_state", "_tail")

    def __init__(self, role: Role, *, random: Random | None = None, rules: Rules = STRICT) -> None:
        if (role is Role.CLIENT) is not (random is not None):
            raise ValueError("a client masks what it sends and needs a Random, a server does not")
        self._random = random
        self._rules = rules
        self._state = 0
        self._tail = b""  # an incomplete header or control frame
        self._assembly: Assembly | None = None

    @property
    def is_idle(self) -> bool:
        """Whether a new codec would go on as well: nothing is under way, nothing ended."""
        return not (self._tail or self._assembly or self._state)

    # -- what we send -----------------------------------------------------------

    def send(self, event: Event) -> bytes:
        """The frame of an event; messages are never fragmented.

        Raises:
            LocalProtocolError: a close frame was sent before, or the event cannot be
                a frame (close code, control payload over 125 bytes, half a surrogate).
        """
        if self._state & _CLOSE_SENT:
            raise LocalProtocolError("nothing may follow a close frame (RFC 6455, 5.5.1)")
        if isinstance(event, TextMessage):
            return frame(Opcode.TEXT, utf8(event.text), self._random)
        if isinstance(event, BinaryMessage):
            return frame(Opcode.BINARY, event.data, self._random)
        if isinstance(event, Close):
            any_code = self._rules.any_close_code
            payload = close_payload(event.code, event.reason, any_code=any_code)
            self._state |= _CLOSE_SENT
            return frame(Opcode.CLOSE, payload, self._random)
        if len(event.payload) > MAX_CONTROL_PAYLOAD:
            raise LocalProtocolError("a ping or pong has 125 bytes at most (RFC 6455, 5.5)")
        opcode = Opcode.PING if isinstance(event, Ping) else Opcode.PONG
        return frame(opcode, event.payload, self._random)

    # -- what we receive --------------------------------------------------------

    def feed(self, data: bytes) -> list[Event]:
        """What received bytes complete, in order; `b""` is the end of the stream.

        Whatever follows a close frame is discarded (RFC 6455, 1.4).

        Raises:
            FrameError: the peer broke the rules.
        """
        if self._state & _INPUT_ENDED:
            return []
        if not data:
            self._end_input()
            return [Close(CloseCode.ABNORMAL)]
        events: list[Event] = []
        try:
            if self._assembly is not None and self._assembly.remaining:
                position = self._continue_frame(self._assembly, data, 0, events)
            elif self._tail:
                data, self._tail, position = self._tail + data, b"", 0
            else:
                position = 0
            self._read_frames(data, position, events)
        except RemoteProtocolError as error:
            self._end_input()
            raise FrameError(str(error), error.close_code, events) from error
        return events

    def _end_input(self) -> None:
        self._state |= _INPUT_ENDED
        self._tail = b""
        self._assembly = None

    def _read_frames(self, data: bytes, position: int, events: list[Event]) -> None:
        """Read frame after frame; what is left over goes to the tail or the assembly."""
        size = len(data)
        while position < size and not self._state & _INPUT_ENDED:
            if position + 2 <= size:
                self._check_start(data[position], data[position + 1])
            header = read_header(data, position)
            if header is None:
                self._tail = data[position:]
                return
            end = header.payload_at + header.length
            opcode = header.first & OPCODE
            if opcode in _DATA_OPCODES:
                if end <= size and self._is_whole_message(header):
                    events.append(self._whole_message(header, data[header.payload_at : end]))
                    position = end
                else:
                    assembly = self._begin_frame(header)
                    position = self._continue_frame(assembly, data, header.payload_at, events)
            elif end > size:
                check_size(header.length, self._rules.max_message_bytes)
                self._tail = data[position:]
                return
            else:
                self._control(opcode, _unmasked(header, data[header.payload_at : end]), events)
                position = end

    def _check_start(self, first: int, second: int) -> None:
        """Raise RemoteProtocolError for a frame whose first two bytes are already wrong."""
        masked = bool(second & MASKED)
        if self._random is not None:
            if masked:
                raise _violation("a server must not mask its frames (RFC 6455, 5.1)")
        elif not masked and not self._rules.accept_unmasked:
            raise _violation("a client must mask its frames (RFC 6455, 5.1)")
        if first & RESERVED:
            raise _violation("a reserved bit is set, but no extension is in use (RFC 6455, 5.2)")
        if first & OPCODE not in _OPCODES and not self._rules.ignore_unknown_opcodes:
            raise _violation(f"opcode {first & OPCODE} is not defined (RFC 6455, 5.2)")
        if first & CONTROL and (not first & FIN or second & ~MASKED > MAX_CONTROL_PAYLOAD):
            raise _violation("a control frame is fragmented or too long (RFC 6455, 5.5)")

    def _is_whole_message(self, header: Header) -> bool:
        return self._assembly is None and (
            header.first == _TEXT_FRAME or header.first == _BINARY_FRAME
        )

    def _whole_message(self, header: Header, payload: bytes) -> TextMessage | BinaryMessage:
        """The message of an unfragmented frame that is all there: the usual case."""
        check_size(header.length, self._rules.max_message_bytes)
        payload = _unmasked(header, payload)
        if header.first == _BINARY_FRAME:
            return BinaryMessage(payload)
        try:
            return TextMessage(payload.decode())
        except UnicodeDecodeError as error:
            raise invalid_text() from error

    def _begin_frame(self, header: Header) -> Assembly:
        """The message that a frame begins or continues."""
        opcode = header.first & OPCODE
        assembly = self._assembly
        if assembly is None:
            if opcode == Opcode.CONTINUATION:
                raise _violation("nothing to continue (RFC 6455, 5.4)")
            limit = self._rules.max_message_bytes
            assembly = Assembly(is_text=opcode == Opcode.TEXT, limit=limit)
            self._assembly = assembly
        elif opcode != Opcode.CONTINUATION:
            raise _violation("a new message inside a fragmented one (RFC 6455, 5.4)")
        assembly.begin_frame(header.length, header.key, final=bool(header.first & FIN))
        return assembly

    def _continue_frame(
        self, assembly: Assembly, data: bytes, position: int, events: list[Event]
    ) -> int:
        """Take what `data` has of the current frame, and say where that ends."""
        end = min(position + assembly.remaining, len(data))
        assembly.add(data[position:end])
        if assembly.is_whole:
            self._assembly = None
            events.append(assembly.message())
        return end

    def _control(self, opcode: int, payload: bytes, events: list[Event]) -> None:
        if opcode == Opcode.PING:
            events.append(Ping(payload))
        elif opcode == Opcode.PONG:
            events.append(Pong(payload))
        elif opcode == Opcode.CLOSE:
            events.append(self._read_close(payload))
            self._end_input()

    def _read_close(self, payload: bytes) -> Close:
        if not payload:
            return Close()
        code = int.from_bytes(payload[:2], "big")
        if not self._rules.any_close_code and (len(payload) < 2 or not is_close_code(code)):
            raise _violation(f"{code} is no close code (RFC 6455, 7.4)")
        try:
            return Close(code, payload[2:].decode())
        except UnicodeDecodeError as error:
            raise invalid_text() from error


def _unmasked(header: Header, payload: bytes) -> bytes:
    return apply_mask(payload, header.key) if header.key else payload


def _violation(text: str) -> RemoteProtocolError:
    return RemoteProtocolError(text, CloseCode.PROTOCOL_ERROR)
