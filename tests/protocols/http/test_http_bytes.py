"""A request's bytes are a contract: servers, proxies and logs are compared with Tsung's."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from pytsung.plan import Endpoint
from pytsung.protocols.http.requests import METHODS_WITH_BODY, METHODS_WITHOUT_BODY
from pytsung.protocols.http.room import HttpRoom
from pytsung.protocols.room import RequestContext
from tests.protocols.http.scripts import beside, http, lines, request, sent

AUTH = '<www_authenticate userid="Aladdin" passwd="open sesame"/>'
BASIC = "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
SOAP = '<soap action="Echo"/>'
COOKIE = '<add_cookie key="k" value="v"/>'
ACCEPT = '<http_header name="Accept" value="*/*"/>'
DEFAULT_TYPE = "Content-Type: application/x-www-form-urlencoded"


def one(inside: str = "", subst: str = "", **attributes: str) -> list[str]:
    (data,) = sent(http(inside, subst, **attributes))
    return lines(data)


def test_the_three_examples_to_the_byte() -> None:
    """What Tsung was seen to send is what we send."""
    steps = http(url="/a?x=1#frag") + http(url="/b", method="POST", contents="k=v")
    assert sent(steps + http(url="/c", method="DELETE")) == [
        b"GET /a?x=1#frag HTTP/1.1\r\nHost: localhost:8881\r\nUser-Agent: tsung\r\n\r\n",
        (
            b"POST /b HTTP/1.1\r\nHost: localhost:8881\r\nUser-Agent: tsung\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\nk=v"
        ),
        (
            b"DELETE /c HTTP/1.1\r\nHost: localhost:8881\r\nUser-Agent: tsung\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n"
        ),
    ]


def test_layout_a_orders_the_lines_of_a_plain_get() -> None:
    """Order is part of the bytes: some servers answer by it."""
    content = (
        '<http_header name="content-length" value="0"/>'
        '<http_header name="content-type" value="text/x"/>'
    )
    assert one(SOAP + AUTH + ACCEPT + COOKIE + content, url="/") == [
        "GET / HTTP/1.1",
        "Host: localhost:8881",
        "User-Agent: tsung",
        "Content-Type: text/x",
        "Content-Length: 0",
        BASIC,
        'SOAPAction: "Echo"',
        "Cookie: k=v",
        "Accept: */*",
    ]


def test_layout_b_orders_the_lines_of_a_conditional_get() -> None:
    """`if_modified_since` comes first, and SOAPAction before Authorization."""
    inside = SOAP + AUTH + ACCEPT + COOKIE
    assert one(inside, url="/", method="HEAD", if_modified_since="yesterday") == [
        "HEAD / HTTP/1.1",
        "If-Modified-Since: yesterday",
        "Host: localhost:8881",
        "User-Agent: tsung",
        'SOAPAction: "Echo"',
        BASIC,
        "Cookie: k=v",
        "Accept: */*",
    ]


def test_layout_c_orders_the_lines_of_a_post() -> None:
    """A body always has a type and a length."""
    inside = SOAP + AUTH + ACCEPT + COOKIE
    assert one(inside, url="/", method="POST", contents="é", content_type="text/xml") == [
        "POST / HTTP/1.1",
        "Host: localhost:8881",
        "User-Agent: tsung",
        "Content-Type: text/xml",
        "Content-Length: 2",
        BASIC,
        'SOAPAction: "Echo"',
        "Cookie: k=v",
        "Accept: */*",
    ]


@pytest.mark.parametrize("method", METHODS_WITH_BODY)
def test_every_method_with_a_body_sends_it(method: str) -> None:
    """MERGE and CHECKOUT fail everywhere in Tsung; the others need the right session type."""
    (data,) = sent(http(url="/", method=method, contents="x"))
    assert data.startswith(f"{method} / HTTP/1.1\r\n".encode())
    assert lines(data)[3:] == [DEFAULT_TYPE, "Content-Length: 1"]
    assert data.endswith(b"\r\n\r\nx")


@pytest.mark.parametrize("method", METHODS_WITHOUT_BODY)
def test_no_other_method_sends_one(method: str) -> None:
    """Contents of a GET are for nobody."""
    (data,) = sent(http(url="/", method=method, contents="x"))
    assert lines(data)[3:] == []
    assert data.endswith(b"\r\n\r\n")


def test_the_version_changes_the_request_line_alone() -> None:
    """No Connection header ever comes with it."""
    assert one(url="/", version="1.0") == [
        "GET / HTTP/1.0",
        "Host: localhost:8881",
        "User-Agent: tsung",
    ]


def test_headers_with_a_line_of_their_own_are_overridden_there() -> None:
    """The name is spelt as the line spells it; a wrong length is sent as it stands."""
    inside = (
        '<http_header name="HOST" value="h"/><http_header name="user-agent" value="me"/>'
        '<http_header name="content-TYPE" value="t"/>'
        '<http_header name="Content-length" value="99"/>'
    )
    assert one(inside, url="/", method="PUT") == [
        "PUT / HTTP/1.1",
        "Host: h",
        "User-Agent: me",
        "Content-Type: t",
        "Content-Length: 99",
    ]


def test_other_headers_keep_their_spelling_their_order_and_their_company() -> None:
    """A configured Cookie or Authorization stands beside a generated one."""
    inside = (
        AUTH + COOKIE + '<http_header name="x-B" value="1"/><http_header name="cookie" value="c"/>'
        '<http_header name="authorization" value="a"/><http_header name="X-empty"/>'
    )
    assert one(inside, url="/")[3:] == [
        BASIC,
        "Cookie: k=v",
        "x-B: 1",
        "cookie: c",
        "authorization: a",
        "X-empty: ",
    ]


TWICE = (
    '<http_header name="User-Agent" value="one"/><http_header name="User-Agent" value="two"/>'
    '<http_header name="A" value="1"/><http_header name="B" value="2"/>'
    '<add_cookie key="c" value="1"/><add_cookie key="d" value="2"/>'
)


@pytest.mark.parametrize("subst", ["", "true"])
def test_the_order_of_the_file_holds_and_the_last_of_a_name(subst: str) -> None:
    """In Tsung `subst` turns headers and cookies around."""
    assert one(TWICE, subst, url="/")[2:] == ["User-Agent: two", "Cookie: c=1; d=2", "A: 1", "B: 2"]


def test_quirks_turn_headers_and_cookies_around() -> None:
    """`--tsung-quirks` gives the very bytes that Tsung sends."""
    plain, filled = sent(http(TWICE, url="/") + http(TWICE, "true", url="/"), quirks=True)
    assert lines(plain)[2:] == ["User-Agent: two", "Cookie: d=2; c=1", "B: 2", "A: 1"]
    assert lines(filled)[2:] == ["User-Agent: one", "Cookie: c=1; d=2", "A: 1", "B: 2"]


def test_base64_encodes_what_is_configured() -> None:
    """Before anything is substituted."""
    header = '<http_header name="X" value="a:b" encoding="base64"/>'
    assert one(header, "true", url="/")[-1] == "X: YTpi"


def test_webdav_differs_in_its_user_agent() -> None:
    """Capital T, unless an option says otherwise."""
    (data,) = sent(http(url="/", method="PROPFIND"), kind="ts_webdav")
    assert lines(data)[2] == "User-Agent: Tsung"
    agents = '<user_agent probability="100"> me\n</user_agent>'
    options = f'<option type="ts_http" name="user_agent">{agents}</option>'
    (data,) = sent(http(url="/"), kind="ts_webdav", options=options)
    assert lines(data)[2] == "User-Agent: me"


def test_a_body_from_a_file_goes_with_the_plan(tmp_path: Path) -> None:
    """Found beside the configuration, sent to the byte, whatever it holds."""
    body = bytes(range(256))
    (tmp_path / "body.bin").write_bytes(body)
    data = beside(
        tmp_path / "test.xml", url="/", method="PUT", contents_from_file="body.bin", contents="x"
    )
    assert data.endswith(b"Content-Length: 256\r\n\r\n" + body)


def test_variables_are_filled_into_every_text() -> None:
    """The list is the manual's, and soap action, date, cookie path and domain besides."""
    inside = (
        '<www_authenticate userid="%%_a%%" passwd="%%_b%%"/><soap action="%%_a%%"/>'
        '<http_header name="X-%%_a%%" value="%%_a%%"/>'
        '<add_cookie key="k" value="%%_b%%" path="/%%_a%%"/>'
    )
    url = "/%%_a%%/x y"
    steps = http(inside, "true", url=url, method="POST", contents="%%_a%%", content_type="t/%%_b%%")
    steps += http(subst="true", url="/", if_modified_since="%%_a%%")
    first, second = sent(steps, variables={"a": "Ä", "b": "2"})
    assert lines(first) == [
        "POST /Ä/x%20y HTTP/1.1",
        "Host: localhost:8881",
        "User-Agent: tsung",
        "Content-Type: t/2",
        "Content-Length: 2",
        "Authorization: Basic w4Q6Mg==",
        'SOAPAction: "Ä"',
        "Cookie: k=2",
        "X-%%_a%%: Ä",
    ]
    assert first.endswith("\r\n\r\nÄ".encode())
    assert lines(second)[1] == "If-Modified-Since: Ä"


