"""`Authorization: Basic …` and `Authorization: Digest …` (RFC 7617, RFC 7616).

As in Tsung, digest is not negotiated: a session captures realm and nonce, and what
else its server asks for, and hands them over. Must not know where a nonce came from,
or how a request is sent.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import md5, sha256
from random import Random

from pytsung.protocols.http.requests import Credentials, Scheme
from pytsung.protocols.room import RequestError
from pytsung.protocols.text import to_bytes

TSUNG_CNONCE = "%%ts_user_server:get_really_unique_id%%"
"""Tsung's default: a literal text unless the request asks for substitution."""


_HASHES = {"md5": md5, "sha-256": sha256}
_SESSION = "-sess"

ALGORITHMS = ("MD5", "MD5-sess", "SHA-256", "SHA-256-sess")
"""What a server may ask for by `algorithm` (RFC 7616, 6.1); empty: MD5."""

UNKNOWN_ALGORITHM = "error_http_digest_algorithm"
"""Counted where a variable names any other; the user ends."""


class NonceCount:
    """How often one user has used the nonce at hand (RFC 7616, 3.4: `nc`)."""

    __slots__ = ("_count", "_nonce")

    def __init__(self) -> None:
        self._nonce = ""
        self._count = 0

    def next(self, nonce: str) -> str:
        """`nc` for one more request with this nonce."""
        self._count = self._count + 1 if nonce == self._nonce else 1
        self._nonce = nonce
        return f"{self._count:08x}"


def basic(credentials: Credentials, fill: Callable[[str], str]) -> str:
    """The value of `Authorization`; empty when there is no name or no password."""
    userid, passwd = fill(credentials.userid), fill(credentials.passwd)
    if not userid or not passwd:
        return ""
    return "Basic " + b64encode(to_bytes(f"{userid}:{passwd}")).decode()


def digest(
    credentials: Credentials,
    fill: Callable[[str], str],
    *,
    method: str,
    target: str,
    body: bytes,
    random: Random,
    counts: NonceCount,
    quirks: bool,
) -> str:
    """The value of `Authorization`; empty when there is no name or no password.

    Fields stand in Tsung's order. Tsung quotes `qop`, which RFC 7616, 3.4 forbids, and
    knows no algorithm but MD5.

    Raises:
        RequestError: a variable names an algorithm that nobody knows.
    """
    userid, passwd = fill(credentials.userid), fill(credentials.passwd)
    if not userid or not passwd:
        return ""
    realm, nonce = fill(credentials.realm), fill(credentials.nonce)
    opaque, qop = fill(credentials.opaque), fill(credentials.qop)
    algorithm = fill(credentials.algorithm)
    hashed = _hash(algorithm)
    if not quirks:
        qop = _chosen(qop)
    secret = hashed(to_bytes(f"{userid}:{realm}:{passwd}"))
    asked = f"{method}:{target}"
    if qop == "auth-int" and not quirks:
        asked += f":{hashed(body)}"
    what = hashed(to_bytes(asked))
    fields = [
        f'username="{userid}"',
        f'realm="{realm}"',
        f'nonce="{nonce}"',
        f'uri="{target}"',
    ]
    if qop:
        nc, cnonce = fill(credentials.nc), fill(credentials.cnonce)
        if quirks:
            nc, cnonce = nc or "00000001", cnonce or fill(TSUNG_CNONCE)
        nc = nc or counts.next(nonce)
        cnonce = cnonce or f"{random.getrandbits(64):016x}"
        if algorithm.lower().endswith(_SESSION):
            secret = hashed(to_bytes(f"{secret}:{nonce}:{cnonce}"))
        response = hashed(to_bytes(f"{secret}:{nonce}:{nc}:{cnonce}:{qop}:{what}"))
        quoted_qop = f'"{qop}"' if quirks else qop
        protection = [f"qop={quoted_qop}", f"nc={nc}", f'cnonce="{cnonce}"']
    else:
        response = hashed(to_bytes(f"{secret}:{nonce}:{what}"))
        protection = []
    fields.append(f'response="{response}"')
    if opaque:
        fields.append(f'opaque="{opaque}"')
    if algorithm:
        fields.append(f"algorithm={algorithm}")
    return "Digest " + ", ".join(fields + protection)


def authorization(
    credentials: Credentials,
    fill: Callable[[str], str],
    *,
    method: str,
    target: str,
    body: bytes,
    random: Random,
    counts: NonceCount,
    quirks: bool,
) -> str:
    """The value of `Authorization` for what `<www_authenticate>` says."""
    if credentials.scheme is Scheme.BASIC:
        return basic(credentials, fill)
    return digest(
        credentials,
        fill,
        method=method,
        target=target,
        body=body,
        random=random,
        counts=counts,
        quirks=quirks,
    )


def _hash(algorithm: str) -> Callable[[bytes], str]:
    """The function of an algorithm, with or without `-sess`. Raises RequestError."""
    name = algorithm.lower().removesuffix(_SESSION) or "md5"
    made = _HASHES.get(name)
    if made is None:
        raise RequestError(UNKNOWN_ALGORITHM)
    return lambda data: made(data, usedforsecurity=False).hexdigest()


def _chosen(offered: str) -> str:
    """One of the protections that a server offers: `auth` if it does, as browsers choose."""
    names = [name.strip() for name in offered.split(",")]
    return "auth" if "auth" in names else names[0]
