"""The frames of RFC 6455, section 5: written whole, and read one header at a time.

Must not know messages, roles or the order in which frames may come.
"""

from __future__ import annotations

import struct
from random import Random
from typing import NamedTuple

from pytsung.errors import LocalProtocolError, RemoteProtocolError
from pytsung.protocols.websocket.events import CloseCode
from pytsung.protocols.websocket.masking import apply_mask

FIN = 0x80
RESERVED = 0x70
OPCODE = 0x0F
MASKED = 0x80
LENGTH = 0x7F

WHOLE_TEXT = FIN | 0x01

CONTROL = 0x08
"""This bit of the opcode tells control frames from data frames."""

MAX_CONTROL_PAYLOAD = 125

_SHORT = struct.Struct("!BB")
_MEDIUM = struct.Struct("!BBH")
_LONG = struct.Struct("!BBQ")
_CODE = struct.Struct("!H")


def frame(opcode: int, payload: bytes, random: Random | None = None) -> bytes:
    """A final frame; masked with a key from `random`, or unmasked without one."""
    size = len(payload)
    masked = 0 if random is None else MASKED
    if size < 126:
        head = _SHORT.pack(FIN | opcode, masked | size)
    elif size < 65536:
        head = _MEDIUM.pack(FIN | opcode, masked | 126, size)
    else:
        head = _LONG.pack(FIN | opcode, masked | 127, size)
    if random is None:
        return head + payload
    key = random.getrandbits(32).to_bytes(4, "little")
    return head + key + apply_mask(payload, key)


def lone_text(data: bytes) -> bytes | None:
    """The payload, when `data` is just one unmasked text frame of ASCII below 64 KiB; else None.

    Nearly everything that a server says on a quiet connection is: knowing it at a
    glance costs a tenth of a codec.
    """
    size = len(data) - 2
    if size < 0 or data[0] != WHOLE_TEXT:
        return None
    if data[1] == size and size <= MAX_CONTROL_PAYLOAD:
        payload = data[2:]
    elif data[1] == 126 and 128 <= size == int.from_bytes(data[2:4], "big") + 2:
        payload = data[4:]
    else:
        return None
    return payload if payload.isascii() else None


class Header(NamedTuple):
    """A frame's header. `key` is empty when the frame is not masked."""

    first: int  # FIN, reserved bits, opcode
    length: int  # of the payload, in bytes
    key: bytes
    payload_at: int  # where the payload begins in the data that was read


def read_header(data: bytes, position: int) -> Header | None:
    """The header that begins at `position`; None while it is not there as a whole.

    Raises:
        RemoteProtocolError: the length is not in its shortest form, or negative.
    """
    size = len(data) - position
    if size < 2:
        return None
    first, second = data[position], data[position + 1]
    position += 2
    length = second & LENGTH
    if length >= 126:
        width = 2 if length == 126 else 8
        if size < 2 + width:
            return None
        length = int.from_bytes(data[position : position + width], "big")
        position += width
        _check_length(length, width)
    if not second & MASKED:
        return Header(first, length, b"", position)
    key = data[position : position + 4]
    return Header(first, length, key, position + 4) if len(key) == 4 else None


def _check_length(length: int, width: int) -> None:
    if length < (126 if width == 2 else 65536):
        raise RemoteProtocolError(
            f"a length of {length} is written in {width} bytes (RFC 6455, 5.2: the shortest form)",
            CloseCode.PROTOCOL_ERROR,
        )
    if length >> 63:
        raise RemoteProtocolError(
            "the highest bit of a 64-bit length is set (RFC 6455, 5.2)", CloseCode.PROTOCOL_ERROR
        )


def close_payload(code: int, reason: str, *, any_code: bool = False) -> bytes:
    """The payload of a close frame; empty for NO_STATUS. `any_code` lets all codes pass.

    Raises:
        LocalProtocolError: the code must not be sent, or the reason is too long.
    """
    if code == CloseCode.NO_STATUS and not reason:
        return b""
    if not (is_close_code(code) or (any_code and 0 <= code < 65536)):
        raise LocalProtocolError(f"close code {code} must not be sent (RFC 6455, 7.4)")
    payload = _CODE.pack(code) + utf8(reason)
    if len(payload) > MAX_CONTROL_PAYLOAD:
        raise LocalProtocolError("a close reason has 123 bytes at most (RFC 6455, 5.5)")
    return payload


def utf8(text: str) -> bytes:
    """The bytes of `text`. Raises LocalProtocolError for half a surrogate pair."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"text that UTF-8 cannot hold: {error}") from error


def is_close_code(code: int) -> bool:
    """Whether a close frame may carry `code` (RFC 6455, 7.4, and the IANA registry)."""
    return 3000 <= code < 5000 or code in _DEFINED_CODES


_NEVER_SENT = {CloseCode.NO_STATUS, CloseCode.ABNORMAL, CloseCode.TLS_HANDSHAKE}
_DEFINED_CODES = frozenset(int(code) for code in CloseCode if code not in _NEVER_SENT)
