"""RSA-SHA1 signatures (RFC 8017, 8.2) with a key from a PEM file, in pure Python.

OAuth 1.0 alone wants them, so a library that must be compiled is not asked of every
load host. A 2048-bit signature costs some milliseconds. SHA-1 signatures protect
nothing today; they are here because servers are tested that still want them.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1

_PEM = re.compile(r"-----BEGIN (RSA )?PRIVATE KEY-----(.*?)-----END", re.DOTALL)
_SHA1_PREFIX = bytes.fromhex("3021300906052b0e03021a05000414")  # RFC 8017, 9.2, note 1
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """An RSA private key."""

    modulus: int
    exponent: int

    @staticmethod
    @lru_cache(16)
    def from_pem(text: str) -> PrivateKey:
        """The key of an unencrypted PKCS #1 or PKCS #8 file. Raises ValueError."""
        match = _PEM.search(text)
        if match is None:
            raise ValueError("there is no unencrypted RSA key in the file")
        try:
            numbers = _read_sequence(b64decode(match[2]))
            if match[1] is None:  # PKCS #8: version, algorithm, the same in octets
                numbers = _read_sequence(numbers[2])
            modulus, exponent = numbers[1], numbers[3]
        except (binascii.Error, IndexError) as error:
            raise ValueError("the key cannot be read") from error
        key = PrivateKey(int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big"))
        if key.modulus.bit_length() < 512 or not key.exponent:
            raise ValueError("the key is no RSA key of 512 bits or more")
        return key

    def sign_sha1(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 of the message's SHA-1."""
        size = (self.modulus.bit_length() + 7) // 8
        hashed = _SHA1_PREFIX + sha1(message, usedforsecurity=False).digest()
        padded = b"\0\1" + b"\xff" * (size - len(hashed) - 3) + b"\0" + hashed
        signature = pow(int.from_bytes(padded, "big"), self.exponent, self.modulus)
        return signature.to_bytes(size, "big")


def _read_sequence(data: bytes) -> list[bytes]:
    """The contents of the values in a DER sequence; deeper ones are left as they are."""
    tag, content, _ = _read_value(data, 0)
    if tag != _SEQUENCE:
        raise IndexError
    values = []
    position = 0
    while position < len(content):
        tag, value, position = _read_value(content, position)
        if tag not in (_INTEGER, _OCTETS, _SEQUENCE):
            break
        values.append(value)
    return values


def _read_value(data: bytes, position: int) -> tuple[int, bytes, int]:
    """Tag and content of the DER value at `position`, and where the next one begins."""
    tag, length = data[position], data[position + 1]
    start = position + 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + length > len(data):
        raise IndexError
    return tag, data[start : start + length], start + length
