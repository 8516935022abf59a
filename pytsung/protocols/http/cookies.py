"""One user's cookies, as RFC 6265 has user agents keep them.

Without a public suffix list: a server that may set a cookie for `co.uk` here
could not do so in a browser. Must not know how headers are read or written.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Protocol

from pytsung.protocols.http.cookie_dates import read_date

MAX_COOKIES = 180
"""Cookies of one user; the oldest goes first. As many as Chromium keeps for a domain."""

MAX_COOKIE_BYTES = 4096
"""Name and value together (RFC 6265, 6.1); a longer one is not kept."""

NEVER = float("inf")


class Jar(Protocol):
    """Where one user's cookies are. `host` is what `Host` says, port included."""

    def store(self, field: str, host: str, path: str, now: float) -> None:
        """Take a `Set-Cookie` field of an answer to a request for `path` at `host`."""
        ...

    def pairs(self, host: str, path: str, *, is_secure: bool, now: float) -> list[str]:
        """The `name=value` pairs that a request sends, in order."""
        ...


@dataclass(slots=True)
class Cookie:
    """One cookie. `host_only` ones go to their very host alone."""

    name: str
    value: str
    domain: str
    path: str
    host_only: bool
    is_secure: bool
    expires: float


@dataclass(slots=True)
class SetCookie:
    """A `Set-Cookie` field, read (RFC 6265, 5.2); "" and None are attributes not given."""

    name: str
    value: str
    domain: str = ""
    path: str = ""
    is_secure: bool = False
    max_age: int | None = None
    expires: float | None = None


def read_set_cookie(field: str) -> SetCookie | None:
    """The parts of a field; None for one that sets nothing."""
    pair, *attributes = field.split(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name:
        return None
    cookie = SetCookie(name, value)
    for attribute in attributes:
        _read_attribute(attribute, cookie)
    return cookie


def _read_attribute(attribute: str, cookie: SetCookie) -> None:
    """Heed one attribute; the last of a name wins."""
    name, _, value = attribute.partition("=")
    name, value = name.strip().lower(), value.strip()
    if name == "domain":
        cookie.domain = value
    elif name == "path":
        cookie.path = value if value.startswith("/") else ""
    elif name == "secure":
        cookie.is_secure = True
    elif name == "max-age":
        digits = value.removeprefix("-")
        if digits.isascii() and digits.isdigit():
            cookie.max_age = int(value[:12])
    elif name == "expires":
        expires = read_date(value)
        if expires is not None:
            cookie.expires = expires


class CookieJar:
    """One user's cookies, in the order in which they were first set."""

    __slots__ = ("_cookies",)

    def __init__(self) -> None:
        self._cookies: list[Cookie] = []

    def store(self, field: str, host: str, path: str, now: float) -> None:
        """Take a `Set-Cookie` field (RFC 6265, 5.3); a foreign one is left out."""
        given = read_set_cookie(field)
        if given is None or len(given.name) + len(given.value) > MAX_COOKIE_BYTES:
            return
        host = host_name(host)
        domain = given.domain.removeprefix(".").lower()
        if domain and not domain_matches(host, domain):
            return
        if given.max_age is not None:
            expires = now + given.max_age if given.max_age > 0 else -NEVER
        else:
            expires = NEVER if given.expires is None else given.expires
        self._put(
            Cookie(
                name=given.name,
                value=given.value,
                domain=domain or host,
                path=given.path or default_path(path),
                host_only=not domain,
                is_secure=given.is_secure,
                expires=expires,
            ),
            now,
        )

    def _put(self, cookie: Cookie, now: float) -> None:
        """Replace the cookie of the same name, domain and path, or add one; or delete it."""
        for position, old in enumerate(self._cookies):
            same = (old.name, old.domain, old.path) == (cookie.name, cookie.domain, cookie.path)
            if same and old.host_only is cookie.host_only:
                if cookie.expires > now:
                    self._cookies[position] = cookie
                else:
                    del self._cookies[position]
                return
        if cookie.expires > now:
            self._cookies.append(cookie)
            if len(self._cookies) > MAX_COOKIES:
                del self._cookies[0]

    def pairs(self, host: str, path: str, *, is_secure: bool, now: float) -> list[str]:
        """What a request sends: longer paths first, then older cookies (RFC 6265, 5.4)."""
        if not self._cookies:
            return []
        host = host_name(host)
        fitting = [
            cookie
            for cookie in self._cookies
            if (host == cookie.domain if cookie.host_only else domain_matches(host, cookie.domain))
            and path_matches(path, cookie.path)
            and (is_secure or not cookie.is_secure)
            and cookie.expires > now
        ]
        fitting.sort(key=lambda cookie: -len(cookie.path))
        return [f"{cookie.name}={cookie.value}" for cookie in fitting]


def host_name(host: str) -> str:
    """The host of a `Host` text, in lower case and without its port."""
    if host.startswith("["):
        return host.partition("]")[0][1:].lower()
    return host.partition(":")[0].lower()


def domain_matches(host: str, domain: str) -> bool:
    """Whether a host is that domain or lies in it (RFC 6265, 5.1.3)."""
    if host == domain:
        return True
    return host.endswith(f".{domain}") and not _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def path_matches(path: str, prefix: str) -> bool:
    """Whether a path lies below another (RFC 6265, 5.1.4)."""
    if not path.startswith(prefix):
        return False
    return len(path) == len(prefix) or prefix.endswith("/") or path[len(prefix)] == "/"


def default_path(path: str) -> str:
    """The path of a cookie that names none (RFC 6265, 5.1.4)."""
    directory = path.rpartition("/")[0]
    return directory if directory.startswith("/") else "/"
