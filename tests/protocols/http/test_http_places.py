"""Where a request goes, and what `Host` says: Tsung's rules, without its stale names."""

from __future__ import annotations

from typing import Any

import pytest

from pytsung.errors import ConfigurationError
from pytsung.plan import Endpoint, RequestStep, Transport
from pytsung.protocols.http.urls import host_text, parse_url
from pytsung.protocols.room import RequestError
from tests.protocols.http.scripts import TWO_SERVERS, browser, http, lines, plan, sent

PROXY = '<option type="ts_http" name="http_use_server_as_proxy" value="true"/>'
TLS = Transport.TLS


@pytest.mark.parametrize(
    ("text", "host", "endpoint", "target"),
    [
        ("http://h", "h", Endpoint("h", 80), "/"),
        ("http://h/", "h", Endpoint("h", 80), "/"),
        ("http://h:80/", "h:80", Endpoint("h", 80), "/"),
        ("https://h/a", "h", Endpoint("h", 443, TLS), "/a"),
        ("https://h:8443/a?b", "h:8443", Endpoint("h", 8443, TLS), "/a?b"),
        ("http://h?a=b", "h", Endpoint("h", 80), "/?a=b"),
        ("http://h:8?a=b?c", "h:8", Endpoint("h", 8), "/?a=b?c"),
        ("http://h/foo?", "h", Endpoint("h", 80), "/foo"),
        ("http://h/foo#there", "h", Endpoint("h", 80), "/foo"),
        ("http://[::1]:81/x", "[::1]:81", Endpoint("::1", 81), "/x"),
        ("http://me:pw@h/x", "h", Endpoint("h", 80), "/x"),
        ("HTTP://H/x", "H", Endpoint("H", 80), "/x"),
        ("http://h:/x", "h", Endpoint("h", 80), "/x"),
    ],
)
def test_urls_are_taken_apart(text: str, host: str, endpoint: Endpoint, target: str) -> None:
    """Who is connected to and who is named must not be confused."""
    url = parse_url(text)
    assert url is not None
    assert (url.host, url.endpoint, url.target) == (host, endpoint, target)


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "http:///x",
        "http:/h/",
        "http://h:99999/",
        "http://h:x/",
        "http://h:0/",
        "ftp://h",
    ],
)
def test_what_is_no_url_is_refused(text: str) -> None:
    """A typing error should not become a load test of somebody else."""
    assert parse_url(text) is None
    if text.startswith("http"):
        with pytest.raises(ConfigurationError, match="this is no URL"):
            plan(http(url=text))


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (Endpoint("h", 80), "h"),
        (Endpoint("h", 443, TLS), "h"),
        (Endpoint("h", 443), "h:443"),
        (Endpoint("h", 80, TLS), "h:80"),
        (Endpoint("::1", 80), "[::1]"),
        (Endpoint("::1", 8881), "[::1]:8881"),
    ],
)
def test_host_names_a_port_only_where_it_is_not_the_usual_one(
    endpoint: Endpoint, text: str
) -> None:
    """Virtual hosts are chosen by this text."""
    assert host_text(endpoint) == text


def went(steps: str, **rest: Any) -> list[tuple[str, str, str]]:
    """For each request: where it went, its target, and what `Host` said."""
    user = browser(steps, **rest)
    heads = [lines(data) for data in user.play()]
    return [
        (place, head[0].split(" ")[1], head[1].removeprefix("Host: "))
        for place, head in zip(user.places, heads, strict=True)
    ]


A, B = "http://a:81/x", "http://b/y"


def test_an_absolute_url_takes_its_user_along() -> None:
    """R2 and R7: what follows goes where the last absolute URL went, by its name."""
    steps = (
        http(url="/1") + http(url="http://a:80/2") + http(url="3") + http(url=A) + http(url="/4")
    )
    assert went(steps) == [
        ("localhost:8881", "/1", "localhost:8881"),
        ("a:80", "/2", "a:80"),
        ("a:80", "/3", "a:80"),
        ("a:81", "/x", "a:81"),
        ("a:81", "/4", "a:81"),
    ]


def test_a_dynamic_url_takes_its_user_along_and_its_name_too() -> None:
    """R1: Tsung would greet B by the name of A."""
    steps = http(url=A) + http(subst="true", url="%%_u%%") + http(url="/z")
    assert went(steps, variables={"u": "http://b:82/y?q=a b"}) == [
        ("a:81", "/x", "a:81"),
        ("b:82", "/y?q=a%20b", "b:82"),
        ("b:82", "/z", "b:82"),
    ]
    assert went(steps, variables={"u": "http://b:82/y"}, quirks=True)[2] == ("b:82", "/z", "a:81")


def test_a_variable_in_the_host_is_filled() -> None:
    """R1, and `all_except_body` as well, where Tsung sends the variable's name."""
    for subst in ("true", "all_except_body"):
        steps = http(subst=subst, url="https://%%_h%%/y") + http(url="/z")
        assert went(steps, variables={"h": "b"}, servers=TWO_SERVERS) == [
            ("b:443", "/y", "b"),
            ("b:443", "/z", "b"),
        ]


