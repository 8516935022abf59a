"""What travels over a WebSocket, in the words of RFC 6455.

The same dataclasses go into a codec's `send` and come out of its `feed`. They are
slotted and not frozen: one is made for every message. Must not know bytes on the
wire.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Role(enum.Enum):
    """Which end of the connection a codec plays; a client masks what it sends."""

    CLIENT = "client"
    SERVER = "server"


class Opcode(enum.IntEnum):
    """What a frame carries (RFC 6455, 5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class CloseCode(enum.IntEnum):
    """Why a connection is closed (RFC 6455, 7.4.1)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS = 1005  # never sent: a close frame without a code
    ABNORMAL = 1006  # never sent: the stream ended without a close frame
    INVALID_PAYLOAD = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012  # this and the next two: the IANA registry
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_HANDSHAKE = 1015  # never sent


@dataclass(slots=True)
class TextMessage:
    """A whole text message."""

    text: str


@dataclass(slots=True)
class BinaryMessage:
    """A whole binary message."""

    data: bytes


@dataclass(slots=True)
class Pong:
    """The answer to a ping, or a heartbeat that nobody asked for."""

    payload: bytes = b""


@dataclass(slots=True)
class Ping:
    """A question whether the other end still lives."""

    payload: bytes = b""

    def answer(self) -> Pong:
        """The pong that this ping must be answered with (RFC 6455, 5.5.3)."""
        return Pong(self.payload)


@dataclass(slots=True)
class Close:
    """The end of the conversation.

    `feed` gives NO_STATUS for a close frame without a code, and ABNORMAL when the
    stream ended without a close frame. To send a close frame without a code, give
    NO_STATUS.
    """

    code: int = CloseCode.NO_STATUS
    reason: str = ""

    def answer(self) -> Close:
        """The close frame to answer with: the same code, where that may be sent; no reason."""
        return Close() if self.code == CloseCode.ABNORMAL else Close(self.code)


Event = TextMessage | BinaryMessage | Ping | Pong | Close
"""Everything that a codec takes and gives."""
