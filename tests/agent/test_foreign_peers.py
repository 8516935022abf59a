"""Transports against other people's programs: openssl, socat, ncat. What we wrote at both ends
could be wrong at both."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from pytsung.plan import (
    ConnectionOptions,
    RequestStep,
    SetCertificate,
    ThinkTime,
    TlsOptions,
    Transport,
)
from pytsung.protocols.raw.requests import RawRequest
from pytsung.protocols.raw.room import RawRoom
from tests.agent.test_live_user import LIMIT, ONCE, counted, live
from tests.user.stage import OpenRecorder

RAW = RawRoom()
OPENSSL, SOCAT, NCAT = map(shutil.which, ("openssl", "socat", "ncat"))
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="apt-get install openssl")
needs_socat = pytest.mark.skipif(SOCAT is None, reason="apt-get install socat")
needs_ncat = pytest.mark.skipif(NCAT is None, reason="apt-get install ncat")


def raw(data: str = "hello\n") -> RequestStep:
    return RequestStep(RawRequest(data))


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, kind)) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def program(*words: str | None) -> Iterator[None]:
    """A program that runs as long as this."""
    process = subprocess.Popen(
        [word for word in words if word is not None],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with what it has started
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


def wait_for_port(port: int, host: str = "127.0.0.1") -> None:
    limit = time.monotonic() + LIMIT
    while True:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            assert time.monotonic() < limit, "nobody listens"
            time.sleep(0.02)
        else:
            return


def wait_for_datagrams(port: int, host: str) -> None:
    """Until somebody answers: what comes before is refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    limit = time.monotonic() + LIMIT
    while True:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.settimeout(0.2)
            probe.connect((host, port))
            try:
                probe.send(b"there?")
                probe.recv(100)
            except OSError:
                assert time.monotonic() < limit, "nobody answers"
                time.sleep(0.02)
            else:
                return


# -- openssl s_server ------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def openssl_server(home: Path, authority: trustme.CA, *words: str) -> Iterator[int]:
    """Answers each line with itself, reversed."""
    certificate = home / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    authority.cert_pem.write_to_path(str(home / "authority.pem"))
    port = free_port()
    accept = ("-accept", f"127.0.0.1:{port}", "-cert", str(certificate), "-rev", "-quiet")
    with program(OPENSSL, "s_server", *accept, *words):
        wait_for_port(port)
        yield port


def over_tls(port: int, tls: TlsOptions, *steps: RequestStep | ThinkTime) -> OpenRecorder:
    options = replace(ONCE, tls=tls)
    return live(
        port, *(steps or (raw(),)), host="localhost", transport=Transport.TLS, room=RAW,
        options=options,
    )  # fmt: skip


def failed(recorder: OpenRecorder) -> set[str]:
    return {name for name in counted(recorder) if name.startswith("error_connect_")}


@needs_openssl
@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
def test_versions_of_tls(tmp_path: Path, authority: trustme.CA, version: str) -> None:
    """The one that is asked for, or an alert that says so."""
    flag = {"tlsv1.2": "-tls1_2", "tlsv1.3": "-tls1_3"}
    other = {"tlsv1.2": "tlsv1.3", "tlsv1.3": "tlsv1.2"}[version]
    with openssl_server(tmp_path, authority, flag[version]) as port:
        recorder = over_tls(port, TlsOptions((version,)), raw(), raw())
        assert counted(recorder) == {}
        assert recorder.bytes_received == 2 * len("olleh\n")
        assert failed(over_tls(port, TlsOptions((other,)))) == {
            "error_connect_tls_protocol_version"
        }


@needs_openssl
def test_ciphers(tmp_path: Path, authority: trustme.CA) -> None:
    """No common one is a `handshake_failure` (RFC 8446, 4.1.1)."""
    theirs = ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384")
    with openssl_server(tmp_path, authority, *theirs) as port:
        common = TlsOptions(ciphers="ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384")
        assert counted(over_tls(port, common)) == {}
        none = TlsOptions(("tlsv1.2",), ciphers="ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA")
        assert failed(over_tls(port, none)) == {"error_connect_tls_handshake_failure"}


@needs_openssl
def test_server_names(tmp_path: Path, authority: trustme.CA) -> None:
    """A server may refuse the name it is asked for, unless it is not told."""
    certificate = str(tmp_path / "server.pem")
    second = ("-cert2", certificate, "-servername", "elsewhere.example", "-servername_fatal")
    with openssl_server(tmp_path, authority, *second) as port:
        assert failed(over_tls(port, TlsOptions())) == {"error_connect_tls_unrecognized_name"}
        assert counted(over_tls(port, TlsOptions(send_sni=False))) == {}


@needs_openssl
def test_client_certificates(tmp_path: Path, authority: trustme.CA) -> None:
    """A server that insists gets one, or says what it lacks."""
    files = {
        "client.pem": authority.issue_cert("me@example").private_key_and_cert_chain_pem.bytes()
    }
    insists = ("-Verify", "3", "-verify_return_error", "-tls1_2", "-CAfile")
    with openssl_server(tmp_path, authority, *insists, str(tmp_path / "authority.pem")) as port:
        show = SetCertificate(certificate="client.pem")
        recorder = live(
            port, show, raw(), host="localhost", transport=Transport.TLS, room=RAW,
            options=ONCE, files=files,
        )  # fmt: skip
        assert counted(recorder) == {}
        assert failed(over_tls(port, TlsOptions())) == {"error_connect_tls_handshake_failure"}


# -- socat, ncat ------------------------------------------------------------------------


@needs_socat
@pytest.mark.parametrize(("kind", "host"), [("UDP4", "127.0.0.1"), ("UDP6", "::1")])
def test_datagrams_to_socat(kind: str, host: str) -> None:
    """An echo of each, over both families of addresses."""
    port = free_port(socket.SOCK_DGRAM, host)
    address = f"{kind}-RECVFROM:{port},bind={f'[{host}]' if ':' in host else host},fork,reuseaddr"
    with program(SOCAT, address, "EXEC:/bin/cat"):
        wait_for_datagrams(port, host)
        recorder = live(
            port, raw("one"), raw("two"), transport=Transport.UDP, room=RAW, host=host, users=3
        )
    assert counted(recorder) == {}
    assert recorder.bytes_received == 3 * len("onetwo")


@needs_ncat
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_streams_to_ncat(host: str) -> None:
    """An echo on one connection for each user."""
    port = free_port(host=host)
    with program(NCAT, "--listen", "--keep-open", "--exec", "/bin/cat", host, str(port)):
        wait_for_port(port, host)
        recorder = live(port, raw("one\n"), raw("two\n"), room=RAW, host=host, users=3)
    assert counted(recorder) == {}
    assert recorder.bytes_received == 3 * len("one\ntwo\n")
    assert recorder.connections_opened == 3


@needs_ncat
def test_ncat_hangs_up() -> None:
    """A raw session goes on with what comes next, without a sample for what did not."""
    port = free_port()
    with program(NCAT, "--listen", "--keep-open", "--exec", "/bin/true", "127.0.0.1", str(port)):
        wait_for_port(port)
        options = ConnectionOptions(max_retries=0)
        recorder = live(port, raw(), ThinkTime(0.02), room=RAW, options=options)
    assert "request" not in recorder.seen
    assert recorder.connections_opened == 1
