"""`<sessions>`: each session with the options that were in force where it stands.

Must not know a protocol's element: its room reads it.
"""

from __future__ import annotations

from pytsung.config.element import SourceElement
from pytsung.config.options import Options
from pytsung.config.reader import ConfigurationReader
from pytsung.config.steps import StepReader
from pytsung.config.variables import VariableReader
from pytsung.plan import Session, Transport
from pytsung.protocols.registry import Registry
from pytsung.protocols.room import LocalRoom, Room, Scene, furnished

_WEBSOCKETS = {Transport.WEBSOCKET, Transport.WEBSOCKET_TLS}


def read_session(
    element: SourceElement,
    options: Options,
    scene: Scene,
    reader: ConfigurationReader,
    registry: Registry,
    excluded_tags: frozenset[str],
    variables: VariableReader,
) -> Session | None:
    """One session; None if nobody can play it, which `structure` has reported.

    `scene` is what the session's first request finds around it.
    """
    name = reader.required(element, "name")
    kind = reader.atom(element, "type")
    if kind not in registry:
        return None
    room = furnished(registry.room(kind), options.protocols)
    _check_servers(element, room, scene, reader)
    reader.scene = scene

    def find_room(kind: str) -> Room | None:
        return furnished(registry.room(kind), options.protocols) if kind in registry else None

    steps = StepReader(room, options.think_time, reader, excluded_tags, find_room, variables).read(
        element
    )
    if not steps:
        reader.warn(element, f"the session {name} has no steps: its users come and go")
    return Session(
        name=name,
        kind=kind,
        steps=steps,
        persistent=reader.flag(element, "persistent", default=True),
        bidirectional=reader.flag(element, "bidi", default=room.bidirectional),
        options=options.connection,
        protocol_options=options.protocols,
    )


def _check_servers(
    element: SourceElement, room: Room, scene: Scene, reader: ConfigurationReader
) -> None:
    """Say so where a server does not fit the session; any of them may get its users."""
    transports = {server.transport for server in scene.servers}
    if Transport.LOCAL in transports and not isinstance(room, LocalRoom):
        text = f"nobody answers {room.session_type} at a <server> of type erlang"
        reader.fault(element, text, "write another type of server")
    if room.session_type == "ts_websocket" and transports & _WEBSOCKETS:
        text = "at a <server> of type websocket, ts_websocket opens a WebSocket in a WebSocket"
        reader.warn(element, text, "write type='tcp' or type='ssl'")
