"""Content codings of an answer that somebody looks at: gzip, deflate, br, zstd.

The last two where the load host has a module for them; nothing is ever installed.
Must not know headers. What comes out is bounded, so that a small answer cannot
fill a host's memory.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

MAX_DECODED_BYTES = 16 * 2**20
"""Of a decoded body; a longer one is not decoded."""

_GZIP_MAGIC = b"\x1f\x8b"

_SLICE = 4096
"""Bytes decoded at once where a library cannot be told when to stop."""

_ANY_CONTAINER = 32 + zlib.MAX_WBITS  # gzip or zlib, whichever the data begins with
_NO_CONTAINER = -zlib.MAX_WBITS

_BROTLI = ("brotli", "brotlicffi")
_ZSTANDARD = ("compression.zstd", "zstandard", "backports.zstd")


class CodingError(ValueError):
    """A body that is not what its coding says, or whose coding is unknown here."""


def decode(body: bytes, codings: Sequence[str], limit: int = MAX_DECODED_BYTES) -> bytes:
    """The body without its codings, the last applied first off.

    Raises:
        CodingError: it cannot be decoded, or would be longer than `limit`.
    """
    for coding in reversed(codings):
        body = _decode_one(body, coding, limit)
    return body


def _decode_one(body: bytes, coding: str, limit: int) -> bytes:
    if coding in ("identity", ""):
        return body
    if coding in ("gzip", "x-gzip"):
        return _inflate(body, _ANY_CONTAINER, limit)
    if coding == "deflate":
        try:
            return _inflate(body, _ANY_CONTAINER, limit)
        except CodingError:
            return _inflate(body, _NO_CONTAINER, limit)
    if coding == "br":
        return _join(_brotli_pieces(body), limit)
    if coding == "zstd":
        return _join(_zstandard_pieces(body), limit)
    raise CodingError(f"unknown coding {coding[:20]}")


def _inflate(body: bytes, window: int, limit: int) -> bytes:
    """Every member of a gzip stream, or the one of a deflate stream."""
    parts = []
    room = limit
    while body:
        decoder = zlib.decompressobj(window)
        try:
            part = decoder.decompress(body, room + 1)
        except zlib.error as error:
            raise CodingError(str(error)) from error
        if len(part) > room:
            raise CodingError(f"more than {limit} bytes")
        if not decoder.eof:
            raise CodingError("the data ends too early")
        parts.append(part)
        room -= len(part)
        body = decoder.unused_data
        if not body.startswith(_GZIP_MAGIC):  # padding, or nothing
            break
    if not parts:
        raise CodingError("there is no data")
    return b"".join(parts)


def _join(pieces: Iterable[bytes], limit: int) -> bytes:
    parts = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise CodingError(f"more than {limit} bytes")
        parts.append(piece)
    return b"".join(parts)


def _brotli_pieces(body: bytes) -> Iterator[bytes]:
    module = _first_of(_BROTLI, "br")
    decoder = module.Decompressor()
    yield from _pieces(body, decoder.process, module.error)
    if not decoder.is_finished():
        raise CodingError("the data ends too early")


def _zstandard_pieces(body: bytes) -> Iterator[bytes]:
    module = _first_of(_ZSTANDARD, "zstd")
    decoder = module.ZstdDecompressor()
    if hasattr(decoder, "decompressobj"):  # the module zstandard, not the standard library's
        decoder = decoder.decompressobj()
    yield from _pieces(body, decoder.decompress, (module.ZstdError, EOFError))
    if not decoder.eof:
        raise CodingError("the data ends too early")


def _pieces(body: bytes, process: Callable[[bytes], bytes], errors: Any) -> Iterator[bytes]:
    """What a decoder makes of the body, slice by slice."""
    for start in range(0, len(body), _SLICE):
        try:
            yield process(body[start : start + _SLICE])
        except errors as error:
            raise CodingError(str(error)) from error


def _first_of(names: Sequence[str], coding: str) -> Any:
    """The first of these modules that the host has. Raises CodingError if it has none."""
    for name in names:
        if _has(name):
            return importlib.import_module(name)
    raise CodingError(f"this host has no module that decodes {coding}")


def _has(name: str) -> bool:
    """Whether a module can be imported; a package that it lies in need not exist either."""
    package = name.rpartition(".")[0]
    return (not package or find_spec(package) is not None) and find_spec(name) is not None
