"""What a `<websocket>` element asks for. Must not know XML or bytes."""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.plan import ProtocolOptions, Request
from pytsung.protocols.room import Ack


@dataclass(frozen=True, slots=True)
class PushOptions(ProtocolOptions):
    """Options of type `ts_websocket`; Tsung has none. `latency`: sample the age of pushes."""

    latency: bool = False


@dataclass(frozen=True, slots=True)
class Connect(Request):
    """Open a WebSocket. An empty `origin` is the target's host name."""

    path: str = "/"
    origin: str = ""
    subprotocols: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Message(Request):
    """Send a message, and wait for the next one from the server unless `ack` is NONE."""

    payload: str
    is_text: bool = False
    ack: Ack = Ack.ANSWER


@dataclass(frozen=True, slots=True)
class CloseRequest(Request):
    """Close the WebSocket, and wait for the server to do so too."""