def test_a_variable_may_be_a_path() -> None:
    """R4: the user stays, and `Host` is where it is."""
    steps = http(url=A) + http(subst="true", url="%%_u%%") + http(subst="true", url="%%_v%%")
    assert went(steps, variables={"u": "/p", "v": "q"})[1:] == [
        ("a:81", "/p", "a:81"),
        ("a:81", "/q", "a:81"),
    ]


def test_a_variable_that_makes_no_url_ends_the_user() -> None:
    """Counted, not sent somewhere."""
    user = browser(http(subst="true", url="%%_u%%"), variables={"u": "http://:x"})
    (step,) = user.session.steps
    assert isinstance(step, RequestStep)
    with pytest.raises(RequestError, match="error_http_bad_url"):
        user.send(step)


def test_relative_urls_go_back_to_the_only_server() -> None:
    """R5: on each turn of a loop, wherever the turn before has led."""
    turn = http(url="/1?") + http(subst="true", url="%%_u%%")
    user = browser(turn, variables={"u": "http://b/y"})
    assert [lines(data)[0] for data in user.play() + user.play()] == [
        "GET /1 HTTP/1.1",
        "GET /y HTTP/1.1",
    ] * 2
    assert user.places == ["localhost:8881", "b:80"] * 2


def test_with_several_servers_the_user_stays_with_its_own() -> None:
    """R6: the one that was drawn when it began."""
    assert went(http(url="/1?") + http(url="x"), servers=TWO_SERVERS) == [
        ("localhost:8881", "/1?", "localhost:8881"),
        ("localhost:8881", "/x", "localhost:8881"),
    ]


def test_the_server_is_named_as_endpoints_are() -> None:
    """R5: without the port that the scheme has anyway."""
    tls = '<servers><server host="h" port="443" type="ssl"/></servers>'
    assert went(http(url="/"), servers=tls) == [("h:443", "/", "h")]
    six = '<servers><server host="h" port="80" type="tcp6"/></servers>'
    user = browser(http(url="http://o/"), servers=six)
    user.play()
    assert user.endpoint == Endpoint("o", 80, ipv6=True)


def test_an_asterisk_is_a_target() -> None:
    """`OPTIONS *` asks the server itself (RFC 9112, 3.2.4)."""
    assert went(http(url="*", method="OPTIONS"))[0][1] == "*"


def test_a_proxy_is_asked_for_whole_urls() -> None:
    """R2, R8 and R1, all through the user's own server."""
    steps = (
        http(url=A)
        + http(url="/r?s")
        + http(subst="true", url="http://%%_h%%/y")
        + http(subst="true", url="%%_u%%")
    )
    assert went(steps, options=PROXY, servers=TWO_SERVERS, variables={"h": "b", "u": "/p"}) == [
        ("localhost:8881", "http://a:81/x", "a:81"),
        ("localhost:8881", "http://a:81/r?s", "a:81"),
        ("localhost:8881", "http://b/y", "b"),
        ("localhost:8881", "http://a:81/p", "a:81"),
    ]


def test_a_proxy_is_asked_for_a_way_to_what_is_secure() -> None:
    """A proxy cannot ask for `https` in our place; and the next plain URL goes to it again."""
    steps = http(url="https://s/x?y") + http(url="/z") + http(subst="true", url="%%_u%%")
    user = browser(steps, options=PROXY, variables={"u": "http://b/"})
    first, second, third = user.play()
    assert (lines(first)[0], lines(first)[1]) == ("GET /x?y HTTP/1.1", "Host: s")
    assert lines(second)[0] == "GET /z HTTP/1.1"
    assert lines(third)[0] == "GET http://b/ HTTP/1.1"
    assert user.places == ["s:443", "s:443", "localhost:8881"]
    assert user.endpoint.via is None


def test_tsung_asks_a_proxy_in_clear() -> None:
    """As `--tsung-quirks` do."""
    user = browser(http(url="https://s/x"), options=PROXY, quirks=True)
    assert lines(user.play()[0])[0] == "GET https://s/x HTTP/1.1"
    assert user.endpoint == Endpoint("localhost", 8881)


def test_a_proxy_must_be_told_of_a_host() -> None:
    """R3: nobody could know where to go."""
    with pytest.raises(ConfigurationError, match="must be told of a host first"):
        plan(http(url="/"), options=PROXY)


def test_the_proxy_option_can_say_false() -> None:
    """In Tsung its mere presence counts."""
    off = PROXY.replace("true", "false")
    assert went(http(url=A), options=off)[0] == ("a:81", "/x", "a:81")


def test_user_info_proves_who_the_user_is() -> None:
    """`http://name:password@host/` is basic authentication (RFC 7617)."""
    (data,) = sent(http(url="http://Aladdin:open%20sesame@h/"))
    assert lines(data)[1] == "Host: h"
    assert lines(data)[3] == "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
