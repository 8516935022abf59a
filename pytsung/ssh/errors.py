"""Why a host cannot be reached, in words: what and the cure, for whoever names the host.

Must not know what was wanted from it.
"""

from __future__ import annotations

import socket

import asyncssh

from pytsung.errors import PytsungError
from pytsung.ssh.address import SshAddress


class SshError(PytsungError):
    """A host cannot be reached; the text has what and the cure, not which host."""


def explained(error: Exception, address: SshAddress, port: int | None) -> SshError:
    """What a failed connection means to somebody who wants to reach that host."""
    ssh = f"ssh -p {port} {address}" if port not in (None, 22) else f"ssh {address}"
    match error:
        case SshError():
            return error
        case socket.gaierror():
            return SshError(
                "its name does not resolve; correct <client host>, or give it a HostName "
                "in ~/.ssh/config"
            )
        case ConnectionRefusedError():
            return SshError(f"nothing listens on port {port}; start sshd there, or name its port")
        case asyncssh.PermissionDenied():
            return SshError(
                f"login refused ({error.reason}); let `{ssh} true` work without a password: "
                f"ssh-copy-id {address}"
            )
        case asyncssh.KeyImportError() | asyncssh.KeyEncryptionError():
            return SshError(f"a key cannot be used ({error}); load it into ssh-agent: ssh-add")
        case asyncssh.ConfigParseError():
            return SshError(f"~/.ssh/config cannot be read: {error}; correct it")
        case asyncssh.DisconnectError():
            return SshError(f"{error.reason}; see whether `{ssh} true` works")
        case asyncssh.ChannelOpenError():
            return SshError(f"{error.reason}; allow sessions in its sshd_config")
        case _:
            return SshError(f"{error}; see whether `{ssh} true` works")
