"""A small configuration that can be run, and ways to change one thing about it."""

from __future__ import annotations

from typing import Any

import pytest

from pytsung.config import Configuration, read_configuration
from pytsung.errors import ConfigurationError, Fault
from pytsung.plan import Plan

DOCTYPE = '<!DOCTYPE tsung SYSTEM "tsung-1.0.dtd">'
CLIENTS = '<clients><client host="localhost"/></clients>'
SERVERS = '<servers><server host="127.0.0.1" port="9505" type="tcp"/></servers>'
USERS = '<users arrivalrate="2" unit="second"/>'
PHASE = f'<arrivalphase phase="1" duration="10" unit="second">{USERS}</arrivalphase>'
LOAD = f"<load>{PHASE}</load>"
CONNECT = '<request><websocket type="connect" path="/"/></request>'


def session(steps: str = CONNECT, name: str = "one", popularity: str = 'weight="1"') -> str:
    """A `<session>` with these steps."""
    return f'<session name="{name}" {popularity} type="ts_websocket">{steps}</session>'


def document(
    *,
    doctype: str = DOCTYPE,
    clients: str = CLIENTS,
    servers: str = SERVERS,
    monitoring: str = "",
    load: str = LOAD,
    options: str = "",
    sessions: str | None = None,
    steps: str = CONNECT,
    attributes: str = "",
) -> bytes:
    """The small configuration, each section on a line of its own.

    Line 3 has the clients, 4 the servers, 5 the monitoring, 6 the load, 7 the
    options, 8 the sessions.
    """
    lines = (
        doctype,
        f"<tsung {attributes}>",
        clients,
        servers,
        monitoring,
        load,
        f"<options>{options}</options>" if options else "",
        f"<sessions>{session(steps) if sessions is None else sessions}</sessions>",
        "</tsung>",
    )
    return "\n".join(lines).encode()


def read(data: bytes, **arguments: Any) -> Configuration:
    """Read it, as the file `test.xml`."""
    return read_configuration(data, name="test.xml", **arguments)


def plan(**sections: Any) -> Plan:
    """The plan of the small configuration with some sections changed."""
    return read(document(**sections)).plan


def warnings(**sections: Any) -> list[str]:
    """What is worth knowing about it, as a user sees it."""
    return [str(warning) for warning in read(document(**sections)).warnings]


def faults(data: bytes, **arguments: Any) -> list[Fault]:
    """Every fault; the test fails if there is none."""
    with pytest.raises(ConfigurationError) as caught:
        read(data, **arguments)
    return caught.value.faults


def fault(**sections: Any) -> str:
    """The one fault of the small configuration with some sections changed."""
    (only,) = faults(document(**sections))
    return str(only)
