"""XOR with a four-byte key, as clients must do to every frame (RFC 6455, 5.3).

No loop over bytes in Python: short payloads are XORed as one long integer, longer
ones as four interleaved slices through translation tables. Must not know frames,
nor where keys come from.
"""

from __future__ import annotations

import functools

TRANSLATE_FROM = 3000
"""Payload size in bytes from which tables win over integers (bench/codec.py shows both)."""


def apply_mask(data: bytes, key: bytes) -> bytes:
    """`data` masked with the four bytes of `key`; masking again gives `data` back."""
    size = len(data)
    if size < TRANSLATE_FROM:
        repeated = (key * (size // 4 + 1))[:size]
        masked = int.from_bytes(data, "little") ^ int.from_bytes(repeated, "little")
        return masked.to_bytes(size, "little")
    tables = translation_tables()
    result = bytearray(data)
    for offset in range(4):
        result[offset::4] = data[offset::4].translate(tables[key[offset]])
    return bytes(result)


def rotate_key(key: bytes, consumed: int) -> bytes:
    """The key for the rest of a payload of which `consumed` bytes have been masked."""
    turn = consumed & 3
    return key[turn:] + key[:turn]


@functools.cache
def translation_tables() -> tuple[bytes, ...]:
    """For each key byte, what it makes of every byte: 256 tables of 256 bytes.

    Made at the first long payload, in about a millisecond. A process that is about to
    fork calls this first, so that its children share the 70 KB.
    """
    every_byte = int.from_bytes(bytes(range(256)), "little")
    return tuple(
        (every_byte ^ int.from_bytes(bytes([key]) * 256, "little")).to_bytes(256, "little")
        for key in range(256)
    )
