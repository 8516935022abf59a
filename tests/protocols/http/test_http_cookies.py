"""Cookies are how servers know a session: one that is lost is another user."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.protocols.http.cookie_dates import read_date
from pytsung.protocols.http.cookies import (
    MAX_COOKIES,
    CookieJar,
    default_path,
    domain_matches,
    path_matches,
)
from pytsung.protocols.http.tsung_cookies import TsungCookieJar
from tests.protocols.http.scripts import browser, http, lines

NOW = 1_700_000_000.0


@dataclass
class Kept:
    """A jar, and what it would send."""

    jar: CookieJar

    def set(self, field: str, host: str = "www.example.org", path: str = "/a/b") -> Kept:
        self.jar.store(field, host, path, NOW)
        return self

    def sent(
        self,
        host: str = "www.example.org",
        path: str = "/a/b",
        *,
        is_secure: bool = False,
        now: float = NOW,
    ) -> str:
        return "; ".join(self.jar.pairs(host, path, is_secure=is_secure, now=now))


def kept(*fields: str) -> Kept:
    jar = Kept(CookieJar())
    for field in fields:
        jar.set(field)
    return jar


def test_a_cookie_comes_back_to_its_host_and_directory() -> None:
    """RFC 6265, 5.1.4: without a path, the directory of the URL that set it."""
    jar = kept("a=1")
    assert jar.sent() == "a=1"
    assert jar.sent(path="/a/c/d") == "a=1"
    assert jar.sent(path="/") == ""
    assert jar.sent(host="WWW.Example.org:8080") == "a=1"
    assert jar.sent(host="sub.www.example.org") == ""
    assert jar.sent(host="example.org") == ""


@pytest.mark.parametrize("domain", [".example.org", "example.org", "Example.ORG"])
def test_a_domain_reaches_the_hosts_in_it(domain: str) -> None:
    """On label boundaries; Tsung sends it to notexample.org too."""
    jar = kept(f"a=1; Domain={domain}; path=/")
    assert jar.sent() == jar.sent(host="example.org") == jar.sent(host="x.y.example.org") == "a=1"
    assert jar.sent(host="notexample.org") == jar.sent(host="example.org.evil") == ""


@pytest.mark.parametrize("domain", ["other.org", "sub.www.example.org", "le.org"])
def test_a_foreign_domain_sets_nothing(domain: str) -> None:
    """RFC 6265, 5.3, step 6."""
    assert kept(f"a=1; domain={domain}; path=/").sent() == ""


def test_an_address_is_no_domain() -> None:
    """`0.0.1` does not reach 127.0.0.1."""
    assert domain_matches("127.0.0.1", "127.0.0.1")
    assert not domain_matches("127.0.0.1", "0.0.1")


@pytest.mark.parametrize(
    ("path", "prefix", "fits"),
    [
        ("/sub", "/sub", True),
        ("/sub/x", "/sub", True),
        ("/sub/x", "/sub/", True),
        ("/subway", "/sub", False),
        ("/", "/sub", False),
    ],
)
def test_paths_match_on_boundaries(path: str, prefix: str, fits: bool) -> None:
    """RFC 6265, 5.1.4."""
    assert path_matches(path, prefix) is fits


@pytest.mark.parametrize(
    ("path", "directory"), [("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("*", "/")]
)
def test_default_paths(path: str, directory: str) -> None:
    """RFC 6265, 5.1.4."""
    assert default_path(path) == directory


@pytest.mark.parametrize(
    "gone",
    [
        "Max-Age=0",
        "max-age=-1",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "expires=Wed Jan 01 2020 00:00:00; Max-Age=0",
    ],
)
def test_servers_can_take_a_cookie_back(gone: str) -> None:
    """A user who logged out must not look as if logged in; Tsung sends it on."""
    assert kept("a=1; path=/", f"a=; path=/; {gone}").sent() == ""
    assert kept("a=1; path=/", f"a=; path=/other; {gone}").sent() == "a=1"


def test_cookies_expire() -> None:
    """Max-Age wins over Expires (RFC 6265, 5.3)."""
    jar = kept("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2; Max-Age=x")
    assert jar.sent(now=NOW + 59) == "a=1; b=2"
    assert jar.sent(now=NOW + 61) == "b=2"


def test_secure_cookies_travel_in_secret() -> None:
    """RFC 6265, 5.4."""
    jar = kept("a=1; SECURE; HttpOnly")
    assert jar.sent() == ""
    assert jar.sent(is_secure=True) == "a=1"


def test_longer_paths_first_then_older_cookies() -> None:
    """RFC 6265, 5.4; and a new value keeps its age."""
    jar = kept("a=1; path=/", "b=2; path=/a", "c=3; path=/", "a=4; path=/")
    assert jar.sent() == "b=2; a=4; c=3"


def test_the_same_name_twice() -> None:
    """A cookie is its name, domain and path together."""
    assert kept("a=1; path=/", "a=2; path=/a").sent() == "a=2; a=1"


@pytest.mark.parametrize("field", ["", "a", ";a=1", "=1", "a=" + "x" * 5000])
def test_what_sets_nothing(field: str) -> None:
    """Servers send strange things."""
    assert kept(field).sent() == ""


def test_values_are_kept_as_they_are() -> None:
    """Quotes and equals signs are the server's own."""
    assert kept('a="x=y" ; path=/').sent() == 'a="x=y"'


