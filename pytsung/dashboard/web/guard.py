"""Who may see the page of a run, and who may change the run. Decisions only, no web framework.

On loopback everybody on this machine may. Any other address asks for a token. Pages of
other sites can do neither, though the browser that shows them is let in: they cannot
read answers, and what changes the run must come from our own page. Must not know what
is served.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

COOKIE = "pytsung_token"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Of every answer. No inline script or style, nothing from elsewhere, in nobody's frame."""

REPORT_POLICY = (
    "default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline';"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of the pages that we have made of a run: their one script is known by its digest, so that
nothing which a target answered can be another one."""

FILE_POLICY = (
    "sandbox allow-scripts allow-popups; default-src 'none'; img-src 'self' data:;"
    " script-src 'unsafe-inline' 'self'; style-src 'unsafe-inline' 'self'; font-src data:;"
    " frame-ancestors 'none'"
)
"""Of all other files of the run: a dump may hold a page of the target, scripts and all.
In a sandbox it has no origin, so it can ask for nothing and order nothing."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What is asked for, as far as it matters here. Names of headers are in lower case.

    With `is_socket` it is to become a WebSocket.
    """

    method: str
    headers: Mapping[str, str]
    cookie: str = ""
    query_token: str = ""
    is_socket: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: an HTTP status, and a sentence with the cure."""

    status: int
    text: str


class Guard:
    """Lets visits in or not. Without a token it stands for a listener on loopback."""

    def __init__(self, token: str = "") -> None:
        self.token = token

    def refusal(self, visit: Visit) -> Refusal | None:
        """Why a visit is refused; None when it is not."""
        if visit.method not in ("GET", "HEAD", "POST"):
            return Refusal(405, "GET, HEAD and POST only")
        if self.token and not self.knows_token(visit):
            return Refusal(401, "this page needs its token; open the URL that pytsung printed")
        if not self.token and not is_loopback_name(visit.headers.get("host", "")):
            # A stranger's name that leads to 127.0.0.1 makes a stranger's page the same origin.
            return Refusal(421, "this page is for this machine alone; open it as 127.0.0.1")
        if visit.method == "POST":
            return _no_order_of_ours(visit.headers)
        if visit.is_socket and _is_foreign(visit.headers):
            # Browsers open a WebSocket for whichever page asks for it (RFC 6455, 10.2).
            return Refusal(403, "a WebSocket is for this page and for programs alone")
        return None

    def knows_token(self, visit: Visit) -> bool:
        """Whether the token comes with a visit, however it comes."""
        bearer = visit.headers.get("authorization", "").removeprefix("Bearer ")
        found = False
        for offered in (visit.cookie, visit.query_token, bearer):
            found |= secrets.compare_digest(offered.encode(), self.token.encode())
        return found


def _no_order_of_ours(headers: Mapping[str, str]) -> Refusal | None:
    """Why an order is not taken for our own page's."""
    if _is_foreign(headers):
        return Refusal(403, "orders are taken from this page alone")
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return Refusal(415, "orders are JSON; send Content-Type: application/json")
    return None


def _is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a page of another site asks. Browsers say where a request comes from."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def is_loopback_name(host: str) -> bool:
    """Whether a Host header names this machine: `localhost`, 127.0.0.0/8 or ::1, any port."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or is_loopback(name)


def is_loopback(address: str) -> bool:
    """Whether a literal address is of loopback."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(24)
