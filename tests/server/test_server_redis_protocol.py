"""A server that misreads Redis would drop events, or its connection, without a word."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from pytsung_server.redis_address import RedisAddress
from pytsung_server.redis_connection import RedisConnection, RedisError, command

EVENT: dict[str, Any] = {
    "project": "console",
    "roles": ["any"],
    "permissionsChanged": False,
    "userId": None,
    "data": {
        "events": ["test"],
        "channels": ["files"],
        "timestamp": "2026-08-21T13:42:57.123+00:00",
        "payload": {"$id": "1"},
    },
}


# -- addresses ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "address", "shown"),
    [
        ("redis://cache", RedisAddress("cache"), "redis://cache:6379"),
        ("redis://[::1]:7000/2", RedisAddress("::1", 7000, database=2), "redis://[::1]:7000"),
        (
            "rediss://me:p%40ss@cache:1",
            RedisAddress("cache", 1, tls=True, username="me", password="p@ss"),
            "rediss://cache:1",
        ),
        ("redis://:secret@cache", RedisAddress("cache", password="secret"), "redis://cache:6379"),
        (
            "unix:///run/redis.sock?db=3",
            RedisAddress(path="/run/redis.sock", database=3),
            "unix:///run/redis.sock",
        ),
    ],
)
def test_a_url_names_a_redis(url: str, address: RedisAddress, shown: str) -> None:
    """People paste the URL that their other programs use; passwords are never shown."""
    found = RedisAddress.parse(url)
    assert found == address
    assert str(found) == shown
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    "url", ["", "cache:6379", "http://cache", "redis://", "redis://a:b", "unix://", "redis://a/b"]
)
def test_other_urls_are_refused_with_the_cure(url: str) -> None:
    """A typing error is said at once, not as a connection that never comes."""
    with pytest.raises(ValueError, match=r"redis://HOST:PORT|leave it out"):
        RedisAddress.parse(url)


# -- the protocol -------------------------------------------------------------


def test_commands_are_arrays_of_strings() -> None:
    """Binary-safe: an event may hold line ends and any bytes."""
    assert command("PUBLISH", "realtime", b"a\r\n\xff") == (
        b"*3\r\n$7\r\nPUBLISH\r\n$8\r\nrealtime\r\n$4\r\na\r\n\xff\r\n"
    )


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=5), st.integers(1, 7))
def test_replies_are_the_same_in_any_chunks(parts: list[bytes], chunk: int) -> None:
    """TCP cuts where it likes."""
    data = command(*parts)  # what a client may send is what a server may reply

    async def read() -> Any:
        ours, theirs = trio.testing.memory_stream_pair()
        connection = RedisConnection(ours)
        for start in range(0, len(data), chunk):
            await theirs.send_all(data[start : start + chunk])
        return await connection.receive()

    assert trio.run(read) == parts


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "does not speak Redis's protocol"),
        (b"-NOAUTH Authentication required.\r\n", "it refuses: NOAUTH"),
        (b"", "it closed the connection"),
        (b"$99999999\r\n" + bytes(2**25), "a reply of more than 16,777,216 bytes"),
    ],
)
def test_what_is_no_answer_is_an_error_that_says_so(reply: bytes, said: str) -> None:
    """A wrong port must not look like a quiet Redis, nor fill the memory."""

    async def read() -> None:
        ours, theirs = trio.testing.memory_stream_pair()
        async with trio.open_nursery() as nursery:
            if reply:
                nursery.start_soon(theirs.send_all, reply)
            else:
                await theirs.aclose()
            with pytest.raises(RedisError, match=said):
                await RedisConnection(ours).receive()

    trio.run(read)
