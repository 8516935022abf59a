"""What a `<raw>` element asks for. Must not know XML or a connection."""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.plan import Request
from pytsung.protocols.room import Ack


@dataclass(frozen=True, slots=True)
class RawRequest(Request):
    """Send `data`, or so many zero bytes as `size` says where that is not empty.

    `size` is a whole number, or text such as `%%_n%%` that is filled to one.
    """

    data: str = ""
    size: str = ""
    ack: Ack = Ack.FIRST_DATA
