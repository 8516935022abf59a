"""A `Connect` request as bytes, and what its answer will most likely look like.

All users who play one request against one endpoint share a `Route`: the request's
bytes around the key, and the last good answer's bytes around the accept value,
which the next answer is compared with before it is parsed. Must not know a
connection's state.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

from pytsung.errors import RemoteProtocolError
from pytsung.plan import Endpoint, Transport
from pytsung.protocols.websocket.handshake import HeadTemplate, read_response, request_template
from pytsung.protocols.websocket.requests import Connect

MAX_ROUTES = 1024
"""Routes remembered by a process; each takes about a kilobyte."""

RESERVED_HEADERS = frozenset(
    {
        "host",
        "upgrade",
        "connection",
        "origin",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-protocol",
    }
)
"""Headers that the handshake makes itself; Tsung leaves such `<http_header>`s out."""

EXTENSIONS = "sec-websocket-extensions"
"""Left out too: a server might agree to an extension, and nobody here speaks any."""

_DEFAULT_PORTS = {
    Transport.TCP: 80,
    Transport.TLS: 443,
    Transport.WEBSOCKET: 80,
    Transport.WEBSOCKET_TLS: 443,
}


class Route:
    """One request to one endpoint.

    `request` is None when users' variables are part of it. `usual_answer` is learned.
    """

    __slots__ = ("request", "usual_answer")

    def __init__(self, request: HeadTemplate | None) -> None:
        self.request = request
        self.usual_answer: HeadTemplate | None = None

    def read_answer(self, data: bytes, accept: bytes) -> tuple[int, bool] | None:
        """How long the server's answer is, and whether it agrees; None while it is not whole."""
        usual = self.usual_answer
        if usual is not None:
            expected = usual.before + accept + usual.after
            if data.startswith(expected):
                return len(expected), True
        try:
            head = read_response(data)
        except RemoteProtocolError:
            return len(data), False
        if head is None:
            return None
        agrees = head.is_agreement(accept)
        if agrees:
            self._learn(data[: head.size], accept)
        return head.size, agrees

    def _learn(self, answer: bytes, accept: bytes) -> None:
        """Remember a good answer; one that is different each time costs little more."""
        before, _, after = answer.partition(accept)
        self.usual_answer = HeadTemplate(before, after)


_latest: tuple[Connect, Endpoint, bool, Route] | None = None


def route(request: Connect, endpoint: Endpoint, quirks: bool) -> Route:
    """The route that everybody shares."""
    global _latest  # noqa: PLW0603 - a cache of one: most users take the route of the last one
    latest = _latest
    if (
        latest is not None
        and latest[0] is request
        and latest[1] is endpoint
        and latest[2] is quirks
    ):
        return latest[3]
    found = _route(request, endpoint, quirks)
    _latest = (request, endpoint, quirks, found)
    return found


@functools.lru_cache(MAX_ROUTES)
def _route(request: Connect, endpoint: Endpoint, quirks: bool) -> Route:
    if _has_placeholders(request):
        return Route(None)
    return Route(fill_request(request, endpoint, str, quirks=quirks))


def fill_request(
    request: Connect, endpoint: Endpoint, fill: Callable[[str], str], *, quirks: bool
) -> HeadTemplate:
    """The request's bytes around the key, with a user's variables filled in."""
    host = endpoint.host if quirks else _host_header(endpoint)
    headers = []
    for name, value in request.headers:
        if name.lower() == "host" and not quirks:
            host = fill(value)
        if not _is_left_out(name.lower(), quirks=quirks):
            headers.append((name, fill(value)))
    return request_template(
        host,
        fill(request.path),
        origin=fill(request.origin) or endpoint.host,
        headers=headers,
        subprotocols=fill(request.subprotocols),
    )


def _is_left_out(name: str, *, quirks: bool) -> bool:
    return name in RESERVED_HEADERS or (name == EXTENSIONS and not quirks)


def _host_header(endpoint: Endpoint) -> str:
    """Host, and the port where it is not the scheme's own (RFC 6455, 4.1); Tsung never says it."""
    if endpoint.port != _DEFAULT_PORTS.get(endpoint.transport):
        return str(endpoint)
    return f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host


def _has_placeholders(request: Connect) -> bool:
    return any("%%" in text for text in _texts(request))


def _texts(request: Connect) -> Iterator[str]:
    yield from (request.path, request.origin, request.subprotocols)
    yield from (value for _, value in request.headers)
