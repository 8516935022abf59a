"""The element of raw requests, and what about it is not quite as in Tsung.

Must not know what it means: the room does.
"""

from __future__ import annotations

from pytsung.protocols.marks import FIXED, Mark, Vocabulary

VOCABULARY: Vocabulary = {"raw": ("ack", "data", "datasize")}

MARKS = (
    Mark("raw", "data", FIXED, "CR LF is sent, and text beyond ASCII as UTF-8"),
    Mark("raw", "datasize", FIXED, "0 sends the data"),
)
