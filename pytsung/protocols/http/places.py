"""Where one request of one user goes, once its variables are filled in.

The run-time half of `resolution`. Must not know how a request is spelt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from pytsung.plan import Endpoint, Transport
from pytsung.protocols.http.requests import HttpRequest
from pytsung.protocols.http.urls import (
    Url,
    base_url,
    host_text,
    is_absolute,
    parse_url,
    relative_target,
)
from pytsung.protocols.room import RequestError

BAD_URL = "error_http_bad_url"
"""A variable made something of the URL that is none; the user ends."""


@dataclass(slots=True)
class Place:
    """One request's destination.

    `endpoint` is connected to. `target` stands in the request line and `host` in
    `Host`; `url` is the same in full, as OAuth signs it.
    """

    endpoint: Endpoint
    target: str
    host: str
    is_secure: bool

    @property
    def url(self) -> str:
        """The absolute URL."""
        if is_absolute(self.target):
            return self.target
        return f"{'https' if self.is_secure else 'http'}://{self.host}{self.target}"

    @property
    def path(self) -> str:
        """The path, without host and query."""
        target = self.target
        if is_absolute(target):
            url = parse_url(target)
            target = url.target if url is not None else "/"
        return target.partition("?")[0]


@lru_cache(1024)
def common_endpoint(endpoint: Endpoint) -> Endpoint:
    """An equal endpoint, the same object for everybody: quick to compare."""
    return endpoint


def locate(
    request: HttpRequest, here: Endpoint, fill: Callable[[str], str], *, quirks: bool
) -> Place:
    """Where a request goes for a user who is `here`.

    Raises:
        RequestError: its URL cannot be read.
    """
    url = request.url
    if request.substitute:
        filled = fill(url).replace(" ", "%20")
        # A URL that the configuration itself made absolute was resolved there.
        if filled != url and is_absolute(filled):
            return _elsewhere(request, filled, here, quirks=quirks)
        url = filled if is_absolute(filled) else relative_target(filled)
    origin = request.origin
    if request.through_proxy:
        return _through_proxy(request, url, here, quirks=quirks)
    if origin is None:
        return Place(common_endpoint(here), url, host_text(here), here.transport is Transport.TLS)
    endpoint = origin.endpoint if request.bound else here
    host = origin.host
    if not host or (endpoint != origin.endpoint and not quirks):
        # Tsung says the earlier host's name wherever the user is by now.
        host = host_text(origin.endpoint if quirks else endpoint)
    return Place(common_endpoint(endpoint), url, host, endpoint.transport is Transport.TLS)


def _elsewhere(request: HttpRequest, text: str, here: Endpoint, *, quirks: bool) -> Place:
    """A variable holds an absolute URL: the user goes there."""
    url = parse_url(text, ipv6=here.ipv6)
    if url is None:
        raise RequestError(BAD_URL)
    if request.through_proxy and not quirks:
        return _proxied(url, here, quirks=quirks)
    endpoint = common_endpoint(url.endpoint)
    return Place(endpoint, url.target, host_text(endpoint), url.scheme == "https")


def _through_proxy(request: HttpRequest, url: str, here: Endpoint, *, quirks: bool) -> Place:
    """A URL that the proxy is asked for in full."""
    if not is_absolute(url):
        assert request.origin is not None  # else the configuration would not have passed
        url = base_url(request.origin.endpoint) + url
    parsed = parse_url(url)
    if parsed is None:
        raise RequestError(BAD_URL)
    return _proxied(parsed, here, quirks=quirks)


def _proxied(url: Url, here: Endpoint, *, quirks: bool) -> Place:
    """By way of the proxy, which is where a user is, or what it came through.

    What is secure is asked of its own server, through a tunnel; Tsung asks the proxy
    for it in clear.
    """
    proxy = here.via or here
    if url.scheme == "https" and not quirks:
        tunnel = common_endpoint(replace(url.endpoint, via=proxy))
        return Place(tunnel, url.target, url.host, is_secure=True)
    return Place(common_endpoint(proxy), url.without_user, url.host, url.scheme == "https")
