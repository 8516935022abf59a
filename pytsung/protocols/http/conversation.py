"""One user's exchange with HTTP servers: a request, its answer, and cookies between them.

Between two requests there is only the user agent and the cookies, if there are any:
a conversation that is idle has no buffer. Redirects are counted and not followed,
as in Tsung. Must not know sockets, clocks, or what the session does next.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from random import Random

from pytsung.plan import Request
from pytsung.protocols.http.answers import Answer, Ending
from pytsung.protocols.http.authorization import NonceCount, authorization
from pytsung.protocols.http.composition import Signatures, body_of, compose
from pytsung.protocols.http.cookies import CookieJar, Jar
from pytsung.protocols.http.oauth import Signed, make_nonce, oauth
from pytsung.protocols.http.places import Place, locate
from pytsung.protocols.http.requests import FORM, HttpOptions, HttpRequest
from pytsung.protocols.http.routes import KnownAnswer, Route, RouteTable
from pytsung.protocols.http.tsung_cookies import TsungCookieJar
from pytsung.protocols.room import (
    COMPLETE_AND_CLOSE,
    MORE,
    Exchange,
    Feedback,
    RequestContext,
)

_UNASKED = Feedback(pushes=1)


class Settings:
    """What all users of one room have in common: routes, and which user agents there are.

    `agents_in_tsung` says whether Tsung heeds the option `user_agent` here.
    """

    __slots__ = ("_agents", "_agents_in_tsung", "_user_agent", "_weights", "routes")

    def __init__(self, options: HttpOptions, user_agent: str, *, agents_in_tsung: bool) -> None:
        self._user_agent = user_agent
        self._agents_in_tsung = agents_in_tsung
        agents = options.user_agents or ((user_agent, 1),)
        self._agents = [text for text, _ in agents]
        self._weights = list(accumulate(weight for _, weight in agents))
        self.routes = RouteTable()

    def draw_agent(self, random: Random, *, quirks: bool) -> str:
        """The user agent that a new user has for all of its session."""
        if quirks and not self._agents_in_tsung:
            return self._user_agent
        if len(self._agents) == 1:
            return self._agents[0]
        return random.choices(self._agents, cum_weights=self._weights)[0]


class HttpConversation:
    """One user's exchange with HTTP servers."""

    __slots__ = ("_agent", "_answer", "_counts", "_jar", "_keep", "_now", "_route", "_settings")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._agent: str | None = None
        self._jar: Jar | None = None
        self._counts: NonceCount | None = None
        self._route: Route | None = None  # while an answer is awaited
        self._answer: Answer | None = None  # while a part of it has come
        self._keep = False
        self._now = 0.0  # when the request began

    # -- what the user asks for ---------------------------------------------------

    def begin(self, request: Request, context: RequestContext) -> Exchange:
        """Start a request. After a failed connect or send, the same one may begin again.

        Raises:
            RequestError: a variable made a URL that cannot be read.
        """
        agent = self._agent
        if agent is None:
            agent = self._agent = self._settings.draw_agent(context.random, quirks=context.quirks)
        routes = self._settings.routes
        key = id(request), id(context.endpoint), agent
        shared = routes.shared.get(key) or routes.find(request, agent, context)
        route = shared.route
        if route is None:
            assert isinstance(request, HttpRequest)
            route = self._own_route(request, agent, shared.known, context)
        self._route = route
        self._answer = None
        self._keep = context.keep_answer
        self._now = now = context.unix_time
        if self._jar is None:
            return route.exchange
        place = route.place
        return route.with_cookies(
            self._jar.pairs(place.host, place.path, is_secure=place.is_secure, now=now)
        )

    def _own_route(
        self, request: HttpRequest, agent: str, known: KnownAnswer, context: RequestContext
    ) -> Route:
        """The way of a request that is this user's alone."""
        fill, quirks = context.fill, context.quirks
        place = locate(request, context.endpoint, fill, quirks=quirks)
        body = body_of(request, fill, context.files, quirks=quirks)
        signatures = self._sign(request, place, body, context)
        composed = compose(request, place, agent, body, signatures, fill, quirks=quirks)
        return Route(request, place, context.endpoint, composed, fill, known, quirks=quirks)

    def _sign(
        self, request: HttpRequest, place: Place, body: bytes, context: RequestContext
    ) -> Signatures:
        signatures = Signatures()
        if request.credentials is not None:
            if self._counts is None:
                self._counts = NonceCount()
            signatures.basic_or_digest = authorization(
                request.credentials,
                context.fill,
                method=request.method,
                target=place.target,
                body=body,
                random=context.random,
                counts=self._counts,
                quirks=context.quirks,
            )
        if request.oauth is not None:
            is_form = request.content_type == FORM
            signatures.oauth = oauth(
                request.oauth,
                Signed(request.method, place.url, body if is_form else b""),
                context.fill,
                nonce=make_nonce(context.random),
                timestamp=int(context.unix_time),
            )
        return signatures

    # -- what happens on the connection ---------------------------------------------

    def feed(self, data: bytes) -> Feedback:
        """Take received bytes, awaited or not."""
        route = self._route
        if route is None:
            return _UNASKED if data else MORE
        answer = self._answer
        if answer is None:
            known = route.known
            if len(data) == known.size and data.startswith(known.head):
                if not self._keep:
                    self._route = None
                    if known.cookies:
                        self._store(known.cookies, route)
                    return known.feedback
                if not known.is_coded:
                    self._route = None
                    self._store(known.cookies, route)
                    return Feedback(True, counters=known.feedback.counters, answer=data)
            answer = Answer(bodiless=route.bodiless, keep=self._keep, quirks=route.quirks)
            feedback = answer.feed(data)
            if answer.is_over:
                _learn(route.known, answer, data, feedback)
            else:
                self._answer = answer
        else:
            feedback = answer.feed(data)
        if answer.is_over:
            self._finish(answer, route)
        return feedback

    def peer_closed(self) -> Feedback:
        """Take the end of the stream; it may be the end of the answer, or come too early."""
        route, answer = self._route, self._answer
        if route is None:
            return COMPLETE_AND_CLOSE
        if answer is None:
            answer = Answer(bodiless=route.bodiless, keep=self._keep, quirks=route.quirks)
        feedback = answer.end()
        self._finish(answer, route)
        return feedback

    def disconnected(self) -> None:
        """Forget the connection; the cookies stay."""
        self._route = None
        self._answer = None

    def _finish(self, answer: Answer, route: Route) -> None:
        self._route = None
        self._answer = None
        if answer.head is not None:
            self._store(answer.head.cookies, route)

    def _store(self, cookies: Sequence[str], route: Route) -> None:
        """Keep what `Set-Cookie` fields say."""
        if not cookies:
            return
        if self._jar is None:
            self._jar = TsungCookieJar() if route.quirks else CookieJar()
        for field in cookies:
            self._jar.store(field, route.place.host, route.place.path, self._now)


def _learn(known: KnownAnswer, answer: Answer, data: bytes, feedback: Feedback) -> None:
    """Remember an answer that came in one piece and that nothing was wrong with."""
    head = answer.head
    if (
        head is None
        or answer.ending is not Ending.COUNTED
        or len(feedback.counters) != 1
        or feedback.close
    ):
        return
    known.head = answer.head_bytes
    known.size = len(data)
    known.cookies = head.cookies
    known.is_coded = bool(head.codings)
    known.feedback = Feedback(complete=True, counters=feedback.counters)
