"""The element of commands, and what about it is not quite as in Tsung.

Must not know what it means: the room does.
"""

from __future__ import annotations

from pytsung.protocols.marks import FIXED, Mark, Vocabulary

VOCABULARY: Vocabulary = {"shell": ("cmd", "args")}

MARKS = (
    Mark("shell", "", FIXED, "its output can be looked at, its status counts, its time is limited"),
)
