"""A request's bytes, header lines in Tsung's order.

    A  GET HEAD OPTIONS MKCOL      B  the same, if_modified_since   C  all others
       Host                           If-Modified-Since                Host
       User-Agent                     Host                             User-Agent
       Content-Type, if given         User-Agent                       Content-Type
       Content-Length, if given       Content-Type, if given           Content-Length
       Authorization, basic, digest   Content-Length, if given         Authorization, basic, digest
       Authorization, OAuth           SOAPAction                       SOAPAction
       SOAPAction                     Authorization, basic, digest     Authorization, OAuth
       Cookie                         Authorization, OAuth             Cookie
       the other headers              Cookie                           the other headers
                                      the other headers                (body)

Nothing else is sent. Must not know connections, or which cookies a user has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pytsung.plan import Cargo
from pytsung.protocols.http.places import Place
from pytsung.protocols.http.requests import METHODS_WITHOUT_BODY, HttpRequest
from pytsung.protocols.text import to_bytes, to_text

Fill = Callable[[str], str]

_OWN_LINES = ("host", "user-agent", "content-type", "content-length")
"""Headers that have a line of their own; an `<http_header>` changes its value."""


@dataclass(slots=True)
class Composed:
    """A request's bytes around the line `Cookie`, which is not in them."""

    before: bytes
    after: bytes

    def with_cookies(self, pairs: Iterable[str], *, quirks: bool) -> bytes:
        """All the bytes."""
        line = "; ".join(pairs)
        if not line:
            return self.before + self.after
        return self.before + to_bytes(f"Cookie: {line}\r\n", quirks=quirks) + self.after


@dataclass(slots=True)
class Signatures:
    """Values of `Authorization`; an empty one is not sent."""

    basic_or_digest: str = ""
    oauth: str = ""


def configured_body(request: HttpRequest, files: Cargo) -> bytes:
    """The body as the configuration has it, in the request or in a file of its own."""
    return files[request.body_file.digest] if request.body_file is not None else request.body


def body_of(request: HttpRequest, fill: Fill, files: Cargo, *, quirks: bool) -> bytes:
    """The body that is sent, variables filled in."""
    if request.method in METHODS_WITHOUT_BODY:
        return b""
    body = configured_body(request, files)
    if not (request.fills_body or quirks):
        return body
    text = to_text(body)
    return to_bytes(fill(text) if request.fills_body else text, quirks=quirks)


def compose(
    request: HttpRequest,
    place: Place,
    agent: str,
    body: bytes,
    signatures: Signatures,
    fill: Fill,
    *,
    quirks: bool,
) -> Composed:
    """The bytes of a request for `place` from the user agent `agent`."""
    own, others = _split_headers(request, fill, quirks=quirks)
    soap = []
    if request.soap_action is not None:
        soap = [f'SOAPAction: "{fill(request.soap_action)}"']
    basic = _authorization(signatures.basic_or_digest)
    oauth = _authorization(signatures.oauth)
    lines = [f"{request.method} {place.target} HTTP/{request.version}"]
    start = [f"Host: {own.get('host', place.host)}", f"User-Agent: {own.get('user-agent', agent)}"]
    if request.method not in METHODS_WITHOUT_BODY:
        own.setdefault("content-type", fill(request.content_type))
        own.setdefault("content-length", str(len(body)))
        lines += [*start, *_content(own), *basic, *soap, *oauth]
    elif request.if_modified_since:
        since = f"If-Modified-Since: {fill(request.if_modified_since)}"
        lines += [since, *start, *_content(own), *soap, *basic, *oauth]
    else:
        lines += [*start, *_content(own), *basic, *oauth, *soap]
    after = "".join(f"{name}: {value}\r\n" for name, value in others) + "\r\n"
    return Composed(
        to_bytes("\r\n".join(lines) + "\r\n", quirks=quirks),
        to_bytes(after, quirks=quirks) + body,
    )


def _split_headers(
    request: HttpRequest, fill: Fill, *, quirks: bool
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The headers that have lines of their own, and the others in the order of the file.

    Of a repeated one of the former the last holds. In Tsung the file's order is
    turned around unless the request has variables, and so is which one holds.
    """
    headers = list(request.headers)
    turned = quirks and request.substitute
    own = {
        name.lower(): fill(value)
        for name, value in (reversed(headers) if turned else headers)
        if name.lower() in _OWN_LINES
    }
    if quirks and not turned:
        headers.reverse()
    others = [(name, fill(value)) for name, value in headers if name.lower() not in _OWN_LINES]
    return own, others


def _content(own: dict[str, str]) -> list[str]:
    lines = []
    if "content-type" in own:
        lines.append(f"Content-Type: {own['content-type']}")
    if "content-length" in own:
        lines.append(f"Content-Length: {own['content-length']}")
    return lines


def _authorization(value: str) -> list[str]:
    return [f"Authorization: {value}"] if value else []
