"""Text to bytes and back, so that whatever a server sent can be sent to it again.

Must not know what a text is for.
"""

from __future__ import annotations


def to_bytes(text: str, *, quirks: bool = False) -> bytes:
    """UTF-8, or the very bytes that `to_text` made characters of.

    Tsung sends U+0080 to U+00FF as one byte each, and fails at anything above.
    """
    if quirks:
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            pass  # where Tsung's user would end with error_unknown
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a surrogate, out of JSON perhaps
        return text.encode("utf-8", "replace")


def to_text(data: bytes) -> str:
    """Text of bytes that are most likely UTF-8; others come back unchanged from `to_bytes`."""
    return data.decode("utf-8", "surrogateescape")
