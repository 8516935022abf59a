"""`Authorization: OAuth …`, the signatures of OAuth 1.0 (RFC 5849).

Tsung's fields in Tsung's order, but the parameters of RFC 5849: Tsung leaves those
without a value, or with `=` in it, out of the signature. Must not know clocks or
randomness: both are handed in.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from string import ascii_letters, digits
from urllib.parse import parse_qsl, quote

from pytsung.plan import Transport
from pytsung.protocols.http.requests import OAuth, SignatureMethod
from pytsung.protocols.http.rsa import PrivateKey
from pytsung.protocols.http.urls import DEFAULT_PORTS, parse_url
from pytsung.protocols.text import to_text

NONCE_LENGTH = 10
_ALPHANUMERIC = ascii_letters + digits


@dataclass(frozen=True, slots=True)
class Signed:
    """What is signed: method and URL of a request, and its body if that is a form."""

    method: str
    url: str
    form: bytes = b""


def make_nonce(random: Random) -> str:
    """A nonce as Tsung makes them."""
    return "".join(random.choices(_ALPHANUMERIC, k=NONCE_LENGTH))


def oauth(
    oauth: OAuth, request: Signed, fill: Callable[[str], str], *, nonce: str, timestamp: int
) -> str:
    """The value of `Authorization`."""
    token = fill(oauth.access_token)
    fields = {"oauth_token": token} if token else {}
    fields |= {
        "oauth_version": "1.0",
        "oauth_nonce": nonce,
        "oauth_timestamp": str(timestamp),
        "oauth_signature_method": oauth.method.value,
        "oauth_consumer_key": oauth.consumer_key,
    }
    key = f"{encode(oauth.consumer_secret)}&{encode(fill(oauth.access_token_secret))}"
    signature = _signature(oauth, base_string(request, fields.items()), key)
    fields = {"oauth_signature": signature, **fields}
    return "OAuth " + ", ".join(f'{name}="{encode(value)}"' for name, value in fields.items())


def _signature(oauth: OAuth, base: str, key: str) -> str:
    if oauth.method is SignatureMethod.PLAINTEXT:
        return key
    if oauth.method is SignatureMethod.RSA_SHA1:
        return b64encode(PrivateKey.from_pem(oauth.private_key).sign_sha1(base.encode())).decode()
    return b64encode(hmac.digest(key.encode(), base.encode(), "sha1")).decode()


def base_string(request: Signed, fields: Iterable[tuple[str, str]]) -> str:
    """The signature base string (RFC 5849, 3.4.1)."""
    _, _, query = request.url.partition("?")
    pairs = [*fields, *_parameters(query), *_parameters(to_text(request.form))]
    encoded = sorted((encode(name), encode(value)) for name, value in pairs)
    normalised = "&".join(f"{name}={value}" for name, value in encoded)
    return "&".join((request.method, encode(_base_url(request.url)), encode(normalised)))


def encode(text: str) -> str:
    """Percent-encoding that leaves only unreserved characters (RFC 5849, 3.6)."""
    return quote(text, safe="-._~", errors="surrogateescape")


def _parameters(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


def _base_url(text: str) -> str:
    """Scheme, host, port unless it is the default one, and path (RFC 5849, 3.4.1.2)."""
    url = parse_url(text)
    if url is None:
        return text.partition("?")[0]
    endpoint = url.endpoint
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    if endpoint.port != DEFAULT_PORTS.get(endpoint.transport):
        host = f"{host}:{endpoint.port}"
    scheme = "https" if endpoint.transport is Transport.TLS else "http"
    return f"{scheme}://{host.lower()}{url.target.partition('?')[0]}"
