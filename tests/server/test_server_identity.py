"""Sessions and tokens from outside: believed only when they are right, and never a fault."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytsung_server.directory import Project, Session, User
from pytsung_server.identity import (
    TokenError,
    session_in,
    token_in,
    user_by_session,
    user_by_token,
)

from tests.server.shop import session_of, token_of

ANNA = User(id="anna", sessions=(Session("laptop", "s3cret"), Session("", "other")))
SHOP = Project(id="shop", jwt_key="a key", users={"anna": ANNA})
NOBODYS = Project(id="shop", users={"anna": ANNA})

NAMES = ("cookie", "x-fallback-cookies", "x-appwrite-jwt")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("secret", ["s3cret", "other"])
def test_any_session_of_a_user_is_good(secret: str) -> None:
    """Somebody with a phone and a laptop has two."""
    assert user_by_session(SHOP, session_of("anna", secret)) is ANNA


@given(st.text() | JSON)
@example(session_of("anna", ""))
@example(session_of("anna", "s3cret") + "A" * 2048)
@example(base64.b64encode(b'{"id":{"a":1},"secret":[]}').decode())
@example(base64.b64encode(b"[" * 1000).decode())
def test_no_other_session_is_good(session: Any) -> None:
    """It comes from a cookie or a message: anything."""
    assert user_by_session(SHOP, session) is None


@given(st.text(), JSON, JSON, st.text())
@example("", None, None, "")
@example("ä.b.ć", None, None, "ÿ")
def test_no_token_without_a_signature_is_good(text: str, head: Any, body: Any, end: str) -> None:
    """Refused with a reason, whatever it is."""
    made = ".".join(base64.b64encode(json.dumps(one).encode()).decode() for one in (head, body))
    for token in (text, f"{made}.{end}", token_of() + end[:1] * 2):
        if token != token_of():
            with pytest.raises(TokenError):
                user_by_token(SHOP, f"{token}.", 0.0)


@pytest.mark.parametrize("algorithm", ["none", "HS512", "RS256", None])
def test_a_token_cannot_choose_how_it_is_verified(algorithm: Any) -> None:
    """The oldest hole in JSON web tokens."""
    _, body, signature = token_of().split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).decode()
    for end in (signature, ""):
        with pytest.raises(TokenError, match="algorithm"):
            user_by_token(SHOP, f"{head}.{body}.{end}", 0.0)


def test_without_a_key_no_token_is_good() -> None:
    """Everybody knows the empty key."""
    with pytest.raises(TokenError):
        user_by_token(NOBODYS, token_of(""), 0.0)


def test_a_token_ends_with_its_time_and_its_session() -> None:
    """At the second, not after it."""
    token = token_of(exp=1000)
    assert user_by_token(SHOP, token, 999.9) is ANNA
    with pytest.raises(TokenError, match="Expired"):
        user_by_token(SHOP, token, 1000.0)
    assert user_by_token(SHOP, token_of(sessionId="gone"), 0.0) is None
    assert user_by_token(SHOP, token_of(userId="carl"), 0.0) is None
    assert user_by_token(SHOP, token_of(sessionId=""), 0.0) is ANNA


@given(
    st.dictionaries(st.sampled_from(["cookie", "x-fallback-cookies", "x-appwrite-jwt"]), st.text())
)
@example({"x-fallback-cookies": "[1]"})
@example({"x-fallback-cookies": '{"a_session_shop":5}'})
@example({"cookie": "a_session_shop; =; ;;"})
def test_any_headers_are_read(headers: dict[str, str]) -> None:
    """What cannot be read holds no session."""
    assert isinstance(session_in(headers, "shop"), str)
    assert isinstance(token_in(headers, {"jwt": {0: "x"}}), str)


def test_the_cookie_comes_first() -> None:
    """As upstream: cookie, its old name, the header, what stands in for cookies."""
    headers = {
        "cookie": "a_session_shop_legacy=2; a_session_shop=1%3D; a_session_other=0",
        "x-appwrite-session": "3",
        "x-fallback-cookies": '{"a_session_shop":"4"}',
    }
    found = [session_in(headers, "shop")]
    headers["cookie"] = "a_session_shop_legacy=2"
    for name in list(headers):
        found.append(session_in(headers, "shop"))
        del headers[name]
    assert found == ["1=", "2", "3", "4"]
    assert session_in(headers, "shop") == ""
