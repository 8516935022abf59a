"""`Authorization: Basic …` and `Authorization: Digest …` (RFC 7617, RFC 7616 with MD5).

As in Tsung, digest is not negotiated: a session captures realm and nonce and hands
them over. Must not know where a nonce came from, or how a request is sent.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import md5
from random import Random

from pytsung.protocols.http.requests import Credentials, Scheme
from pytsung.protocols.text import to_bytes

TSUNG_CNONCE = "%%ts_user_server:get_really_unique_id%%"
"""Tsung's default: a literal text unless the request asks for substitution."""


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
    random: Random,
    counts: NonceCount,
    quirks: bool,
) -> str:
    """The value of `Authorization`; empty when there is no name or no password.

    Fields stand in Tsung's order. Tsung quotes `qop`, which RFC 7616, 3.4 forbids.
    """
    userid, passwd = fill(credentials.userid), fill(credentials.passwd)
    if not userid or not passwd:
        return ""
    realm, nonce = fill(credentials.realm), fill(credentials.nonce)
    opaque, qop = fill(credentials.opaque), fill(credentials.qop)
    secret = _md5(f"{userid}:{realm}:{passwd}")
    what = _md5(f"{method}:{target}")
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
        response = _md5(f"{secret}:{nonce}:{nc}:{cnonce}:{qop}:{what}")
        quoted_qop = f'"{qop}"' if quirks else qop
        protection = [f"qop={quoted_qop}", f"nc={nc}", f'cnonce="{cnonce}"']
    else:
        response = _md5(f"{secret}:{nonce}:{what}")
        protection = []
    fields.append(f'response="{response}"')
    if opaque:
        fields.append(f'opaque="{opaque}"')
    return "Digest " + ", ".join(fields + protection)


def authorization(
    credentials: Credentials,
    fill: Callable[[str], str],
    *,
    method: str,
    target: str,
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
        random=random,
        counts=counts,
        quirks=quirks,
    )


def _md5(text: str) -> str:
    return md5(to_bytes(text), usedforsecurity=False).hexdigest()
