"""What the admin port answers: publishing, health, counts, metrics.

    POST /v1/realtime/events      one event in Appwrite's contract → 202 and who it goes to,
                                  or a line for each of several → 202 and how many
    GET  /v1/realtime/counts      everything that is counted, as JSON
    GET  /health                  200 while events get in, 503 while Redis is gone
    GET  /metrics                 the counts in Prometheus's text format

Anybody who can connect may ask on a loopback address; elsewhere, or when a token is
set, only with `Authorization: Bearer TOKEN`. Web pages in a browser of this host may
not: a foreign Host is refused, and events have to be JSON, which browsers ask leave
for first. Must not know HTTP's bytes, or sockets.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pytsung.errors import RemoteProtocolError
from pytsung_server import metrics
from pytsung_server.http import Answer, Request
from pytsung_server.ingress import Ingress

JSON = "application/json"
LINES = "application/x-ndjson"
"""What a request with one event says it is, and one with several: neither is among the types
that a web page of a stranger may send without asking."""


class Admin:
    """Answers requests. `counts` gives all counts of now; an empty `token` lets everybody in."""

    def __init__(self, ingress: Ingress, counts: Callable[[], dict[str, int]], token: str) -> None:
        self._ingress = ingress
        self._counts = counts
        self._token = token.encode()
        self._routes: dict[str, tuple[str, Callable[[Request], Answer]]] = {
            "/v1/realtime/events": ("POST", self._publish),
            "/v1/realtime/counts": ("GET", self._count),
            "/health": ("GET", self._health),
            "/metrics": ("GET", self._metrics),
        }

    def answer(self, request: Request) -> Answer:
        """What a request gets."""
        if self._token:
            if not self._is_trusted(request):
                challenge = ("WWW-Authenticate", "Bearer")
                return Answer.of(401, _error("Authorization: Bearer TOKEN is needed"), challenge)
        elif not _is_local(request.headers.get("host", "")):
            return Answer.of(421, _error("without a token only requests to 127.0.0.1 are answered"))
        if request.path not in self._routes:
            return Answer.of(404, _error(f"there are {', '.join(self._routes)}"))
        method, handle = self._routes[request.path]
        wanted = (method, "HEAD") if method == "GET" else (method,)
        if request.method not in wanted:
            return Answer.of(405, _error(f"only {method}"), ("Allow", ", ".join(wanted)))
        return handle(request)

    def _is_trusted(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        # In constant time: how long a wrong token takes must not tell how much of it is right.
        is_right = hmac.compare_digest(token.strip().encode("latin-1"), self._token)
        return scheme.lower() == "bearer" and is_right

    def _publish(self, request: Request) -> Answer:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in (JSON, LINES):
            return Answer.of(415, _error(f"Content-Type: {JSON} is needed; {LINES} for several"))
        try:
            if content_type == LINES:
                count = self._ingress.publish_all(request.body.splitlines())
                return Answer.of(202, {"events": count})
            event = self._ingress.publish(request.body)
        except RemoteProtocolError as error:
            return Answer.of(400, _error(str(error)))
        return Answer.of(202, {"project": event.project, "channels": event.channels})

    def _count(self, _: Request) -> Answer:
        return Answer.of(200, self._counts())

    def _health(self, _: Request) -> Answer:
        redis = self._ingress.redis
        if redis is None:
            return Answer.of(200, {"status": "ok"})
        state: dict[str, Any] = {"subscribed": redis.subscribed, "losses": redis.losses}
        if redis.subscribed:
            return Answer.of(200, {"status": "ok", "redis": state})
        return Answer.of(503, {"status": "no events", "redis": {**state, "reason": redis.reason}})

    def _metrics(self, _: Request) -> Answer:
        text = metrics.exposition(self._counts())
        return Answer(200, text.encode(), metrics.CONTENT_TYPE)


def is_loopback(host: str) -> bool:
    """Whether an address, or a name, can only be reached from this host."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_local(host: str) -> bool:
    """Whether a Host header names this host as itself; that of a page from elsewhere does not."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


def _error(text: str) -> dict[str, str]:
    return {"error": text}
