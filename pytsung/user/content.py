"""Functions that an answer or a text is put through before it is looked at.

Tsung's `apply_to_content` names an Erlang function; these have an equal here. Must
not know what becomes of the result.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import zlib
from collections.abc import Callable, Mapping

MOST = 64 * 1024 * 1024
"""Bytes that a compressed content may grow to: a small answer can be a very long one."""


class ContentError(ValueError):
    """The content cannot be put through the function."""


def text_of_bytes(data: bytes) -> str:
    """The text of bytes: UTF-8, or one character for each byte where it is not that."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _inflate(data: bytes) -> bytes:
    """gzip or zlib data, whichever it is."""
    inflater = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)
    try:
        result = inflater.decompress(data, MOST)
    except zlib.error as error:
        raise ContentError(str(error)) from error
    if inflater.unconsumed_tail:
        raise ContentError(f"it grows beyond {MOST} bytes")
    return result


def _base64_decoded(data: bytes) -> bytes:
    try:
        return base64.b64decode(data)
    except binascii.Error as error:
        raise ContentError(str(error)) from error


def _without_entities(data: bytes) -> bytes:
    return html.unescape(text_of_bytes(data)).encode()


FUNCTIONS: Mapping[str, Callable[[bytes], bytes]] = {
    "ts_digest:md5hex": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest().encode(),
    "ts_digest:shahex": lambda data: hashlib.sha1(data, usedforsecurity=False).hexdigest().encode(),
    "erlang:md5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    "base64:encode": base64.b64encode,
    "base64:decode": _base64_decoded,
    "zlib:gunzip": _inflate,
    "zlib:unzip": _inflate,
    "zlib:uncompress": _inflate,
    "ts_utils:conv_entities": _without_entities,
    "string:to_upper": bytes.upper,
    "string:to_lower": bytes.lower,
}
"""By the name of the Erlang function that Tsung would call."""
