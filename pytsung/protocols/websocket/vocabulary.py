"""The elements of WebSocket requests, and what about them is not quite as in Tsung.

Must not know what they mean: the room does.
"""

from __future__ import annotations

from pytsung.protocols.marks import FIXED, Mark, Vocabulary

VOCABULARY: Vocabulary = {
    "websocket": ("type", "path", "origin", "subprotocols", "frame", "ack"),
    "http_header": ("name", "value", "encoding"),
}

MARKS = (
    Mark("websocket", "", FIXED, "pings are answered, fragments put together, pushes told apart"),
    Mark("websocket", "origin", FIXED, "variables are filled in"),
    Mark("websocket", "subprotocols", FIXED, "variables are filled in"),
    Mark("http_header", "", FIXED, "in the file's order"),
    Mark("http_header", "name", FIXED, "Host overrides"),
)
