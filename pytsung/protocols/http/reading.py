"""An `<http>` element as a request. Must not know how a configuration is found, nor lxml."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import unquote

from pytsung.plan import CarriedFile
from pytsung.protocols.http.authorization import ALGORITHMS
from pytsung.protocols.http.requests import (
    FORM,
    METHODS_WITH_BODY,
    METHODS_WITHOUT_BODY,
    AddedCookie,
    Credentials,
    HttpOptions,
    HttpRequest,
    OAuth,
    Origin,
    Scheme,
    SignatureMethod,
)
from pytsung.protocols.http.resolution import Resolved, resolve
from pytsung.protocols.http.rsa import PrivateKey
from pytsung.protocols.http.vocabulary import VOCABULARY
from pytsung.protocols.room import Element, Reader
from pytsung.protocols.text import to_bytes

_CHILDREN = tuple(name for name in VOCABULARY if name != "http")
_TOKENS = ("access_token", "access_token_secret")
_METHODS = (*METHODS_WITHOUT_BODY, *METHODS_WITH_BODY)


def read_http(
    element: Element, reader: Reader, options: HttpOptions, *, substitute: bool
) -> HttpRequest:
    """The request that an `<http>` asks for; what is wrong with it was reported."""
    reader.known(element, VOCABULARY["http"])
    for child in element:
        if child.tag not in _CHILDREN:
            cure = f"write one of {', '.join(_CHILDREN)}"
            reader.fault(child, f"<{child.tag}> has no place in <http>", cure)
    method = reader.choice(element, "method", _METHODS, "GET")
    resolved = _resolve(element, reader, options, substitute=substitute)
    body, body_file = _read_body(element, reader, method)
    soap = _only(element, "soap", reader)
    request = HttpRequest(
        url=resolved.url,
        method=method,
        version=reader.choice(element, "version", ("1.0", "1.1"), "1.1"),
        origin=resolved.origin,
        bound=resolved.bound,
        through_proxy=options.use_server_as_proxy,
        body=body,
        body_file=body_file,
        content_type=reader.text(element, "content_type", FORM),
        if_modified_since=reader.text(element, "if_modified_since"),
        soap_action=_read_soap(soap, reader) if soap is not None else None,
        headers=tuple(_read_header(each, reader) for each in _all(element, "http_header")),
        cookies=tuple(_read_cookie(each, reader) for each in _all(element, "add_cookie")),
        credentials=_read_credentials(element, reader, resolved),
        oauth=_read_oauth(element, reader),
        substitute=substitute,
        fills_body=substitute and reader.scene.fills_body,
    )
    if request.if_modified_since and method in METHODS_WITH_BODY:
        reader.warn(element, f"if_modified_since is not sent with {method}", "remove it")
    if not substitute and _has_placeholders(element):
        reader.warn(element, "%%_…%% is sent as it stands", "write <request subst='true'>")
    return request


def _resolve(
    element: Element, reader: Reader, options: HttpOptions, *, substitute: bool
) -> Resolved:
    """Where it goes; the scene remembers the origin for the requests that follow."""
    scene = reader.scene
    before = scene.memory if isinstance(scene.memory, Origin) else None
    proxy = options.use_server_as_proxy
    url = element.get("url")
    if url is None:
        reader.required(element, "url")
        return Resolved("/", before=before)
    try:
        resolved = resolve(url, scene.servers, before, substitute=substitute, proxy=proxy)
    except ValueError as error:
        cure = "write an absolute URL, such as http://example.org/"
        reader.fault(element, f'<http> has url="{url[:80]}": {error}', cure)
        return Resolved(url, before=before)
    scene.memory = resolved.before
    return resolved


def _read_body(element: Element, reader: Reader, method: str) -> tuple[bytes, CarriedFile | None]:
    """The body; a file's content wins over the attribute `contents`."""
    contents = reader.text(element, "contents")
    if not element.get("contents_from_file"):
        if contents and method in METHODS_WITHOUT_BODY:
            reader.warn(element, f"contents are not sent with {method}", "remove them")
        return to_bytes(contents), None
    if contents:
        reader.warn(element, "contents_from_file wins over contents", "remove one of them")
    return b"", reader.carried(element, "contents_from_file")


