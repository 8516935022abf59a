"""Sessions whose requests are compared, byte by byte, with those of Tsung 1.7.

In the steps `@` stands for the session's own path, `A` and `B` in braces for the
recorder's ports. `fix` names the documented difference of a session that we send
otherwise unless `--tsung-quirks` is given.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One session. `setting` names its servers and options, see `SETTINGS`."""

    name: str
    steps: str
    fix: str = ""
    kind: str = "ts_http"
    setting: str = "plain"
    answers: tuple[bytes, ...] = ()


_SERVER = '<server host="127.0.0.1" port="{A}" type="tcp"/>'
_AGENT = '<user_agent probability="100">\n  Mozilla/5.0 (X11)  </user_agent>'

SETTINGS: dict[str, tuple[str, str]] = {
    "plain": (_SERVER, ""),
    "two servers": (_SERVER * 2, ""),
    "agents": (_SERVER, f'<option type="ts_http" name="user_agent">{_AGENT}</option>'),
    "proxy": (_SERVER, '<option type="ts_http" name="http_use_server_as_proxy" value="true"/>'),
}
"""`<server>`s and `<option>`s that hold for a whole document."""


def _http(words: str, inside: str = "", subst: str = "") -> str:
    asked = f' subst="{subst}"' if subst else ""
    return f"<request{asked}><http {words}>{inside}</http></request>"


def _var(name: str, value: str) -> str:
    return f'<setdynvars sourcetype="value" value="{value}"><var name="{name}"/></setdynvars>'


_AUTH = '<www_authenticate userid="Aladdin" passwd="open sesame"/>'
_SOAP = '<soap action="urn:Echo"/>'
_ACCEPT = '<http_header name="Accept" value="*/*"/>'
_COOKIE = '<add_cookie key="k" value="v"/>'
_ALL = _AUTH + _SOAP + _ACCEPT + _COOKIE
_TWO_HEADERS = '<http_header name="X-1" value="1"/><http_header name="X-2" value="2"/>'
_TWO_AGENTS = (
    '<http_header name="User-Agent" value="one"/><http_header name="User-Agent" value="two"/>'
)
_TWO_COOKIES = '<add_cookie key="a" value="1"/><add_cookie key="b" value="2"/>'
_OWN_TYPE = (
    '<http_header name="content-type" value="a/b"/><http_header name="CONTENT-LENGTH" value="0"/>'
)
_SUBST = (
    '<www_authenticate userid="%%_v%%" passwd="%%_v%%"/><http_header name="X" value="a%%_v%%b"/>'
    '<add_cookie key="k" value="%%_v%%"/>'
)


def _digest(words: str) -> str:
    return f'<www_authenticate userid="u" passwd="p" type="digest" realm="r" nonce="n" {words}/>'


def _answer(*fields: str, status: str = "200 OK", body: bytes = b"", version: str = "1.1") -> bytes:
    head = (f"HTTP/{version} {status}", *fields, "", "")
    return "\r\n".join(head).encode() + body


def _set(*cookies: str) -> bytes:
    return _answer("Content-Length: 0", *(f"Set-Cookie: {cookie}" for cookie in cookies))


_METHODS = [
    Case(f"method {method}", _http(f'url="@/a" method="{method}" contents="x=y"'))
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
]
_DAV_METHODS = [
    Case(
        f"webdav {method}",
        _http(f'url="@/a" method="{method}" contents="x" content_type="text/xml"'),
        kind="ts_webdav",
    )
    for method in (
        "GET",
        "PROPFIND",
        "PROPPATCH",
        "COPY",
        "MOVE",
        "LOCK",
        "UNLOCK",
        "MKCOL",
        "MKACTIVITY",
        "REPORT",
        "VERSION-CONTROL",
    )
]

