"""Rooms that other packages bring: the entry point group `pytsung.protocols`.

An entry point is called like the session type, and names a `Room`, or a class or
function that gives one without being told anything:

    [project.entry-points."pytsung.protocols"]
    ts_redis = "pytsung_redis:RedisRoom"

Must not know what is inside a room, nor how a plug-in's files come to a host.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from pytsung.errors import UsageError
from pytsung.protocols.room import Room

GROUP = "pytsung.protocols"

_WANTED = (
    "session_type",
    "element",
    "request_types",
    "bidirectional",
    "read_request",
    "describe",
    "converse",
)
"""What a room cannot do without; a type checker sees more, but nobody need run one."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One session type that a package brings. `value` is `package.module:name`."""

    session_type: str
    value: str
    distribution: str = ""
    version: str = "0"

    @property
    def package(self) -> str:
        """The top-level package, or module, that its code is in."""
        return self.value.partition(":")[0].partition(".")[0]

    def __str__(self) -> str:
        """`pytsung-redis (pytsung_redis:RedisRoom)`."""
        return f"{self.distribution or 'a package'} ({self.value})"


def plugins() -> tuple[Plugin, ...]:
    """What is installed, by session type; the same room found in two places is one.

    Raises UsageError when two packages claim one session type.
    """
    found: dict[str, Plugin] = {}
    for point in entry_points(group=GROUP):
        plugin = _plugin(point)
        other = found.setdefault(plugin.session_type, plugin)
        if other.value != plugin.value:
            raise UsageError(_conflict(plugin.session_type, str(other), str(plugin)))
    return tuple(found[name] for name in sorted(found))


def plugin_rooms(taken: Iterable[str] = ()) -> list[Room]:
    """The rooms of all plug-ins; `taken` are session types that others play already.

    Raises UsageError for one that cannot be used: which room plays must not be chance.
    """
    rooms = []
    built_in = frozenset(taken)
    for plugin in plugins():
        if plugin.session_type in built_in:
            raise UsageError(_conflict(plugin.session_type, "pytsung itself", str(plugin)))
        rooms.append(_load(plugin))
    return rooms


def _plugin(point: EntryPoint) -> Plugin:
    if point.dist is None:
        return Plugin(point.name, point.value)
    return Plugin(point.name, point.value, point.dist.name, point.dist.version)


def _conflict(session_type: str, one: str, other: str) -> str:
    return f"two protocols call themselves {session_type}: {one} and {other}; uninstall one of them"


def _load(plugin: Plugin) -> Room:
    """Import a plug-in's room. Whatever its code raises becomes a UsageError."""
    try:
        found = EntryPoint(plugin.session_type, plugin.value, GROUP).load()
        room = found() if callable(found) else found
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(_broken(plugin, f"cannot be loaded: {reason}")) from error
    missing = [name for name in _WANTED if not hasattr(room, name)]
    if missing:
        raise UsageError(_broken(plugin, f"is no room: it has no {', '.join(missing)}"))
    if room.session_type != plugin.session_type:
        raise UsageError(_broken(plugin, f"plays {room.session_type}"))
    return cast(Room, room)


def _broken(plugin: Plugin, what: str) -> str:
    return (
        f"the protocol plug-in {plugin.session_type} of {plugin} {what};"
        " bring it up to date, or uninstall it"
    )
