"""How a host is named decides which host is loaded, and as whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.ssh import SshAddress


@pytest.mark.parametrize(
    ("text", "host", "user", "port"),
    [
        ("w1", "w1", None, None),
        ("w1.example.org:2222", "w1.example.org", None, 2222),
        ("root@10.0.0.3", "10.0.0.3", "root", None),
        ("me.too@w1:22", "w1", "me.too", 22),
        ("::1", "::1", None, None),
        ("fe80::1%eth0", "fe80::1%eth0", None, None),
        ("[::1]:2222", "::1", None, 2222),
        ("root@[2001:db8::7]", "2001:db8::7", "root", None),
    ],
)
def test_the_forms_of_a_name(text: str, host: str, user: str | None, port: int | None) -> None:
    """As for `ssh`, and with the port where `ssh` has an option for it."""
    assert SshAddress.parse(text) == SshAddress(host, user, port)


@pytest.mark.parametrize("text", ["", "@w1", "w1:", "w1:0", "w1:65536", "a b", "a@b@c", "[::1"])
def test_what_is_no_name_is_refused(text: str) -> None:
    """With the forms that are."""
    with pytest.raises(ValueError, match="user@host:port"):
        SshAddress.parse(text)


@given(st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True), st.integers(1, 65535))
def test_host_and_port_come_apart_again(host: str, port: int) -> None:
    """Whatever the name."""
    assert SshAddress.parse(f"{host}:{port}") == SshAddress(host, None, port)
