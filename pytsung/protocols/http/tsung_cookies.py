"""One user's cookies as Tsung keeps them, for `--tsung-quirks`.

Nothing expires, a domain fits wherever its text occurs, and every path is `/` that
is not given. Must not know how headers are read or written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pytsung.protocols.http.cookies import MAX_COOKIES, read_set_cookie
from pytsung.protocols.http.requests import AddedCookie

_PORT = re.compile(r":\d+$")


@dataclass(slots=True)
class _Cookie:
    name: str
    value: str
    domain: str
    path: str


class TsungCookieJar:
    """One user's cookies, the newest first."""

    __slots__ = ("_cookies",)

    def __init__(self) -> None:
        self._cookies: list[_Cookie] = []

    def store(self, field: str, host: str, path: str, now: float) -> None:  # noqa: ARG002 - what a Jar is told
        """Take a `Set-Cookie` field of whatever domain; expiry is not looked at."""
        given = read_set_cookie(field)
        if given is None:
            return
        domain = given.domain or f".{_PORT.sub('', host)}"
        cookie = _Cookie(given.name, given.value, domain, given.path or "/")
        for position, old in enumerate(self._cookies):
            if old.name == cookie.name and old.domain == cookie.domain:
                self._cookies[position] = cookie
                return
        self._cookies.insert(0, cookie)
        del self._cookies[MAX_COOKIES:]

    # A Jar, whether or not it looks at all that it is told.
    def pairs(self, host: str, path: str, *, is_secure: bool, now: float) -> list[str]:  # noqa: ARG002 - it, too
        """What a request sends."""
        return [
            f"{cookie.name}={cookie.value}"
            for cookie in self._cookies
            if goes_to(cookie.domain, cookie.path, host, path)
        ]


def goes_to(domain: str, prefix: str, host: str, path: str) -> bool:
    """Tsung's test: the domain's text anywhere in `.` and `Host`, the prefix at the start."""
    return domain in f".{host}" and path.startswith(prefix)


def added(
    cookies: tuple[AddedCookie, ...], host: str, path: str, fill: Callable[[str], str]
) -> list[str]:
    """Those of a request's own cookies that go where it goes; Tsung's test, quirks or not."""
    return [
        f"{cookie.key}={fill(cookie.value)}"
        for cookie in cookies
        if goes_to(fill(cookie.domain), fill(cookie.path), host, path)
    ]
