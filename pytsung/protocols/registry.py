"""Which room serves which session type.

Must not know what is inside a room. Rooms are imported here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytsung.plan import ProtocolOptions, Request
from pytsung.protocols.plugins import plugin_rooms
from pytsung.protocols.room import Room, RoomWithOptions


class Registry:
    """The rooms that a run may use, by session type.

    Two rooms of one name raise ValueError: which of them plays would be chance.
    """

    def __init__(self, rooms: Iterable[Room]) -> None:
        self._rooms: dict[str, Room] = {}
        self._request_types: dict[str, type[Request]] = {}
        for room in rooms:
            if room.session_type in self._rooms:
                raise ValueError(f"two protocols call themselves {room.session_type}")
            self._rooms[room.session_type] = room
            for request_type in room.request_types:
                self._request_types[f"{room.session_type}.{request_type.__name__}"] = request_type
        self._names = {request_type: name for name, request_type in self._request_types.items()}
        self._option_types = {
            type(room.options).__name__: type(room.options)
            for room in self._rooms.values()
            if isinstance(room, RoomWithOptions)
        }

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def __contains__(self, session_type: str) -> bool:
        return session_type in self._rooms

    def room(self, session_type: str) -> Room:
        """The room of a session type. Raises KeyError for one that nobody serves."""
        return self._rooms[session_type]

    def request_type(self, name: str) -> type[Request]:
        """The request dataclass of a name such as `ts_websocket.Connect`. Raises KeyError."""
        return self._request_types[name]

    def request_name(self, request: Request) -> str:
        """The name under which a request travels; the inverse of `request_type`."""
        return self._names[type(request)]

    def travelling_types(self) -> tuple[type[Request | ProtocolOptions], ...]:
        """The dataclasses of all requests and options: what travels of a protocol's own."""
        return (*self._request_types.values(), *self._option_types.values())

    def option_type(self, name: str) -> type[ProtocolOptions]:
        """The options' dataclass of that name; rooms may share one. Raises KeyError."""
        return self._option_types[name]


def installed() -> Registry:
    """The rooms that come with pytsung, and those of installed plug-ins.

    Raises UsageError when a plug-in cannot be used.
    """
    from pytsung.protocols.fs.room import FileRoom  # noqa: PLC0415 - rooms on demand
    from pytsung.protocols.http.room import HttpRoom  # noqa: PLC0415 - the same
    from pytsung.protocols.raw.room import RawRoom  # noqa: PLC0415 - the same
    from pytsung.protocols.shell.room import ShellRoom  # noqa: PLC0415 - the same
    from pytsung.protocols.websocket.room import WebSocketRoom  # noqa: PLC0415 - the same

    rooms: list[Room] = [
        HttpRoom(),
        HttpRoom("ts_webdav", "Tsung"),
        WebSocketRoom(),
        RawRoom(),
        FileRoom(),
        ShellRoom(),
    ]
    return Registry([*rooms, *plugin_rooms(room.session_type for room in rooms)])