def _read_soap(element: Element, reader: Reader) -> str:
    reader.known(element, VOCABULARY["soap"])
    if element.get("action") is None:
        reader.required(element, "action")
    return reader.text(element, "action")


def _read_header(element: Element, reader: Reader) -> tuple[str, str]:
    reader.known(element, VOCABULARY["http_header"])
    value = reader.text(element, "value")
    if reader.choice(element, "encoding", ("", "base64"), "") == "base64":
        value = b64encode(to_bytes(value)).decode()
    return reader.required(element, "name"), value


def _read_cookie(element: Element, reader: Reader) -> AddedCookie:
    reader.known(element, VOCABULARY["add_cookie"])
    if element.get("value") is None:
        reader.required(element, "value")
    return AddedCookie(
        key=reader.required(element, "key"),
        value=reader.text(element, "value"),
        path=reader.text(element, "path", "/"),
        domain=reader.text(element, "domain", "."),
    )


def _read_credentials(element: Element, reader: Reader, resolved: Resolved) -> Credentials | None:
    """What `<www_authenticate>` says, or else the user-info of an absolute URL."""
    given = _only(element, "www_authenticate", reader)
    if given is None:
        userid, _, passwd = resolved.user.partition(":")
        return Credentials(unquote(userid), unquote(passwd)) if resolved.user else None
    reader.known(given, VOCABULARY["www_authenticate"])
    for name in ("userid", "passwd"):
        if given.get(name) is None:
            reader.required(given, name)
    return Credentials(
        userid=reader.text(given, "userid"),
        passwd=reader.text(given, "passwd"),
        scheme=Scheme(reader.choice(given, "type", ("basic", "digest"), "basic")),
        realm=reader.text(given, "realm"),
        nonce=reader.text(given, "nonce"),
        opaque=reader.text(given, "opaque"),
        qop=reader.text(given, "qop"),
        nc=reader.text(given, "nc"),
        cnonce=reader.text(given, "cnonce"),
        algorithm=_read_algorithm(given, reader),
    )


def _read_algorithm(given: Element, reader: Reader) -> str:
    """What digest hashes with; what a variable says is looked at when it is used."""
    algorithm = reader.text(given, "algorithm")
    if "%%" in algorithm:
        return algorithm
    return reader.choice(given, "algorithm", ("", *ALGORITHMS), "")


def _read_oauth(element: Element, reader: Reader) -> OAuth | None:
    given = _only(element, "oauth", reader)
    if given is None:
        return None
    reader.known(given, VOCABULARY["oauth"])
    names = tuple(method.value for method in SignatureMethod)
    method = SignatureMethod(reader.choice(given, "method", names, "HMAC-SHA1"))
    key = ""
    if method is SignatureMethod.RSA_SHA1:
        key = _read_key(given, reader)
    return OAuth(
        consumer_key=reader.required(given, "consumer_key"),
        consumer_secret=reader.required(given, "consumer_secret"),
        access_token=reader.text(given, "access_token"),
        access_token_secret=reader.text(given, "access_token_secret"),
        method=method,
        private_key=key,
    )


def _read_key(element: Element, reader: Reader) -> str:
    """The key in the file that `consumer_secret` names."""
    if not element.get("consumer_secret"):
        return ""
    text = reader.file(element, "consumer_secret").decode("latin-1")
    if text:
        try:
            PrivateKey.from_pem(text)
        except ValueError as error:
            reader.fault(element, f"consumer_secret: {error}", "name an RSA key in a PEM file")
    return text


def _all(element: Element, tag: str) -> list[Element]:
    return [child for child in element if child.tag == tag]


def _only(element: Element, tag: str, reader: Reader) -> Element | None:
    """The one child of that name, if there is any."""
    found = _all(element, tag)
    for surplus in found[1:]:
        reader.fault(surplus, f"there is a second <{tag}> in <http>", "remove it")
    return found[0] if found else None


def _has_placeholders(element: Element) -> bool:
    """Whether a text that could be filled has variables in it."""
    names = {*VOCABULARY["http"], "value", *VOCABULARY["www_authenticate"], *_TOKENS}
    return any("%%_" in (each.get(name) or "") for each in (element, *element) for name in names)
