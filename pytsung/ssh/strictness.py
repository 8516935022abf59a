"""What becomes of a host's key that is not known: `StrictHostKeyChecking`, as ssh_config(5).

The library that reads OpenSSH's files passes over this one option. Nothing is connected here.
"""

from __future__ import annotations

import enum
import getpass
from collections.abc import Sequence
from pathlib import Path

from asyncssh.config import SSHClientConfig, SSHConfig

from pytsung.ssh.address import SshAddress


class Strictness(enum.Enum):
    """How much must be known of a host. A revoked key is refused by all."""

    YES = "yes"  # its key must be written down
    ASK = "ask"  # the same here, where nobody can be asked; the cure is another
    ACCEPT_NEW = "accept-new"  # a key of a host that has none yet is written down
    NO = "no"  # that, and a changed key will do


_SYNONYMS = {"true": Strictness.YES, "false": Strictness.NO, "off": Strictness.NO}

_OPTION = "StrictHostKeyChecking"


class _Configuration(SSHClientConfig):
    """The library's own reading of the files, with the option that it lacks."""

    _handlers = SSHClientConfig._handlers | {  # noqa: SLF001 - the one way to teach it an option
        _OPTION.lower(): (_OPTION, SSHConfig._set_string)  # noqa: SLF001 - as above
    }


def read_strictness(address: SshAddress, configurations: Sequence[Path]) -> Strictness:
    """What the files say for this host; `ask` where they say nothing, as OpenSSH does.

    Raises asyncssh's errors for files that cannot be read, ValueError for another word.
    """
    user = address.user if address.user is not None else ()
    port = address.port if address.port is not None else ()
    who = (getpass.getuser(), user, address.host, port)
    config = _Configuration.load(None, list(configurations), False, False, False, *who)
    word = str(config.get(_OPTION, Strictness.ASK.value)).lower()
    if word in _SYNONYMS:
        return _SYNONYMS[word]
    try:
        return Strictness(word)
    except ValueError:
        known = ", ".join(each.value for each in Strictness)
        raise ValueError(f"{_OPTION} is {word} in ~/.ssh/config; write one of {known}") from None