def test_all_except_body_leaves_the_body() -> None:
    """A body may be full of per cent signs."""
    (data,) = sent(
        http(subst="all_except_body", url="/%%_a%%", method="POST", contents="%%_a%%"),
        variables={"a": "1"},
    )
    assert data.startswith(b"POST /1 ")
    assert data.endswith(b"Content-Length: 6\r\n\r\n%%_a%%")


def test_nothing_is_filled_unasked() -> None:
    """Without `subst` a text is what it is, spaces in the URL included."""
    assert one(url="/%%_a%% b")[0] == "GET /%%_a%% b HTTP/1.1"


def test_quirks_send_latin_1() -> None:
    """Tsung sends U+0080 to U+00FF as one byte each; we send UTF-8."""
    steps = http(url="/é", method="POST", contents="é")
    (ours,) = sent(steps)
    (theirs,) = sent(steps, quirks=True)
    assert ours == theirs.replace(b"\xe9", "é".encode()).replace(b"Length: 1", b"Length: 2")


def test_a_fixed_request_is_made_once_for_all() -> None:
    """The bytes of a request without variables cost one look-up."""
    room = HttpRoom()
    asked = request(url="/")
    contexts = [RequestContext(Endpoint("h", 80), Random(1), str) for _ in range(2)]
    exchanges = [room.converse().begin(asked, context) for context in contexts]
    assert exchanges[0] is exchanges[1]
