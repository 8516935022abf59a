"""The element of file requests, and what about it is not quite as in Tsung.

Must not know what it means: the room does.
"""

from __future__ import annotations

from pytsung.protocols.marks import FIXED, Mark, Vocabulary

VOCABULARY: Vocabulary = {"fs": ("cmd", "path", "size", "position", "mode", "dest")}

MARKS = (
    Mark("fs", "cmd", FIXED, "what fails is counted, and ends no user"),
    Mark("fs", "size", FIXED, "variables are filled in"),
    Mark("fs", "position", FIXED, "honoured"),
    Mark("fs", "mode", FIXED, "append appends"),
)