def test_a_jar_is_bounded() -> None:
    """A server cannot fill a load host's memory."""
    jar = kept(*(f"c{number}=1" for number in range(MAX_COOKIES + 5)))
    sent = jar.sent().split("; ")
    assert len(sent) == MAX_COOKIES
    assert sent[0] == "c5=1"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777.0),
        ("Sun Nov  6 08:49:37 1994", 784111777.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253402300799.0),
        ("tomorrow", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 25:49:37 GMT", None),
    ],
)
def test_dates_in_all_their_spellings(text: str, time: float | None) -> None:
    """RFC 6265, 5.1.1; a wrong one deletes somebody's session."""
    assert read_date(text) == time


@given(st.text(max_size=60))
def test_no_field_is_too_strange(text: str) -> None:
    """Whatever a server says, the user lives."""
    jar = CookieJar()
    jar.store(f"a=1; Expires={text}; Max-Age={text}", "h", "/", NOW)
    jar.store(text, "h", "/", NOW)
    jar.pairs("h", "/", is_secure=False, now=NOW)
    TsungCookieJar().store(text, "h", "/", NOW)


ANSWER = (
    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nSet-Cookie: a=1; path=/; HttpOnly\r\n"
    b"set-cookie: b=2; Max-Age=0; domain=localhost\r\nSet-Cookie:c=3; path=/sub\r\n"
    b"Set-Cookie: d=4; domain=other.org\r\n\r\n"
)
ADDED = '<add_cookie key="k1" value="v1"/>'
STEPS = http(url="/") + http(url="/g") + http(ADDED, url="/sub/g")


@pytest.mark.parametrize(
    ("quirks", "first", "second"),
    [
        (False, "Cookie: a=1", "Cookie: c=3; a=1; k1=v1"),
        (True, "Cookie: b=2; a=1", "Cookie: c=3; b=2; a=1; k1=v1"),
    ],
)
def test_a_session_with_cookies(quirks: bool, first: str, second: str) -> None:
    """The manual's example, as RFC 6265 has it and as Tsung has it."""
    user = browser(STEPS, quirks=quirks)
    for _ in range(2):  # the second time the answer's head is known
        requests = user.play([ANSWER])
        assert [lines(data)[3] for data in requests[1:]] == [first, second]


def test_added_cookies_go_where_they_fit() -> None:
    """Tsung's test: the domain anywhere in `Host`, the path at the URL's start."""

    def added(words: str, url: str) -> bool:
        servers = '<servers><server host="127.0.0.1" port="8882" type="tcp"/></servers>'
        inside = f'<add_cookie key="k" value="v" {words}/>'
        (data,) = browser(http(inside, url=url), servers=servers).play()
        return "Cookie: k=v" in lines(data)

    assert added('path="/sub/" domain="127.0.0"', "/sub/y")
    assert not added('path="/other"', "/sub/y")
    assert not added('domain="zz"', "/sub/y")


def test_cookies_of_two_hosts_do_not_mix() -> None:
    """A user who visits two servers is two customers."""
    steps = http(url="http://a/") + http(url="http://b/") + http(url="http://a/")
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: who=%b\r\n\r\n"
    sent = browser(steps).play([answer % b"a", answer % b"b"])
    assert [lines(data)[3:] for data in sent] == [[], [], ["Cookie: who=a"]]
