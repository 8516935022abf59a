"""Whether a host is who it says: known_hosts, as OpenSSH has it.

A key that is written down is accepted, an unknown one only where new keys are (and
then it is written down, as OpenSSH's `accept-new` does), a changed one only where
nothing is checked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import asyncssh

from pytsung.ssh.strictness import Strictness

USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
GLOBAL_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
DEFAULT_PORT = 22


class KnownHosts:
    """The host keys that are written down; new ones go to the first of the user's files."""

    def __init__(
        self, users: Sequence[str] = USER_FILES, everybodys: Sequence[str] = GLOBAL_FILES
    ) -> None:
        self._users = [Path(name).expanduser() for name in users]
        self.keys = asyncssh.import_known_hosts("")
        for path in [*self._users, *map(Path, everybodys)]:
            for line in self._lines(path):
                self._load(line)

    @property
    def file(self) -> str:
        """The file that new keys go to."""
        return str(self._users[0]) if self._users else "known_hosts"

    @staticmethod
    def _lines(path: Path) -> list[str]:
        try:
            return path.read_text("utf-8", "replace").splitlines()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return []

    def _load(self, line: str) -> None:
        try:
            self.keys.load(line)
        except ValueError:
            return  # OpenSSH passes over lines that it cannot read, too

    def has_any(self, host: str, address: str, port: int) -> bool:
        """Whether some key is written down for this host: another one is a changed one."""
        keys, authorities, revoked, *_ = self.keys.match(
            host, address, None if port == DEFAULT_PORT else port
        )
        return bool(keys or authorities or revoked)

    def add(self, host: str, port: int, key: asyncssh.SSHKey) -> None:
        """Write down a new host's key. Raises OSError."""
        name = host if port == DEFAULT_PORT else f"[{host}]:{port}"
        line = f"{name} {key.export_public_key('openssh').decode().strip()}"
        if not self._users:
            raise OSError("UserKnownHostsFile is none")
        path = self._users[0]
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = path.read_text("utf-8", "replace") if path.exists() else ""
        if line not in written.splitlines():  # another connection may have been quicker
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n" if written[-1:] in ("\n", "") else f"\n{line}\n")
        self._load(line)


class HostKeyCheck(asyncssh.SSHClient):
    """One connection's check; `reason` says why a key was refused.

    `name` are the words after `ssh` to reach the host by hand. `has_alias`: its keys are
    under a `HostKeyAlias`, which stands for the address and the port, too.
    """

    def __init__(
        self, known: KnownHosts, *, strictness: Strictness, name: str, has_alias: bool = False
    ) -> None:
        self.reason = ""
        self._known = known
        self._strictness = strictness
        self._name = name
        self._has_alias = has_alias

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Decide on a key that is not among the known ones."""
        if self._has_alias:
            addr, port = "", DEFAULT_PORT
        if self._strictness is Strictness.NO:
            return self._accept_any(host, addr, port, key)
        kind = key.get_algorithm().removeprefix("ssh-")
        fingerprint = f"{kind} {key.get_fingerprint()}"
        place = host if port == DEFAULT_PORT else f"[{host}]:{port}"
        if self._known.has_any(host, addr, port):
            self.reason = (
                f"its host key has changed (now {fingerprint}): another machine, or an intruder; "
                f"if it was made anew, forget the old key: ssh-keygen -R '{place}'"
            )
            return False
        if self._strictness is not Strictness.ACCEPT_NEW:
            by_hand = f"connect once by hand (ssh {self._name}) and accept it"
            if self._strictness is Strictness.YES:
                by_hand = f"StrictHostKeyChecking is yes: write it into {self._known.file} yourself"
            self.reason = (
                f"host key unknown ({fingerprint}); {by_hand}, or start with --accept-new-host-keys"
            )
            return False
        try:
            self._known.add(host, port, key)
        except OSError as error:
            self.reason = (
                f"its new host key cannot be written down ({error}); make that file writable"
            )
            return False
        return True

    def _accept_any(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Accept it whatever is known; a new one is written down if that is possible."""
        if not self._known.has_any(host, addr, port):
            with contextlib.suppress(OSError):
                self._known.add(host, port, key)
        return True
