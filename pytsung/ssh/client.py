"""Connections to hosts as `ssh` would make them, and commands run over them.

`~/.ssh/config`, keys and agent, jump hosts and known_hosts count as for OpenSSH; nothing
is ever asked on the terminal. Must not know what the commands are for.
"""

from __future__ import annotations

import random
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncssh
import trio
import trio_asyncio

from pytsung.fence import Fence
from pytsung.ssh.address import SshAddress
from pytsung.ssh.errors import SshError, explained
from pytsung.ssh.host_keys import HostKeyCheck
from pytsung.ssh.process import RemoteProcess, Session
from pytsung.ssh.route import Route, read_route
from pytsung.ssh.strictness import Strictness

CONNECT_TIME = 20.0
"""Seconds for one connection, login included."""

AT_ONCE = 32
AT_ONCE_PER_SERVER = 8
"""Logins at a time: sshd begins to drop them at ten unauthenticated ones (MaxStartups)."""

ATTEMPTS = 6
LEAVE_TIME = 5.0
"""Seconds that a process has to end after end of file; then its connection is cut."""

_Connection = asyncssh.SSHClientConnection


@asynccontextmanager
async def open_ssh(*, accepts_new_keys: bool = False) -> AsyncIterator[SshClient]:
    """SSH for as long as the context lasts: asyncio's loop runs inside of trio's meanwhile."""
    failure: Exception | KeyboardInterrupt | None = None
    async with trio_asyncio.open_loop():
        client = SshClient(accepts_new_keys=accepts_new_keys, fence=Fence())
        try:
            yield client
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - raised again below
            failure = error  # the loop would wrap it into a group
        finally:
            with trio.CancelScope(shield=True):
                await client.close()
    if failure is not None:
        raise failure


class SshClient:
    """SSH to any number of hosts; made by `open_ssh`.

    `accepts_new_keys`: host keys that are not known are written down and accepted,
    whatever `StrictHostKeyChecking` says.
    """

    def __init__(self, *, accepts_new_keys: bool, fence: Fence) -> None:
        self._accepts_new_keys = accepts_new_keys
        self._fence = fence
        self._all = trio.CapacityLimiter(AT_ONCE)
        self._per_server: defaultdict[tuple[str, int], trio.CapacityLimiter] = defaultdict(
            lambda: trio.CapacityLimiter(AT_ONCE_PER_SERVER)
        )
        self._jumps: dict[tuple[SshAddress, ...], _Connection] = {}
        self._jumping: defaultdict[tuple[SshAddress, ...], trio.Lock] = defaultdict(trio.Lock)

    @asynccontextmanager
    async def process(self, address: SshAddress, command: str) -> AsyncIterator[RemoteProcess]:
        """Run a command by the host's login shell.

        Leaving the context gives it end of file and a few seconds, then closes its
        connection. Raises SshError when the host cannot be reached.
        """
        connection = await self._connect(address)
        session = Session()
        process = RemoteProcess(session)
        try:
            try:
                await trio_asyncio.aio_as_trio(connection.create_session)(
                    lambda: session, command, encoding=None, env=(), send_env=()
                )
            except (asyncssh.Error, OSError) as error:
                raise explained(error, address, None) from error
            yield process
        finally:
            with trio.CancelScope(shield=True):
                if session.channel is not None:
                    await process.aclose()
                    with trio.move_on_after(LEAVE_TIME):
                        await process.wait_gone()
                await _cut(connection)

    async def close(self) -> None:
        """Close the connections to jump hosts, which processes have shared."""
        for connection in self._jumps.values():
            await _cut(connection)

    async def _connect(
        self, address: SshAddress, jumps: tuple[SshAddress, ...] = ()
    ) -> _Connection:
        """Connect and log in, through `jumps` or those that the host's configuration names.

        Servers that hang up before the login are busy, and tried again.
        """
        try:
            route = await read_route(address, jumps)
        except (asyncssh.Error, OSError, ValueError) as error:
            raise explained(error, address, address.port) from error
        for attempt in range(ATTEMPTS):
            try:
                return await self._connect_once(route)
            except (asyncssh.ConnectionLost, ConnectionResetError) as error:
                if attempt + 1 == ATTEMPTS:
                    raise explained(error, address, route.port) from error
            except (asyncssh.Error, OSError) as error:
                raise explained(error, address, route.port) from error
            await trio.sleep(0.2 * 2**attempt * (0.5 + random.random()))
        raise AssertionError("unreachable")

    async def _connect_once(self, route: Route) -> _Connection:
        tunnel = await self._jump(route.jumps) if route.jumps else None
        check = HostKeyCheck(
            route.known,
            strictness=Strictness.ACCEPT_NEW if self._accepts_new_keys else route.strictness,
            name=route.name,
            has_alias=route.has_key_alias,
        )
        server = self._per_server[route.host, route.port]
        async with self._all, server:
            with trio.move_on_after(CONNECT_TIME):
                opened = None
                if tunnel is None and not route.has_command:
                    opened = await self._open_socket(route)
                try:
                    connection: _Connection = await trio_asyncio.aio_as_trio(asyncssh.connect)(
                        route.host,
                        tunnel=tunnel,
                        sock=opened,
                        options=route.options,
                        client_factory=lambda: check,
                        known_hosts=route.known.keys,
                    )
                    return connection
                except asyncssh.HostKeyNotVerifiable as error:
                    raise SshError(check.reason or f"{error}; see known_hosts") from error
        raise SshError(
            f"no SSH connection within {CONNECT_TIME:.0f} s; "
            f"see whether `ssh {route.name} true` works"
        )

    async def _jump(self, jumps: tuple[SshAddress, ...]) -> _Connection:
        """The connection to the last of these hosts, shared by all who go through it."""
        async with self._jumping[jumps]:
            known = self._jumps.get(jumps)
            if known is not None and not known.is_closed():
                return known
            *before, last = jumps
            try:
                self._jumps[jumps] = await self._connect(last, tuple(before))
            except SshError as error:
                raise SshError(f"jump host {last}: {error}") from error
            return self._jumps[jumps]

    async def _open_socket(self, route: Route) -> socket.socket:
        """Connect ourselves: to look at the address first, and to know what failed."""
        failure: OSError = OSError(f"{route.host} has no address")
        for family, kind, number, _, place in await trio.socket.getaddrinfo(
            route.host, route.port, route.family, socket.SOCK_STREAM
        ):
            if not self._fence.allows(str(place[0]).partition("%")[0]):
                raise SshError(
                    f"{place[0]} is outside PYTSUNG_TEST_NETWORKS while PYTSUNG_LOOPBACK_ONLY "
                    "is set; unset it"
                )
            opened = trio.socket.socket(family, kind, number)
            try:
                await opened.connect(place)
            except OSError as error:
                opened.close()
                failure = error
            else:
                return socket.socket(family, kind, number, opened.detach())
        raise failure


async def _cut(connection: _Connection) -> None:
    """Close a connection without ceremony; what was wanted of it is over."""
    connection.abort()
    with trio.move_on_after(LEAVE_TIME):
        await trio_asyncio.aio_as_trio(connection.wait_closed)()
