"""How a host is reached, as its address and `~/.ssh/config` say together.

Nothing is connected here.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import asyncssh
import trio_asyncio

from pytsung.ssh.address import SshAddress
from pytsung.ssh.host_keys import GLOBAL_FILES, USER_FILES, KnownHosts
from pytsung.ssh.strictness import Strictness, read_strictness

CONFIGURATIONS = ("~/.ssh/config", "/etc/ssh/ssh_config")

_Options = asyncssh.SSHClientConnectionOptions


@dataclass(frozen=True, slots=True)
class Route:
    """The host's real name and port, the hosts on the way to it, and the keys it may have."""

    address: SshAddress
    jumps: tuple[SshAddress, ...]
    known: KnownHosts
    strictness: Strictness
    options: _Options

    @property
    def host(self) -> str:
        """The host's name after `HostName`."""
        return self.options.host

    @property
    def port(self) -> int:
        """The port of its sshd."""
        return self.options.port

    @property
    def family(self) -> int:
        """What `AddressFamily` allows, as for getaddrinfo."""
        return self.options.family or 0

    @property
    def has_key_alias(self) -> bool:
        """Whether its keys are looked for under a `HostKeyAlias`."""
        return bool(self.options.host_key_alias)

    @property
    def has_command(self) -> bool:
        """Whether a `ProxyCommand` makes the connection."""
        return bool(self.options.proxy_command)

    @property
    def name(self) -> str:
        """The words that come after `ssh` to reach it by hand."""
        return f"-p {self.address.port} {self.address}" if self.address.port else str(self.address)


async def read_route(address: SshAddress, jumps: tuple[SshAddress, ...] = ()) -> Route:
    """The route to a host, through `jumps` or those that its configuration names.

    Raises OSError, ValueError and asyncssh's errors for a configuration or a key that
    cannot be used.
    """
    configurations = _configurations()
    wishes: dict[str, object] = {"host": address.host, "config": configurations}
    if address.user is not None:
        wishes["username"] = address.user
    if address.port is not None:
        wishes["port"] = address.port
    options = await trio_asyncio.aio_as_trio(_Options.construct)(
        password=None, kbdint_auth=False, compression_algs=None, **wishes
    )
    config = options.config
    users = cast("Sequence[str] | None", config.get("UserKnownHostsFile"))
    everybodys = cast("Sequence[str] | None", config.get("GlobalKnownHostsFile"))
    known = KnownHosts(
        USER_FILES if users is None else users,
        GLOBAL_FILES if everybodys is None else everybodys,
    )
    if not jumps and isinstance(options.tunnel, str):
        named = tuple(SshAddress.parse(text.strip()) for text in options.tunnel.split(","))
        # `Host *` with a ProxyJump holds for the jump host, too: it is reached directly.
        jumps = () if address.host in (jump.host for jump in named) else named
    return Route(address, jumps, known, read_strictness(address, configurations), options)


def _configurations() -> list[Path]:
    """The configurations that are there; in both the first value counts, as for OpenSSH."""
    paths = [Path(name).expanduser() for name in CONFIGURATIONS]
    return [path for path in paths if os.access(path, os.R_OK)]
