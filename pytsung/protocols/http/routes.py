"""What all users share who send one request from one endpoint.

A request without variables has the same bytes for all of them, but for a user's
own cookies. Its answers mostly begin with the same bytes too, and a head that was
read once is recognised by comparison, which is twenty times quicker than reading.
Must not know connections or sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytsung.plan import Cargo, Endpoint, Request
from pytsung.protocols.http.authorization import basic
from pytsung.protocols.http.composition import (
    Composed,
    Fill,
    Signatures,
    body_of,
    compose,
    configured_body,
)
from pytsung.protocols.http.places import Place, common_endpoint, locate
from pytsung.protocols.http.requests import HttpRequest, Scheme
from pytsung.protocols.http.tsung_cookies import added
from pytsung.protocols.room import Exchange, Feedback, RequestContext

MAX_ROUTES = 16384
"""Routes remembered by a process; each takes about a kilobyte."""


class KnownAnswer:
    """The last good answer to a request that came in one piece: its head, and what it meant.

    `size` is that of the whole answer in bytes, 0 while none is known. `is_coded`
    says that its body must be decoded before anybody looks at it.
    """

    __slots__ = ("cookies", "feedback", "head", "is_coded", "size")

    def __init__(self) -> None:
        self.size = 0
        self.head = b""
        self.feedback = Feedback()
        self.cookies: tuple[str, ...] = ()
        self.is_coded = False


class Route:
    """A request on its way to a place: `exchange` is what a user without cookies sends."""

    __slots__ = ("_added", "_composed", "bodiless", "exchange", "known", "place", "quirks")

    def __init__(
        self,
        request: HttpRequest,
        place: Place,
        here: Endpoint,
        composed: Composed,
        fill: Fill,
        known: KnownAnswer,
        *,
        quirks: bool,
    ) -> None:
        self.place = place
        self.known = known
        self.quirks = quirks
        self.bodiless = request.method == "HEAD"
        self._composed = composed
        self._added: tuple[str, ...] = ()
        if request.cookies:
            cookies = added(request.cookies, place.host, place.path, fill)
            self._added = tuple(reversed(cookies) if quirks and not request.substitute else cookies)
        self.exchange = Exchange(composed.with_cookies(self._added, quirks=quirks))
        if place.endpoint != here:
            self.exchange.endpoint = place.endpoint

    def with_cookies(self, pairs: Iterable[str]) -> Exchange:
        """What a user sends who has cookies of its own."""
        data = self._composed.with_cookies((*pairs, *self._added), quirks=self.quirks)
        return Exchange(data, endpoint=self.exchange.endpoint)


class Shared:
    """What a process remembers of one request, as it is sent from `here`.

    `route` is None when each user's bytes are different. Keeps the objects that it
    is found by, so that nothing else can have their identity.
    """

    __slots__ = ("_found_by", "known", "route")

    def __init__(
        self, request: HttpRequest, here: Endpoint, agent: str, files: Cargo, *, quirks: bool
    ) -> None:
        self._found_by = (request, here)
        self.known = KnownAnswer()
        self.route: Route | None = None
        if not varies(request, files):
            place = locate(request, here, _as_it_is, quirks=quirks)
            body = body_of(request, _as_it_is, files, quirks=quirks)
            proof = basic(request.credentials, _as_it_is) if request.credentials else ""
            composed = compose(
                request, place, agent, body, Signatures(proof), _as_it_is, quirks=quirks
            )
            self.route = Route(request, place, here, composed, _as_it_is, self.known, quirks=quirks)


class RouteTable:
    """What a process remembers of the requests that it makes.

    `shared` is found by identity, which is quick to look up: of the request, of the
    endpoint it is made at, and by the user agent. Whether Tsung's quirks are wanted is
    no part of the key, for it is the same as long as a process lives.
    """

    __slots__ = ("shared",)

    def __init__(self) -> None:
        self.shared: dict[tuple[int, int, str], Shared] = {}

    def find(self, request: Request, agent: str, context: RequestContext) -> Shared:
        """What is shared about a request; remembered from now on.

        An endpoint that a user has for itself is known under that of everybody's equal to it.
        """
        common = common_endpoint(context.endpoint)
        key = (id(request), id(common), agent)
        shared = self.shared.get(key)
        if shared is None:
            if not isinstance(request, HttpRequest):
                raise TypeError(f"not a request of HTTP: {request!r}")
            if len(self.shared) >= MAX_ROUTES:
                self.shared.clear()
            shared = Shared(request, common, agent, context.files, quirks=context.quirks)
            self.shared[key] = shared
        return shared


def varies(request: HttpRequest, files: Cargo) -> bool:
    """Whether the request's bytes may be different each time."""
    credentials = request.credentials
    if request.oauth is not None:
        return True
    if credentials is not None and credentials.scheme is Scheme.DIGEST:
        return True
    if request.substitute and request.fills_body and b"%%" in configured_body(request, files):
        return True
    return request.substitute and any("%%" in text for text in _texts(request))


def _texts(request: HttpRequest) -> Iterator[str]:
    """Every text into which variables are filled, but for the body."""
    yield from (request.url, request.content_type, request.if_modified_since)
    yield request.soap_action or ""
    yield from (value for _, value in request.headers)
    for cookie in request.cookies:
        yield from (cookie.value, cookie.path, cookie.domain)
    if request.credentials is not None:
        yield from (request.credentials.userid, request.credentials.passwd)


def _as_it_is(text: str) -> str:
    return text
