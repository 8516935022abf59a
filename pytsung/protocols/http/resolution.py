"""Where a request goes, as far as the configuration tells: Tsung's rules R1 to R8.

    R1  absolute, with variables                   found out when it is made
    R2  absolute                                   there; proxy: to the proxy
    R3  proxy mode and no absolute URL so far      refused
    R4  begins with a variable                     found out when it is made
    R5  relative, none absolute before, 1 server   to that server
    R6  relative, none absolute before             where the user is
    R7  relative                                   where the user is; `Host` as spelt before
    R8  relative, in proxy mode                    made absolute by the one before

"Before" is the order of the file, whatever loops and conditions make of it. Must
not know what else is in a request.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.plan import Endpoint
from pytsung.protocols.http.requests import Origin
from pytsung.protocols.http.urls import (
    base_url,
    is_absolute,
    parse_url,
    relative_target,
    without_empty_query,
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A URL as far as it is known. `user` is the user-info of an absolute one.

    `before` is what the next request of the session finds before it.
    """

    url: str
    origin: Origin | None = None
    bound: bool = False
    user: str = ""
    before: Origin | None = None


def resolve(
    url: str,
    servers: tuple[Endpoint, ...],
    before: Origin | None,
    *,
    substitute: bool,
    proxy: bool,
) -> Resolved:
    """Resolve one URL; `before` is the origin of the closest earlier request that had one.

    Raises:
        ValueError: an absolute URL that is none, or nothing absolute for a proxy to go to.
    """
    has_variables = substitute and "%%" in url
    if is_absolute(url):
        if has_variables:
            return Resolved(url, before=before)  # R1
        return _absolute(url, servers, proxy=proxy)  # R2
    if proxy and before is None:
        raise ValueError("the proxy must be told of a host first")  # R3
    if has_variables and url.startswith("%%"):
        return Resolved(url, before if proxy else None, before=before)  # R4
    url = relative_target(url)
    if proxy:
        assert before is not None
        base = base_url(before.endpoint)
        if before.host:
            base = f"{base.partition('//')[0]}//{before.host}"
        return Resolved(base + url, before, before=before)  # R8
    if before is not None:
        return Resolved(url, before, before=before)  # R7
    if len(servers) != 1:
        return Resolved(url)  # R6
    origin = Origin(servers[0])
    return Resolved(without_empty_query(url), origin, bound=True, before=origin)  # R5


def _absolute(text: str, servers: tuple[Endpoint, ...], *, proxy: bool) -> Resolved:
    url = parse_url(text, ipv6=bool(servers) and servers[-1].ipv6)
    if url is None:
        raise ValueError("this is no URL")
    origin = Origin(url.endpoint, url.host)
    target = url.without_user if proxy else url.target
    return Resolved(target, origin, bound=not proxy, user=url.user, before=origin)
