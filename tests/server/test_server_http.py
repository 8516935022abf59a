"""The small HTTP server: what it takes, what it refuses, whom it does not wait for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import h11
import pytest
import trio
import trio.testing
from pytsung_server.http import IDLE_TIMEOUT, REQUEST_TIMEOUT, Answer, HttpServer, Request

MAX_BODY = 100

Client = Callable[[trio.abc.Stream], Awaitable[None]]


def serve(client: Client) -> list[Request]:
    """Run a client against the server; gives the requests that were answered."""
    requests: list[Request] = []

    def answer(request: Request) -> Answer:
        requests.append(request)
        return Answer.of(200, {"n": len(requests)})

    async def main() -> None:
        ours, theirs = trio.testing.memory_stream_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(HttpServer(answer, MAX_BODY).serve, theirs)
            await client(ours)
            await ours.aclose()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    return requests


async def read_answer(stream: trio.abc.Stream, method: bytes = b"GET") -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection may be used again; read by h11, as a client."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target=b"/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    status, body = 0, b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(bytes(await stream.receive_some()))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return status, body, connection.their_state is h11.DONE
        else:
            raise AssertionError(event)


def test_a_connection_serves_many_requests() -> None:
    """Prometheus and publishers keep theirs; the second answer must not wait for a new one."""

    async def client(stream: trio.abc.Stream) -> None:
        for number in (1, 2):
            await stream.send_all(b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
            status, body, kept = await read_answer(stream)
            assert (status, kept) == (200, True)
            assert body == b'{\n  "n": %d\n}\n' % number

    requests = serve(client)
    assert requests[0] == Request("POST", "/a", {"host": "x", "content-length": "2"}, b"hi")
    assert len(requests) == 2


def test_head_has_no_body_and_close_is_obeyed() -> None:
    """HTTP's rules for both, or the next answer would be read out of place."""

    async def client(stream: trio.abc.Stream) -> None:
        await stream.send_all(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        status, body, kept = await read_answer(stream, b"HEAD")
        assert (status, body, kept) == (200, b"", False)
        assert await stream.receive_some() == b""

    assert len(serve(client)) == 1


def test_who_asks_first_whether_to_send_is_told_to() -> None:
    """curl waits a second for this word before it sends a longer body."""

    async def client(stream: trio.abc.Stream) -> None:
        await stream.send_all(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 100 ")
        await stream.send_all(b"hi")
        assert (await read_answer(stream))[0] == 200

    assert serve(client)[0].body == b"hi"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20_000, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" + bytes(101), 413),
    ],
)
def test_what_is_no_request_is_refused_and_hung_up_on(data: bytes, status: int) -> None:
    """Whatever comes, memory stays bounded, and nothing reaches those who publish."""

    async def client(stream: trio.abc.Stream) -> None:
        await stream.send_all(data)
        got, _, _ = await read_answer(stream)
        assert got == status
        assert await stream.receive_some() == b""

    assert serve(client) == []


@pytest.mark.parametrize(
    ("data", "patience"),
    [
        (b"", IDLE_TIMEOUT),
        (b"GET / HTTP/1.1\r\n", IDLE_TIMEOUT),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nh", REQUEST_TIMEOUT),
    ],
)
def test_nobody_is_waited_for_without_end(data: bytes, patience: float) -> None:
    """A client that stops in the middle would otherwise keep its place for ever."""

    async def client(stream: trio.abc.Stream) -> None:
        if data:
            await stream.send_all(data)
        started = trio.current_time()
        assert await stream.receive_some() == b""
        assert trio.current_time() - started == pytest.approx(patience)

    assert serve(client) == []
