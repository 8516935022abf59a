"""What an `<http>` element and HTTP's options ask for. Must not know XML or bytes."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pytsung.plan import CarriedFile, Endpoint, ProtocolOptions, Request

METHODS_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS", "MKCOL")
METHODS_WITH_BODY = (
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "PURGE",
    "PROPFIND",
    "PROPPATCH",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "MKACTIVITY",
    "REPORT",
    "VERSION-CONTROL",
    "MERGE",
    "CHECKOUT",
)

FORM = "application/x-www-form-urlencoded"
"""Content type of a body that names no other."""


@dataclass(frozen=True, slots=True)
class HttpOptions(ProtocolOptions):
    """Options of type `ts_http`. `user_agents` are texts and their weights."""

    user_agents: tuple[tuple[str, int], ...] = ()
    use_server_as_proxy: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """A server as the configuration names it.

    `host` is what `Host` says of it; empty: what its endpoint says.
    """

    endpoint: Endpoint
    host: str = ""


class Scheme(enum.Enum):
    """How `<www_authenticate>` proves who the user is."""

    BASIC = "basic"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and password, and for DIGEST what the server has said (RFC 7616).

    An empty `nc` is counted and an empty `cnonce` is drawn for each request.
    """

    userid: str
    passwd: str
    scheme: Scheme = Scheme.BASIC
    realm: str = ""
    nonce: str = ""
    opaque: str = ""
    qop: str = ""
    nc: str = ""
    cnonce: str = ""
    algorithm: str = ""


class SignatureMethod(enum.Enum):
    """How OAuth 1.0 signs (RFC 5849, 3.4)."""

    HMAC_SHA1 = "HMAC-SHA1"
    RSA_SHA1 = "RSA-SHA1"
    PLAINTEXT = "PLAINTEXT"


@dataclass(frozen=True, slots=True)
class OAuth:
    """An OAuth 1.0 signature; `private_key` is a PEM file's text, for RSA_SHA1 alone."""

    consumer_key: str
    consumer_secret: str
    access_token: str = ""
    access_token_secret: str = ""
    method: SignatureMethod = SignatureMethod.HMAC_SHA1
    private_key: str = ""


@dataclass(frozen=True, slots=True)
class AddedCookie:
    """A cookie of one request, sent where `domain` occurs in `Host` and `path` begins the URL."""

    key: str
    value: str
    path: str = "/"
    domain: str = "."


@dataclass(frozen=True, slots=True)
class HttpRequest(Request):
    """One request.

    `url` is what stands in the request line, or becomes it when variables are filled
    in. A `bound` request goes to its `origin`; any other goes to where its user is,
    and `origin` only says how `Host` is spelt there. `body_file` wins over `body`.
    `substitute` and `fills_body` are what `<request subst>` said. Headers, and cookies,
    in the order of the file.
    """

    url: str
    method: str = "GET"
    version: str = "1.1"
    origin: Origin | None = None
    bound: bool = False
    through_proxy: bool = False
    body: bytes = b""
    body_file: CarriedFile | None = None
    content_type: str = FORM
    if_modified_since: str = ""
    soap_action: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[AddedCookie, ...] = ()
    credentials: Credentials | None = None
    oauth: OAuth | None = None
    substitute: bool = False
    fills_body: bool = False
