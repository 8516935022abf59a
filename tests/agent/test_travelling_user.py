"""Users that change their target, hold back or show a certificate, on real sockets."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
import trustme

from pytsung.agent.certificates import CertificateError, load_certificate
from pytsung.plan import (
    ChangeType,
    ConnectionOptions,
    RateLimit,
    SetCertificate,
    ThinkTime,
    TlsOptions,
    Transport,
)
from tests import servers
from tests.agent.test_live_user import ONCE, counted, echo, live
from tests.user.stage import ask


def go(port: int, *, store: bool = False, restore: bool = False) -> ChangeType:
    return ChangeType("ts_line", "127.0.0.1", str(port), store=store, restore=restore)


class Counting:
    """An echo server that counts its connections; it greets and says goodbye by `ending`."""

    def __init__(self, *, closes: bool = False) -> None:
        self.connections = 0
        self.closes = closes

    def __call__(self, connection: socket.socket) -> None:
        self.connections += 1
        if not self.closes:
            echo(connection)
            return
        connection.recv(100)
        connection.sendall(b"once\n")  # and close


def test_a_connection_put_aside_is_the_same_when_it_is_taken_up() -> None:
    """What comes on it meanwhile is thrown away."""
    here, there = Counting(), Counting()
    with servers.serving(here) as port, servers.serving(there) as other:
        recorder = live(
            port,
            ask("one"),
            go(other, store=True),
            ask("two"),
            go(port, restore=True),
            ask("three"),
        )
    assert (here.connections, there.connections) == (1, 1)
    assert counted(recorder) == {"line_answered": 3}
    assert recorder.connections_opened == recorder.connections_closed == 2


def test_a_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    """By the next request that needs it."""
    here, there = Counting(closes=True), Counting()
    with servers.serving(here) as port, servers.serving(there) as other:
        recorder = live(
            port,
            ask("one"),
            go(other, store=True),
            ask("two"),
            ThinkTime(0.1),
            go(port, restore=True),
            ask("three"),
        )
    assert (here.connections, there.connections) == (2, 1)
    assert counted(recorder) == {"line_answered": 3}
    assert recorder.connections_opened == recorder.connections_closed == 3


def test_a_session_may_end_with_a_connection_put_aside() -> None:
    """It is closed with the user."""
    with servers.serving(echo) as port, servers.serving(echo) as other:
        recorder = live(port, ask("one"), go(other, store=True), ask("two"), users=3)
    assert counted(recorder) == {"line_answered": 6}
    assert recorder.connections_opened == recorder.connections_closed == 6


def test_a_limited_user_reads_no_faster_than_it_may() -> None:
    """40 KB at 100 KB a second take 0.4 s, in as many pieces as they come."""
    size = 40_000

    def answer_at_length(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"x" * (size - 1) + b"\n")
        connection.recv(100)

    limit = ConnectionOptions(rate_limit=RateLimit(rate=100_000.0, burst=100_000.0))
    with servers.serving(answer_at_length) as port:
        recorder = live(port, ask("one"), options=limit)
    (duration,) = recorder.seen["request"]
    assert 0.35 < duration < 5
    assert recorder.bytes_received == size


def test_a_goodbye_behind_limited_data_is_heard_after_it() -> None:
    """With TLS both may come in one piece: the answer is not lost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)

    def answer_and_leave(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(100)
            secured.sendall(b"x" * 5000 + b"\n")
            secured.unwrap()

    options = ConnectionOptions(rate_limit=RateLimit(rate=20_000.0, burst=20_000.0))
    with servers.serving(answer_and_leave) as port:
        recorder = live(port, ask("one"), ThinkTime(0.1), options=options, transport=Transport.TLS)
    assert counted(recorder) == {"line_answered": 1}
    assert recorder.connections_opened == recorder.connections_closed == 1


# -- certificates ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def files_of(authority: trustme.CA, name: str) -> dict[str, bytes]:
    issued = authority.issue_cert(f"{name}@example.org")
    return {
        f"{name}.pem": b"".join(part.bytes() for part in issued.cert_chain_pems),
        f"{name}.key": issued.private_key_pem.bytes(),
    }


def test_a_client_certificate_is_loaded_from_memory(authority: trustme.CA) -> None:
    """The key apart, or with it; nothing is written to a disk."""
    files = files_of(authority, "ada")
    files["both.pem"] = files["ada.key"] + files["ada.pem"]
    files["ca.pem"] = authority.cert_pem.bytes()
    for wish in (
        SetCertificate("ada.pem", "ada.key"),
        SetCertificate("both.pem", authorities="ca.pem"),
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        load_certificate(context, wish, files)


@pytest.mark.parametrize(
    "wish",
    [
        SetCertificate("gone.pem"),
        SetCertificate("ada.pem"),
        SetCertificate("ada.pem", "other.key"),
        SetCertificate("ada.key", "ada.key"),
        SetCertificate(authorities="ada.key"),
    ],
)
def test_what_is_no_certificate_is_an_error(authority: trustme.CA, wish: SetCertificate) -> None:
    """One user's, and no prompt for a password."""
    files = files_of(authority, "ada") | {"other.key": files_of(authority, "bob")["bob.key"]}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with pytest.raises(CertificateError):
        load_certificate(context, wish, files)


def test_a_user_shows_its_certificate(authority: trustme.CA, tmp_path: Path) -> None:
    """And one whose certificate cannot be used is counted under its own name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    seen: list[str] = []

    def ask_for_it(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            shown = secured.getpeercert() or {}
            names: object = shown.get("subjectAltName", ())
            seen.append(str(names))
            secured.recv(100)
            secured.sendall(b"ok\n")

    wishes = ConnectionOptions(max_retries=0, tls=TlsOptions())
    with servers.serving(ask_for_it) as port:
        good = live(
            port,
            SetCertificate("ada.pem", "ada.key"),
            ask("one"),
            options=wishes,
            transport=Transport.TLS,
            files=files_of(authority, "ada"),
        )
        bad = live(
            port, SetCertificate("gone.pem"), ask("one"), options=ONCE, transport=Transport.TLS
        )
    assert "ada@example.org" in seen[0]
    assert counted(good) == {"line_answered": 1}
    assert counted(bad) == {
        "error_connect_tls_certificate": 1,
        "error_abort_max_conn_retries": 1,
    }
