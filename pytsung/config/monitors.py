"""`<monitoring>`: hosts of the target that are looked at while a test runs.

Must not look at any of them: a configuration means the same wherever it is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytsung.config.element import SourceElement
from pytsung.config.hosts import AGENT_HOST, BATCH_SYSTEMS, read_host_name
from pytsung.config.reader import ConfigurationReader
from pytsung.plan import Monitor, MysqlAdmin, SnmpAccess, SnmpObject
from pytsung.user.erlang.code import compile_function

KINDS = ("erlang", "snmp", "munin")

OBJECT_KINDS: Mapping[str, str] = {"sample": "sample", "counter": "sample_counter", "sum": "sum"}
"""`<oid type>`, and what Tsung calls it inside."""

_CHILDREN = {"erlang": "mysqladmin", "snmp": "snmp", "munin": "munin"}
_OID = re.compile(r"\.?\d+(\.\d+)+", re.ASCII)
_NAME = re.compile(r"\w+", re.ASCII)
_LARGEST_PORT = 65535


def read_monitors(
    monitoring: Sequence[SourceElement], reader: ConfigurationReader
) -> tuple[Monitor, ...]:
    """The monitored hosts, in document order."""
    return tuple(
        _monitor(element, reader) for group in monitoring for element in group.all("monitor")
    )


def _monitor(element: SourceElement, reader: ConfigurationReader) -> Monitor:
    kind = reader.choice(element, "type", KINDS, "erlang")
    is_batch = reader.flag(element, "batch")
    host = _host(element, kind, reader, is_batch=is_batch)
    mine = _CHILDREN[kind]
    for other in set(_CHILDREN.values()) - {mine}:
        for child in element.all(other):
            reader.warn(
                child, f'<{other}> has no meaning in <monitor type="{kind}">; it is ignored'
            )
    monitor = Monitor(host, kind)
    if is_batch:
        monitor = Monitor(f"hosts of {host}", kind, batch=host)
    for surplus in element.all(mine)[1:]:
        reader.fault(surplus, f"a <monitor> has one <{mine}>", "remove the others")
    for child in element.all(mine)[:1]:
        if kind == "erlang":
            return replace(monitor, mysql=_mysql(child, reader))
        if kind == "snmp":
            return replace(monitor, snmp=_snmp(child, reader))
        return replace(monitor, munin_port=_port(child, reader, 4949))
    return monitor


def _host(element: SourceElement, kind: str, reader: ConfigurationReader, *, is_batch: bool) -> str:
    """A host; with `batch` the name of a batch system. `user@host:port` is for SSH alone."""
    if is_batch:
        reader.required(element, "host")
        return reader.choice(element, "host", BATCH_SYSTEMS, "torque")
    if kind == "erlang":
        return read_host_name(element, reader, AGENT_HOST)
    return read_host_name(element, reader)


def _mysql(element: SourceElement, reader: ConfigurationReader) -> MysqlAdmin:
    return MysqlAdmin(
        port=_port(element, reader, 3306),
        username=reader.text(element, "username", "root"),
        password=reader.text(element, "password"),
    )


def _snmp(element: SourceElement, reader: ConfigurationReader) -> SnmpAccess:
    """As Tsung: version 2c without `<snmp>`, but version 1 where it is there without one."""
    version = reader.choice(element, "version", ("v1", "v2", "v2c"), "v1")
    return SnmpAccess(
        port=_port(element, reader, 161),
        community=reader.text(element, "community", "public"),
        version=1 if version == "v1" else 2,
        objects=tuple(_object(each, reader) for each in element.all("oid")),
    )


def _object(element: SourceElement, reader: ConfigurationReader) -> SnmpObject:
    oid = reader.required(element, "value").strip()
    if oid and not _OID.fullmatch(oid):
        cure = "write its number, such as 1.3.6.1.2.1.1.3.0"
        reader.fault(element, f'<oid> has value="{oid[:40]}"', cure)
    name = reader.atom(element, "name")
    if name and not _NAME.fullmatch(name):
        cure = "write it with letters, digits and _"
        reader.fault(element, f'<oid> has name="{name[:40]}"', cure)
    code = reader.text(element, "eval").strip()
    if code:
        try:
            compile_function(code)
        except ValueError as error:
            cure = "write arithmetic on its argument: fun(X)-> X/100 end."
            text = f"<oid> has Erlang code that we do not know: {error}"
            reader.fault(element, text, cure)
            code = ""
    kind = reader.choice(element, "type", tuple(OBJECT_KINDS), "sample")
    return SnmpObject(oid.removeprefix("."), name, OBJECT_KINDS[kind], code)


def _port(element: SourceElement, reader: ConfigurationReader, default: int) -> int:
    return reader.integer(element, "port", default, least=1, most=_LARGEST_PORT)
