"""Files that travel with a plan, known by what is in them.

The plan only names them. Their bytes go beside it, once to each host, so that a plan
stays small and a file that ten requests send travels once. Must not know how they
travel, nor where they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

Cargo = Mapping[str, bytes]
"""The bytes of files, by their digests."""


def digest_of(data: bytes) -> str:
    """What a file's bytes are known by: their SHA-256, in hexadecimal."""
    return sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file that travels with the plan, so that nothing is read from an agent's disk.

    `name` is what the plan calls it; `size` is in bytes.
    """

    name: str
    digest: str
    size: int

    @classmethod
    def of(cls, name: str, data: bytes) -> CarriedFile:
        """The file of these bytes."""
        return cls(name, digest_of(data), len(data))
