"""Other people's WebSocket clients against a running server, with and without TLS."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import trio_websocket
import trustme
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from tests.server.admin_client import AdminClient
from tests.server.bench import event
from tests.server.conftest import StartServer
from tests.server.running import PATIENCE, TARGET, RunningServer, request
from tests.server.test_server_redis import EVENT

CONNECTED = {"type": "connected", "data": {"channels": ["files"], "user": None}}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secure(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server with a certificate for 127.0.0.1."""
    directory: Path = tmp_path_factory.mktemp("secure")
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    options = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    server = RunningServer(directory, "--workers", "1", "--profile", "bench2021", *options)
    yield server
    server.close()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A client's context that trusts our certificate."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_websockets_connects_pings_and_closes(bench2021: RunningServer) -> None:
    """A strict client (compression offered, and declined) finds nothing to complain about."""
    with connect(bench2021.url + TARGET, open_timeout=PATIENCE) as client:
        assert json.loads(client.recv(timeout=PATIENCE)) == CONNECTED
        assert client.ping().wait(PATIENCE)
        client.send("no json")
        assert json.loads(client.recv(timeout=PATIENCE))["data"]["code"] == 1003
    assert client.protocol.close_code == 1000


def test_websockets_sees_why_it_is_refused(bench2021: RunningServer) -> None:
    """The reason comes as a message, the close code right behind it."""
    with connect(f"{bench2021.url}/?project=unknown", open_timeout=PATIENCE) as client:
        message = json.loads(client.recv(timeout=PATIENCE))
        assert message["data"] == {"code": 1008, "message": "Missing or unknown project ID"}
        with pytest.raises(ConnectionClosedError):
            client.recv(timeout=PATIENCE)
        assert client.protocol.close_code == 1008


def test_websockets_sends_a_fragmented_message(current: RunningServer) -> None:
    """Fragments are put together, whoever cut them."""
    with connect(current.url + TARGET, open_timeout=PATIENCE) as client:
        client.recv(timeout=PATIENCE)
        client.send(iter(['{"type"', ':"pi', 'ng"}']))
        assert client.recv(timeout=PATIENCE) == '{"type":"pong"}'


def test_trio_websocket_connects_pings_and_closes(current: RunningServer) -> None:
    """The peer of our own tests elsewhere must agree with our server too."""

    async def talk() -> None:
        with trio.fail_after(PATIENCE):
            async with trio_websocket.open_websocket_url(current.url + TARGET) as client:
                assert json.loads(await client.get_message())["type"] == "connected"
                await client.ping(b"still there?")
                await client.send_message('{"type":"ping"}')
                assert await client.get_message() == '{"type":"pong"}'
            assert client.closed is not None
            assert client.closed.code == 1000

    trio.run(talk)


def test_strict_clients_hear_an_event(start_server: StartServer) -> None:
    """Pushed frames, too, keep every rule that these two look at; also a long one."""
    server = start_server("--workers", "1", "--admin-port", "0")
    payload = {"text": "é" * 30_000}
    event = {**EVENT, "data": {**EVENT["data"], "payload": payload}}

    async def talk() -> None:
        with trio.fail_after(PATIENCE):
            async with trio_websocket.open_websocket_url(server.url + TARGET) as client:
                await client.get_message()
                await trio.to_thread.run_sync(publish)
                heard = json.loads(await client.get_message())
                assert heard["data"]["payload"] == payload

    def publish() -> None:
        with connect(server.url + TARGET, open_timeout=PATIENCE) as client:
            client.recv(timeout=PATIENCE)
            assert AdminClient(server).post(json.dumps(event).encode()).status == 202
            assert json.loads(client.recv(timeout=PATIENCE))["data"]["payload"] == payload

    trio.run(talk)


def test_trio_websocket_over_tls(secure: RunningServer, trusting: ssl.SSLContext) -> None:
    """The layer of TLS changes nothing of what is said above it."""

    async def talk() -> None:
        url = secure.url + TARGET
        with trio.fail_after(PATIENCE):
            async with trio_websocket.open_websocket_url(url, ssl_context=trusting) as client:
                assert json.loads(await client.get_message()) == CONNECTED
            assert client.closed is not None
            assert client.closed.code == 1000

    assert secure.url.startswith("wss://")
    trio.run(talk)


def test_websockets_over_tls(secure: RunningServer, trusting: ssl.SSLContext) -> None:
    """A message longer than a TLS record comes in several, and is answered once."""
    with connect(secure.url + TARGET, ssl=trusting, open_timeout=PATIENCE) as client:
        assert json.loads(client.recv(timeout=PATIENCE)) == CONNECTED
        client.send('{"type":"nothing"}'.ljust(60_000))
        answer = json.loads(client.recv(timeout=PATIENCE))
        assert answer["data"]["message"] == "Message type is not valid."


def test_a_refused_client_over_tls_sees_the_reason_and_the_end(
    secure: RunningServer, trusting: ssl.SSLContext
) -> None:
    """Closing over TLS takes a farewell of its own."""
    with connect(f"{secure.url}/?project=x", ssl=trusting, open_timeout=PATIENCE) as client:
        assert json.loads(client.recv(timeout=PATIENCE))["data"]["code"] == 1008
        with pytest.raises(ConnectionClosedError):
            client.recv(timeout=PATIENCE)


def test_an_event_over_tls(authority: trustme.CA, trusting: ssl.SSLContext, tmp_path: Path) -> None:
    """What nobody asked for goes through the same layer as answers do."""
    both = tmp_path / "both.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(both)
    options = ["--workers", "1", "--admin-port", "0", "--tls-cert", str(both), "--grace", "0"]
    server = RunningServer(tmp_path, *options)
    try:
        with connect(server.url + TARGET, ssl=trusting, open_timeout=PATIENCE) as client:
            client.recv(timeout=PATIENCE)
            published = event("files", payload={"text": "x" * 100_000})  # several TLS records
            assert AdminClient(server).post(published.to_message()).status == 202
            data = json.loads(client.recv(timeout=PATIENCE))["data"]
            assert data["payload"] == published.payload
    finally:
        server.close()


@pytest.mark.parametrize("data", [request(), b"\x00" * 100, b"\x16\x03\x01\x00\x05hello"])
def test_who_does_not_speak_tls_is_dropped(secure: RunningServer, data: bytes) -> None:
    """A plain client on a TLS port, a scanner: nobody else notices."""
    with secure.client() as client:
        client.send(data)
        assert len(client.read_all()) <= 7  # at most TLS's alert


def test_the_counts_of_a_tls_server_are_plaintext(
    trusting: ssl.SSLContext, secure: RunningServer, authority: trustme.CA, tmp_path: Path
) -> None:
    """213 and 248 bytes a user are compared with tsung.log, which sees plaintext too."""
    issued = authority.issue_cert("127.0.0.1")
    both = tmp_path / "both.pem"  # the key may stand in the certificate's file
    issued.private_key_and_cert_chain_pem.write_to_path(both)
    options = ["--workers", "1", "--profile", "bench2021", "--tls-cert", str(both)]
    server = RunningServer(tmp_path, *options, "--grace", "0")
    try:
        raw = server.client().socket
        with trusting.wrap_socket(raw, server_hostname="127.0.0.1") as client:
            client.sendall(request())
            assert len(client.recv(4096)) == 248
        assert server.stop() == 0
    finally:
        server.close()
    assert server.stats()["bytes_received"] == 213
    assert server.stats()["bytes_sent"] == 248
