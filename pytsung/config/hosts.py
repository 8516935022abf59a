"""`<clients>` and `<servers>`: where a test runs and where it goes.

Must not resolve a name or look at an interface: a configuration means the same
wherever it is read.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence

from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader
from pytsung.config.unsupported import has_row
from pytsung.plan import AgentHost, Endpoint, Target, Transport

TRANSPORTS: Mapping[str, tuple[Transport, bool]] = {
    "tcp": (Transport.TCP, False),
    "tcp6": (Transport.TCP, True),
    "ssl": (Transport.TLS, False),
    "ssl6": (Transport.TLS, True),
    "udp": (Transport.UDP, False),
    "udp6": (Transport.UDP, True),
    "websocket": (Transport.WEBSOCKET, False),
    "ws": (Transport.WEBSOCKET, False),
    "websocket_ssl": (Transport.WEBSOCKET_TLS, False),
    "wss": (Transport.WEBSOCKET_TLS, False),
    "erlang": (Transport.LOCAL, False),
}
"""`<server type>`: what carries the conversation, and whether IPv6 is forced."""

_HOST = re.compile(r"[^\s/\[\]@?#<>\"'%{}$]+")
AGENT_HOST = re.compile(
    r"(?:[\w.+-]+@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/\[\]@?#<>\"'%{}$]+)(?::\d{1,5})?", re.ASCII
)
"""`user@host:port`, of which the host alone is needed."""

BATCH_SYSTEMS = ("torque", "pbs", "oar", "lsf", "slurm")

_RANGE_PART = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?", re.ASCII)


def read_agent_hosts(clients: SourceElement, reader: ConfigurationReader) -> tuple[AgentHost, ...]:
    """The agent hosts, in document order; at least one, with some weight among them.

    Tsung's `use_controller_vm` holds for the whole configuration once a client
    sets it. (It then also forces `cpu` to 1; here a worker is a process anywhere.)
    """
    elements = clients.all("client")
    use_controller_vm = [reader.flag(element, "use_controller_vm") for element in elements]
    hosts = tuple(_agent_host(element, reader, any(use_controller_vm)) for element in elements)
    if not elements:
        reader.fault(clients, "there is no <client>", 'add <client host="localhost"/>')
    elif hosts and not any(host.weight for host in hosts):
        reader.fault(clients, "every <client> has the weight 0", "give one of them a weight")
    return hosts


def _agent_host(
    element: SourceElement, reader: ConfigurationReader, use_controller_vm: bool
) -> AgentHost:
    batch = ""
    if reader.choice(element, "type", ("machine", "batch"), "machine") == "batch":
        reader.required(element, "batch")
        batch = reader.choice(element, "batch", BATCH_SYSTEMS, "torque")
    addresses = [_source_address(ip, reader) for ip in element.all("ip")]
    return AgentHost(
        name=f"hosts of {batch}" if batch else read_host_name(element, reader, AGENT_HOST),
        batch=batch,
        workers=reader.integer(element, "cpu", 1, least=1),
        max_users=reader.integer(element, "maxusers", 800, least=1),
        weight=reader.number(element, "weight", 1.0),
        source_addresses=tuple(address for address in addresses if address),
        source_range=_source_range(element.all("iprange"), reader),
        use_controller_vm=use_controller_vm,
    )


def read_host_name(
    element: SourceElement, reader: ConfigurationReader, form: re.Pattern[str] = _HOST
) -> str:
    """The element's `host`, a name or an address; a fault where it is neither."""
    host = reader.required(element, "host").strip()
    if host and not form.fullmatch(host):
        reader.wrong(element, "host", host, "write a host name or an address")
    elif form is _HOST and ":" in host and not _is_ipv6(host):
        name, _, port = host.partition(":")
        reader.fault(
            element,
            f'<{element.tag}> has host="{host[:40]}", a name with a port',
            f'write host="{name[:40]}" port="{port[:40]}"',
        )
    return host


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _source_address(element: SourceElement, reader: ConfigurationReader) -> str:
    """A local address to connect from; "" for one that cannot be used yet."""
    reader.flag(element, "scan")
    if has_row(element, "scan") or has_row(element, "value"):
        return ""
    value = reader.required(element, "value").strip()
    if not value:
        return ""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        reader.fault(element, f'<ip> has value="{value[:40]}"', "write the address itself")
        return ""


def _source_range(elements: Sequence[SourceElement], reader: ConfigurationReader) -> str:
    """Four dotted parts, each a number or `first-last`; "" without `<iprange>`."""
    if not elements:
        return ""
    for surplus in elements[1:]:
        reader.fault(surplus, "a <client> has one <iprange>", "remove the others")
    value = reader.required(elements[0], "value").strip()
    parts = value.split(".")
    if value and not (len(parts) == 4 and all(map(_is_range_part, parts))):
        reader.fault(
            elements[0],
            f'<iprange> has value="{value[:40]}"',
            "write four parts such as 10.0.0-3.1-254",
        )
    return value


def _is_range_part(text: str) -> bool:
    match = _RANGE_PART.fullmatch(text)
    return match is not None and int(match[1]) <= int(match[2] or match[1]) <= 255


def read_targets(servers: SourceElement, reader: ConfigurationReader) -> tuple[Target, ...]:
    """The targets, in document order; at least one, with some weight among them."""
    elements = servers.all("server")
    targets = tuple(
        _target(element, reader) for element in elements if not has_row(element, "type")
    )
    if not elements:
        cure = 'add <server host="localhost" port="80" type="tcp"/>'
        reader.fault(servers, "there is no <server>", cure)
    elif targets and not any(target.weight for target in targets):
        reader.fault(servers, "every <server> has the weight 0", "give one of them a weight")
    return targets


def _target(element: SourceElement, reader: ConfigurationReader) -> Target:
    host = read_host_name(element, reader)
    reader.required(element, "type")
    kind = reader.choice(element, "type", tuple(TRANSPORTS), "tcp")
    transport, ipv6 = TRANSPORTS[kind]
    port = 0
    if reader.required(element, "port"):
        least = 0 if transport is Transport.LOCAL else 1
        port = reader.integer(element, "port", 0, least=least, most=65535)
    return Target(Endpoint(host, port, transport, ipv6), reader.number(element, "weight", 1.0))
