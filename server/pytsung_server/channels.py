"""Which channels a client gets for the names that it asks for.

All names pass as they are but `account` and `account.…`: those lead to the
client's own account, and nobody else's. Must not know connections or roles.
"""

from __future__ import annotations

from collections.abc import Iterable

ACCOUNT = "account"

_ACTIONS = frozenset({"create", "update", "upsert", "delete"})


def convert(names: Iterable[str], user: str) -> tuple[str, ...]:
    """The channels for requested names, each once; `user` is empty for a guest.

    `account` brings `account.USER` along, at the end; `account.ACTION` becomes
    `account.USER.ACTION`. A guest keeps both names, which then reach nobody's account.
    Any other `account.…` is dropped without a word.
    """
    channels: dict[str, None] = {}
    for name in names:
        if not name.startswith("account."):
            channels[name] = None
        elif (action := name.removeprefix("account.")) in _ACTIONS:
            channels[f"account.{user}.{action}" if user else name] = None
    if user and ACCOUNT in channels:
        own = f"account.{user}"
        channels.pop(own, None)
        channels[own] = None
    return tuple(channels)


def convert_2021(names: Iterable[str], user: str) -> tuple[str, ...]:
    """The same in Appwrite 0.10, which knew no actions: all of `account.…` is dropped."""
    return convert((name for name in names if not name.startswith("account.")), user)


def rebind(channel: str, old: str, new: str) -> str:
    """The channel that takes the place of `channel` when its subscriber logs in as `new`.

    `old` is who the subscriber was, empty for a guest. A guest's plain `account`
    stays what it is.
    """
    if not new or old == new:
        return channel
    if not old:
        action = channel.removeprefix("account.")
        is_own = channel.startswith("account.") and action in _ACTIONS
        return f"account.{new}.{action}" if is_own else channel
    mine = f"account.{old}"
    if channel == mine or (
        channel.startswith(f"{mine}.") and channel.removeprefix(f"{mine}.") in _ACTIONS
    ):
        return f"account.{new}" + channel.removeprefix(mine)
    return channel
