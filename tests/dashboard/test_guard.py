"""Who can open the page can stop the test: a stranger must not, and a stranger's page must not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytsung.dashboard.web.guard import Guard, Visit, is_loopback_name, new_token

TOKEN = "t0ken-of-many-characters"
JSON = {"content-type": "application/json"}


def visit(method: str = "GET", host: str = "127.0.0.1:8091", **headers: str) -> Visit:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Visit(method, {"host": host, **named})


def status(guard: Guard, asked: Visit) -> int:
    refusal = guard.refusal(asked)
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:8091", 200),
        ("localhost", 200),
        ("[::1]:9000", 200),
        ("127.9.9.9", 200),
        ("evil.example:8091", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
        ("[", 421),
    ],
)
def test_on_loopback_only_loopbacks_names_are_served(host: str, expected: int) -> None:
    """A name of a stranger's that leads to 127.0.0.1 would make his page ours (DNS rebinding)."""
    assert status(Guard(), visit(host=host)) == expected
    assert is_loopback_name(host) is (expected == 200)


def test_elsewhere_nothing_is_seen_without_the_token() -> None:
    """As a cookie, in the URL, or as a script sends it; nearly right is wrong."""
    guard = Guard(TOKEN)
    headers = {"host": "load-1:8091"}
    assert status(guard, Visit("GET", headers)) == 401
    assert status(guard, Visit("GET", headers, cookie=TOKEN)) == 200
    assert status(guard, Visit("GET", headers, query_token=TOKEN)) == 200
    assert status(guard, visit(host="load-1:8091", authorization=f"Bearer {TOKEN}")) == 200
    for wrong in ("", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ü"):
        assert status(guard, Visit("GET", headers, wrong, wrong)) == 401
    assert status(guard, Visit("POST", {**headers, **JSON})) == 401


def test_orders_come_from_our_own_page_or_from_no_page() -> None:
    """Any site that the operator visits can send requests to 127.0.0.1."""
    own = {"origin": "http://127.0.0.1:8091", **JSON}
    assert status(Guard(), visit("POST", **_safe(own))) == 200
    assert status(Guard(), visit("POST", **_safe(JSON))) == 200  # curl
    for origin in ("http://evil.example", "http://127.0.0.1:8092", "null"):
        assert status(Guard(), visit("POST", **_safe({**own, "origin": origin}))) == 403
    for site in ("cross-site", "same-site"):
        assert status(Guard(), visit("POST", **_safe({**own, "sec-fetch-site": site}))) == 403


def test_a_socket_is_for_our_own_page_or_for_no_page() -> None:
    """No browser asks a WebSocket's server before it lets another site's page read from it."""

    def opened(**headers: str) -> Visit:
        return replace(visit(**headers), is_socket=True)

    assert status(Guard(), opened()) == 200  # a program
    assert status(Guard(), opened(origin="http://127.0.0.1:8091")) == 200
    for origin in ("http://evil.example", "http://127.0.0.1:8092", "null", "["):
        assert status(Guard(), opened(origin=origin)) == 403
    assert status(Guard(), opened(sec_fetch_site="cross-site")) == 403
    assert status(Guard(TOKEN), opened()) == 401
    assert status(Guard(), opened(host="evil.example")) == 421


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_what_a_form_can_send_is_no_order(kind: str) -> None:
    """Browsers send these across sites without asking; JSON they do not."""
    assert status(Guard(), visit("POST", **_safe({"content-type": kind}))) == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods_are_refused(method: str) -> None:
    """OPTIONS above all: it is how another site asks whether it may."""
    assert status(Guard(), visit(method)) == 405


def test_tokens_are_not_guessed_and_not_repeated() -> None:
    """The token is all that stands between a stranger and the stop button."""
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 32


def _safe(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): text for name, text in headers.items()}
