"""One connection to Redis: commands out, replies in.

hiredis reads the replies; commands are written here in five lines. Must not know
events, nor what to do when the connection is lost.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import hiredis
import trio

from pytsung.errors import PytsungError
from pytsung_server.reach import open_stream
from pytsung_server.redis_address import RedisAddress

CONNECT_TIMEOUT = 5.0
"""Seconds until a Redis that does not answer counts as unreachable."""

MAX_REPLY_BYTES = 16 * 1024 * 1024
"""A longer reply is none that anybody asked for; an event has some kilobytes."""

_READ_BYTES = 65536


class RedisError(PytsungError):
    """Redis cannot be reached, has refused a command, or has hung up. The text says which."""


class RedisConnection:
    """Commands and replies over a stream; made by `connect`."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._reader = hiredis.Reader()

    async def send(self, *words: str | bytes) -> None:
        """Send a command. Raises RedisError when the connection is lost."""
        try:
            await self._stream.send_all(command(*words))
        except trio.BrokenResourceError as error:
            raise RedisError(reason_of(error)) from error

    async def receive(self) -> Any:
        """The next reply; bytes, numbers and lists of them. Nothing is lost on cancellation.

        Raises:
            RedisError: the reply is an error, or no Redis says such things, or it hung up.
        """
        while (reply := self._next()) is False:
            if self._reader.len() > MAX_REPLY_BYTES:
                raise RedisError(f"a reply of more than {MAX_REPLY_BYTES:,} bytes")
            try:
                data = await self._stream.receive_some(_READ_BYTES)
            except trio.BrokenResourceError as error:
                raise RedisError(reason_of(error)) from error
            if not data:
                raise RedisError("it closed the connection")
            self._reader.feed(bytes(data))
        return reply

    async def call(self, *words: str | bytes) -> Any:
        """Send a command and give its reply. Raises RedisError as `send` and `receive`."""
        await self.send(*words)
        return await self.receive()

    def _next(self) -> Any:
        """The next reply that has come as a whole; False while there is none."""
        try:
            reply = self._reader.gets()
        except hiredis.ProtocolError as error:
            raise RedisError(f"it does not speak Redis's protocol: {error}") from error
        if isinstance(reply, hiredis.ReplyError):
            raise RedisError(f"it refuses: {reply}")
        return reply


@asynccontextmanager
async def connect(address: RedisAddress) -> AsyncIterator[RedisConnection]:
    """Connect, log in, choose the database; the connection is closed at the end.

    Raises:
        RedisError: it cannot be reached, or refuses us.
    """
    try:
        with trio.fail_after(CONNECT_TIMEOUT):
            stream = await _open(address)
    except trio.TooSlowError:
        raise RedisError(f"no answer within {CONNECT_TIMEOUT:g} seconds") from None
    except (OSError, trio.BrokenResourceError) as error:
        raise RedisError(reason_of(error)) from error
    async with stream:
        connection = RedisConnection(stream)
        try:
            with trio.fail_after(CONNECT_TIMEOUT):
                await _introduce(connection, address)
        except trio.TooSlowError:
            raise RedisError(f"no answer within {CONNECT_TIMEOUT:g} seconds") from None
        yield connection


async def _open(address: RedisAddress) -> trio.abc.Stream:
    if address.path:
        return await trio.open_unix_socket(address.path)
    stream = await open_stream(address.host, address.port)
    if not address.tls:
        return stream
    context = ssl.create_default_context()
    secure = trio.SSLStream(stream, context, server_hostname=address.host, https_compatible=True)
    await secure.do_handshake()
    return secure


async def _introduce(connection: RedisConnection, address: RedisAddress) -> None:
    if address.password:
        names = (address.username,) if address.username else ()
        await connection.call("AUTH", *names, address.password)
    if address.database:
        await connection.call("SELECT", str(address.database))


def command(*words: str | bytes) -> bytes:
    """A command as Redis reads it: an array of strings, each with its length."""
    parts = [word.encode() if isinstance(word, str) else word for word in words]
    strings = b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"*%d\r\n%b" % (len(parts), strings)


def reason_of(error: BaseException) -> str:
    """What the system says of a failure, in a few words; trio's own words tell less."""
    cause = error.__cause__ or error
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause) or type(cause).__name__