_ATTRIBUTES = [
    Case("no body", _http('url="@/a" method="POST"')),
    Case("version 1.0", _http('url="@/a" version="1.0"')),
    Case("content type", _http('url="@/a" method="POST" contents="&lt;x/>" content_type="t/x"')),
    Case("body from a file", _http('url="@/a" method="PUT" contents_from_file="{body}"')),
    Case(
        "body from a file, filled",
        _var("v", "V") + _http('url="@/a" method="PUT" contents_from_file="{body}"', "", "true"),
    ),
    Case("if modified since", _http('url="@/a" if_modified_since="then"')),
    Case("if modified since, head", _http('url="@/a" method="HEAD" if_modified_since="then"')),
    Case("if modified since, post", _http('url="@/a" method="POST" if_modified_since="then"')),
    Case("layout A", _http('url="@/a"', _ALL)),
    Case("layout B", _http('url="@/a" if_modified_since="then"', _ALL)),
    Case("layout C", _http('url="@/a" method="POST" contents="x"', _ALL)),
    Case("soap alone", _http('url="@/a" method="POST" contents="x"', _SOAP)),
    Case("UTF-8 body", _http('url="@/a" method="POST" contents="é"'), "text is sent as UTF-8"),
    Case("UTF-8 url", _http('url="@/é"'), "text is sent as UTF-8"),
]
_HEADERS = [
    Case("own host", _http('url="@/a"', '<http_header name="HOST" value="h"/>')),
    Case("own user agent", _http('url="@/a"', '<http_header name="user-agent" value="me"/>')),
    Case("own type and length", _http('url="@/a"', _OWN_TYPE)),
    Case("own type, post", _http('url="@/a" method="POST"', _OWN_TYPE)),
    Case("empty header", _http('url="@/a"', '<http_header name="X"/>')),
    Case(
        "base64 header",
        _http('url="@/a"', '<http_header name="X" value="a:b" encoding="base64"/>'),
    ),
    Case(
        "cookie and authorization twice",
        _http(
            'url="@/a"',
            _AUTH + '<http_header name="cookie" value="x"/>' + _COOKIE,
        ),
    ),
    Case("two headers", _http('url="@/a"', _TWO_HEADERS), "the order of the file"),
    Case("two headers, subst", _http('url="@/a"', _TWO_HEADERS, "true")),
    Case("two user agents", _http('url="@/a"', _TWO_AGENTS)),
    Case("two user agents, subst", _http('url="@/a"', _TWO_AGENTS, "true"), "the last one holds"),
    Case("user agent option", _http('url="@/a"') + _http('url="@/b"'), setting="agents"),
    Case(
        "user agent option, webdav",
        _http('url="@/a"'),
        "the option holds for ts_webdav too",
        kind="ts_webdav",
        setting="agents",
    ),
]
_COOKIES = [
    Case("two cookies", _http('url="@/a"', _TWO_COOKIES), "the order of the file"),
    Case("two cookies, subst", _http('url="@/a"', _TWO_COOKIES, "true")),
    Case(
        "cookies that fit",
        _http(
            'url="@/sub/a"',
            '<add_cookie key="k" value="v" path="@/sub/" domain="127.0.0"/>',
        ),
    ),
    Case("cookie of another path", _http('url="@/a"', '<add_cookie key="k" value="v" path="/o"/>')),
    Case(
        "cookie of another host", _http('url="@/a"', '<add_cookie key="k" value="v" domain="z"/>')
    ),
    Case(
        "set cookie",
        _http('url="@/a"') + _http('url="@/b"'),
        answers=(_set("s=1; path=/; HttpOnly"),),
    ),
    Case(
        "set cookie, replaced",
        _http('url="@/a"') * 2 + _http('url="@/b"'),
        answers=(_set("s=1; path=/"), _set("s=2; path=/")),
    ),
    Case(
        "set cookie and add one",
        _http('url="@/a"') + _http('url="@/b"', _COOKIE),
        answers=(_set("s=1; path=/"),),
    ),
    Case(
        "set two cookies",
        _http('url="@/a"') + _http('url="@/b"'),
        "cookies as RFC 6265 has them",
        answers=(_set("s=1; path=/", "t=2; path=/"),),
    ),
    Case(
        "take a cookie back",
        _http('url="@/a"') + _http('url="@/b"'),
        "cookies as RFC 6265 has them",
        answers=(_set("s=1; path=/; Max-Age=0"),),
    ),
    Case(
        "cookie without a path",
        _http('url="@/a/b"') + _http('url="@/b"'),
        "cookies as RFC 6265 has them",
        answers=(_set("s=1"),),
    ),
    Case(
        "cookie of another directory",
        _http('url="@/a"') + _http('url="@/b"'),
        answers=(_set("s=1; path=/elsewhere"),),
    ),
]
_PROOFS = [
    Case("basic", _http('url="@/a"', _AUTH)),
    Case("digest", _http('url="@/a?x=1"', _digest('opaque="o"'))),
    Case(
        "digest with protection",
        _http('url="@/a" method="POST"', _digest('qop="auth" nc="00000007" cnonce="c"')),
        "qop is not quoted",
    ),
    Case(
        "digest with a drawn nonce",
        _http('url="@/a"', _digest('qop="auth"'), "true"),
        "qop is not quoted, cnonce is drawn",
    ),
    Case(
        "digest with a literal nonce",
        _http('url="@/a"', _digest('qop="auth"')),
        "qop is not quoted, cnonce is drawn",
    ),
]
_URLS = [
    Case("query and fragment", _http('url="@/a?x=1&amp;y=2#there"')),
    Case("empty query", _http('url="@/a?"')),
    Case("absolute", _http('url="http://127.0.0.1:{B}@/a?x"')),
    Case(
        "relative after absolute",
        _http('url="@/a"') + _http('url="http://127.0.0.1:{B}@/b"') + _http('url="@/c"'),
    ),
    Case(
        "another name of the same host",
        _http('url="http://localhost:{A}@/b"') + _http('url="@/c"'),
    ),
    Case(
        "dynamic path",
        _var("v", "@/x y") + _http('url="%%_v%%"', "", "true"),
    ),
    Case(
        "dynamic absolute",
        _var("v", "http://127.0.0.1:{B}@/b")
        + _http('url="@/a"')
        + _http('url="%%_v%%"', "", "true"),
    ),
    Case(
        "dynamic host",
        _var("v", "127.0.0.1") + _http('url="http://%%_v%%:{B}@/b"', "", "true"),
    ),
    Case(
        "relative after dynamic",
        _var("v", "http://127.0.0.1:{B}@/b")
        + _http('url="http://127.0.0.1:{A}@/a"')
        + _http('url="%%_v%%"', "", "true")
        + _http('url="@/c"'),
        "Host names the host that is asked",
    ),
    Case(
        "loop back to the server",
        '<for var="i" from="1" to="2">'
        + _http('url="@/a"')
        + _http('url="http://127.0.0.1:{B}@/b"')
        + "</for>",
    ),
    Case("several servers", _http('url="@/a?"') + _http('url="@/b"'), setting="two servers"),
    Case(
        "several servers, absolute",
        _http('url="http://127.0.0.1:{B}@/a"') + _http('url="@/b"'),
        setting="two servers",
    ),
    Case("proxy, absolute", _http('url="http://example.test:81@/a"'), setting="proxy"),
    Case(
        "proxy, relative",
        _http('url="http://example.test@/a"') + _http('url="@/b?c"'),
        setting="proxy",
    ),
]
_FILLED = [
    Case("url", _var("v", "V") + _http('url="@/a?x=%%_v%%"', "", "true")),
    Case(
        "body",
        _var("v", "V") + _http('url="@/a" method="POST" contents="a%%_v%%b"', "", "true"),
    ),
    Case(
        "all except body",
        _var("v", "V")
        + _http('url="@/a" method="POST" contents="%%_v%%"', _SUBST, "all_except_body"),
    ),
    Case("headers, cookies, proof", _var("v", "V") + _http('url="@/a"', _SUBST, "true")),
    Case("nothing filled unasked", _http('url="@/a" method="POST" contents="%%_v%%"')),
    Case(
        "unique id",
        _http(
            'url="@/a"',
            '<http_header name="X" value="%%ts_user_server:get_really_unique_id%%"/>',
            "true",
        ),
    ),
]
_AGAIN = _http('url="@/a"') + _http('url="@/b"')
_ANSWERS = [
    Case(
        "after chunks",
        _AGAIN,
        answers=(_answer("Transfer-Encoding: chunked", body=b"2\r\nok\r\n0\r\n\r\n"),),
    ),
    Case(
        "after a close",
        _AGAIN,
        answers=(_answer("Connection: close", "Content-Length: 2", body=b"ok"),),
    ),
    Case(
        "after HTTP/1.0",
        _AGAIN,
        answers=(_answer("Content-Length: 2", version="1.0", body=b"ok"),),
    ),
    Case(
        "after a redirect",
        _AGAIN,
        answers=(_answer("Location: /x", "Content-Length: 0", status="302 F"),),
    ),
    Case("after no content", _AGAIN, answers=(_answer(status="204 N"),)),
    Case("after not modified", _AGAIN, answers=(_answer(status="304 N"),)),
    Case(
        "after a failure",
        _AGAIN,
        answers=(_answer("Content-Length: 2", status="500 I", body=b"no"),),
    ),
]

CASES = (
    *_METHODS,
    *_DAV_METHODS,
    *_ATTRIBUTES,
    *_HEADERS,
    *_COOKIES,
    *_PROOFS,
    *_URLS,
    *_FILLED,
    *_ANSWERS,
)
