"""Absolute URLs, and how `Host` names an endpoint.

Tsung's grammar, with the user-info and the `host:port?query` that it lacks. Must
not know requests, or who wants to go there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytsung.plan import Endpoint, Transport

DEFAULT_PORTS = {Transport.TCP: 80, Transport.TLS: 443}
"""Of `http` and `https`; carried by anything else, a port is always said."""

_ABSOLUTE = re.compile(r"https?:", re.IGNORECASE)
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:(?P<user>[^/?#@]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/?#:@\[\]]+)"
    r"(?P<port>:\d*)?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:\#.*)?",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute URL. `host` is spelt as it was, with the port if it was spelt.

    `target` is path and query as a server is asked for them; the fragment is gone
    (RFC 9110, 4.2.5).
    """

    scheme: str
    host: str
    endpoint: Endpoint
    target: str
    user: str = ""

    @property
    def without_user(self) -> str:
        """The whole URL, as a proxy is asked for it."""
        return f"{self.scheme}://{self.host}{self.target}"


def is_absolute(text: str) -> bool:
    """Whether a text begins as an absolute URL does."""
    return _ABSOLUTE.match(text) is not None


def parse_url(text: str, *, ipv6: bool = False) -> Url | None:
    """The URL that a text is; None if it is none. `ipv6` forces IPv6 on the endpoint."""
    match = _URL.fullmatch(text)
    if match is None:
        return None
    scheme = match["scheme"].lower()
    transport = Transport.TLS if scheme == "https" else Transport.TCP
    port_text = match["port"] or ":"
    port = int(port_text[1:] or DEFAULT_PORTS[transport]) if len(port_text) < 8 else 0
    if not 1 <= port <= 65535:
        return None
    host = match["host"]
    return Url(
        scheme=scheme,
        host=host + port_text if len(port_text) > 1 else host,
        endpoint=Endpoint(host.strip("[]"), port, transport, ipv6),
        target=_target(match["path"] or "/", match["query"] or ""),
        user=match["user"] or "",
    )


def relative_target(url: str) -> str:
    """A relative URL as it can stand in a request line: `*`, or something after a slash."""
    return url if url.startswith("/") or url == "*" else f"/{url}"


def host_text(endpoint: Endpoint) -> str:
    """`Host` for an endpoint: the port only where it is not the scheme's own."""
    if endpoint.port != DEFAULT_PORTS.get(endpoint.transport):
        return str(endpoint)
    return f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host


def base_url(endpoint: Endpoint) -> str:
    """The URL of an endpoint, without a path."""
    scheme = "https" if endpoint.transport.is_secure else "http"
    return f"{scheme}://{host_text(endpoint)}"


def without_empty_query(url: str) -> str:
    """`/foo` for `/foo?`, which is how Tsung sends a URL that it has parsed."""
    path, _, query = url.partition("?")
    return _target(path, query)


def _target(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path
