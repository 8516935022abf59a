"""Bytes to and from another host: none lost, none out of order, never without bound."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator

import pytest
import trio

from pytsung.ssh import RemoteProcess, SshAddress, SshClient, SshError, open_ssh
from pytsung.ssh.process import BUFFER_LIMIT
from tests.end_to_end.command import wait_for
from tests.fleet.hosts import Fleet, fleet, missing

LIMIT = 30.0
SIZE = 3_000_000


@pytest.fixture(scope="module")
def hosts() -> Iterator[Fleet]:
    """One host."""
    if missing():
        pytest.skip(missing())
    with fleet(1) as made:
        made.trust()
        yield made


@pytest.fixture
def one(hosts: Fleet, monkeypatch: pytest.MonkeyPatch) -> SshAddress:
    """Its address; SSH is that of the fleet's own user."""
    for name, value in hosts.environment.items():
        monkeypatch.setenv(name, value)
    return SshAddress.parse(hosts.hosts[0].name)


def on_host(
    address: SshAddress, command: str, use: Callable[[RemoteProcess], Awaitable[None]]
) -> None:
    """Run a command there, and use it."""

    async def main() -> None:
        with trio.fail_after(LIMIT):
            async with open_ssh() as client, client.process(address, command) as process:
                await use(process)

    trio.run(main)


async def everything(stream: trio.abc.ReceiveStream) -> bytes:
    parts = []
    while part := await stream.receive_some():
        parts.append(bytes(part))
    return b"".join(parts)


def test_what_is_sent_comes_back_whole(one: SshAddress) -> None:
    """Far more than any window or buffer, both ways at once."""
    data = hashlib.sha256(b"seed").digest() * (SIZE // 32)

    async def use(process: RemoteProcess) -> None:
        async def send() -> None:
            for start in range(0, len(data), 70_000):
                await process.send_all(data[start : start + 70_000])
            await process.send_eof()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(send)
            assert await everything(process) == data
        await process.wait_gone()
        assert process.exit_status == 0

    on_host(one, "cat", use)


def test_stderr_is_apart(one: SshAddress) -> None:
    """What an agent complains of must not be taken for its messages."""

    async def use(process: RemoteProcess) -> None:
        assert await everything(process) == b"out"
        assert await everything(process.stderr) == b"err"

    on_host(one, "printf out; printf err >&2; exit 3", use)


def test_what_is_not_taken_stops_the_far_end(one: SshAddress) -> None:
    """A host that floods its controller must not fill its memory."""

    async def use(process: RemoteProcess) -> None:
        await trio.sleep(1)  # the flood has this long
        kept = process.waiting
        assert BUFFER_LIMIT < kept < 8 * 2**20
        taken = 0
        while taken < 4 * kept:  # and it goes on when it is taken
            taken += len(await process.receive_some())

    on_host(one, "yes", use)


def test_what_is_not_read_there_makes_us_wait(one: SshAddress) -> None:
    """A frozen host must not make us keep all that it should hear."""

    async def use(process: RemoteProcess) -> None:
        sent = 0
        with trio.move_on_after(1) as patience:
            while True:
                await process.send_all(bytes(100_000))
                sent += 100_000
        assert patience.cancelled_caught
        assert sent < 16 * 2**20

    on_host(one, "sleep 3", use)


def test_a_process_that_is_gone_breaks_the_stream(one: SshAddress) -> None:
    """By the end of the stream for who reads, by an error for who writes."""

    async def use(process: RemoteProcess) -> None:
        assert await everything(process) == b""
        await process.wait_gone()
        with pytest.raises(trio.BrokenResourceError):
            await process.send_all(b"x")

    on_host(one, "exit 7", use)


def test_leaving_ends_the_process(hosts: Fleet, one: SshAddress) -> None:
    """By end of file; nothing is left of it on the host."""

    async def use(process: RemoteProcess) -> None:
        await process.send_all(b"x")
        assert await process.receive_some() == b"x"

    on_host(one, "cat", use)
    wait_for(lambda: hosts.hosts[0].is_quiet, "nothing left on the host")


def test_cancelling_a_connection_leaves_nothing(hosts: Fleet, one: SshAddress) -> None:
    """Ctrl-C while hosts are still being reached."""

    async def main() -> None:
        with trio.move_on_after(0.02):
            async with open_ssh() as client, client.process(one, "cat"):
                await trio.sleep_forever()

    trio.run(main)
    wait_for(lambda: hosts.hosts[0].is_quiet, "nothing left on the host")


def test_the_fence_holds_for_ssh(one: SshAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may log in to a stranger's host."""
    monkeypatch.setenv("PYTSUNG_TEST_NETWORKS", "")

    async def reach(client: SshClient) -> None:
        async with client.process(SshAddress("192.0.2.1"), "true"):
            raise AssertionError("let in")

    async def main() -> None:
        async with open_ssh() as client:
            with pytest.raises(SshError, match="outside PYTSUNG_TEST_NETWORKS"):
                await reach(client)

    trio.run(main)
