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
    if not isinstance(room, LocalRoom) and any(
        server.transport is Transport.LOCAL for server in scene.servers
    ):
        reader.fault(
            element,
            f"users of this {kind} session may be bound to a <server> of type erlang, "
            "where nobody answers",
            "write another type of server",
        )
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
