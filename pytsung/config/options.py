"""`<options>`: what is in force for the sessions that follow in the file.

Must not know sockets, nor what a session does with its options.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytsung.config.changes import read_rate_limit
from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader
from pytsung.config.think_times import ThinkTimeRule, read_rule
from pytsung.config.unsupported import has_row
from pytsung.config.variables import LOCAL
from pytsung.config.vocabulary import ROOM_OPTIONS, TYPED_OPTIONS, UNTYPED_OPTIONS
from pytsung.errors import UsageError
from pytsung.plan import (
    Barrier,
    ConnectionOptions,
    ProtocolOptions,
    RowFile,
    TlsOptions,
    WebSocketOptions,
)
from pytsung.protocols.registry import Registry
from pytsung.protocols.room import RoomWithOptions, furnished
from pytsung.stats.thresholds import Threshold

TLS_VERSIONS = ("tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3")


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that options have set so far."""

    connection: ConnectionOptions = field(default_factory=ConnectionOptions)
    think_time: ThinkTimeRule = field(default_factory=ThinkTimeRule)
    seed: int | None = None
    barrier: Barrier = field(default_factory=Barrier)
    row_files: Mapping[str, RowFile] = field(default_factory=dict)
    protocols: tuple[ProtocolOptions, ...] = ()
    thresholds: tuple[str, ...] = ()


def read_options(
    block: SourceElement, before: Options, reader: ConfigurationReader, registry: Registry
) -> Options:
    """The options in force after an `<options>` block."""
    current = before
    for option in block.all("option"):
        name = reader.required(option, "name").strip()
        kind = ROOM_OPTIONS.get(name)
        if option.get("type") is not None:
            kind = reader.atom(option, "type")
        if kind is not None:
            current = _read_typed(option, kind, name, current, reader, registry)
        elif not has_row(option, "name"):
            current = _read_untyped(option, name, current, reader)
    return current


def _read_typed(
    option: SourceElement,
    kind: str,
    name: str,
    before: Options,
    reader: ConfigurationReader,
    registry: Registry,
) -> Options:
    """An option of a protocol: its room reads it, if there is one."""
    room = furnished(registry.room(kind), before.protocols) if kind in registry else None
    room = room if isinstance(room, RoomWithOptions) else None
    known = room.option_names if room is not None else TYPED_OPTIONS.get(kind, ())
    if name and name not in known:
        cure = f"write one of {', '.join(known)}" if known else "remove the attribute type"
        reader.fault(option, f"{kind} has no option {name}", cure)
    elif kind and kind not in registry:
        reader.warn(option, f"the option {name} has no effect: {kind} is not supported yet")
    elif name and room is not None:
        after = room.read_option(option, reader)
        others = tuple(each for each in before.protocols if type(each) is not type(after))
        return replace(before, protocols=(*others, after))
    return before


def _read_untyped(
    option: SourceElement, name: str, before: Options, reader: ConfigurationReader
) -> Options:
    if name in _CONNECTION:
        changed = replace(before.connection, **_CONNECTION[name](option, reader))
        return replace(before, connection=changed)
    if name in _TLS:
        tls: TlsOptions = replace(before.connection.tls, **_TLS[name](option, reader))
        return replace(before, connection=replace(before.connection, tls=tls))
    if name in _WEBSOCKET:
        websocket = replace(before.connection.websocket, **_WEBSOCKET[name](option, reader))
        return replace(before, connection=replace(before.connection, websocket=websocket))
    if name in ("file_server", "local_file_server"):
        return _with_file(option, name, before, reader)
    if name == "thinktime":
        return replace(before, think_time=read_rule(option, reader))
    if name == "global_number":
        size = reader.integer(option, "value", before.barrier.size, least=1)
        return replace(before, barrier=replace(before.barrier, size=size))
    if name == "global_ack_timeout":
        timeout = reader.number(option, "value", before.barrier.timeout * 1000) / 1000
        return replace(
            before,
            barrier=replace(before.barrier, timeout=timeout),
            connection=replace(before.connection, barrier_timeout=timeout),
        )
    if name == "threshold":
        return _with_threshold(option, before, reader)
    if name == "seed":
        return replace(before, seed=reader.integer(option, "value", before.seed or 0))
    if name and name not in UNTYPED_OPTIONS:
        reader.warn(option, f"there is no option {name}; it is ignored")
    return before


def _with_threshold(option: SourceElement, before: Options, reader: ConfigurationReader) -> Options:
    """One more limit for the run's figures; ours, Tsung passes over it."""
    text = reader.required(option, "value").strip()
    try:
        Threshold.parse(text)
    except UsageError as error:
        what, _, cure = str(error).rpartition("; ")
        reader.fault(option, what, cure)
    return replace(before, thresholds=(*before.thresholds, text))


def _with_file(
    option: SourceElement, kind: str, before: Options, reader: ConfigurationReader
) -> Options:
    """One more file whose lines feed variables; of two with one id the last one counts."""
    path = reader.required(option, "value").strip()
    name = (LOCAL if kind == "local_file_server" else "") + reader.text(option, "id", "default")
    if not path:
        return before
    found = reader.find_file(option, path)
    return replace(before, row_files={**before.row_files, name: RowFile(name, str(found or path))})


_Change = Callable[[SourceElement, ConfigurationReader], dict[str, Any]]
"""Reads an option into new values for fields of the plan's dataclass."""

_DEFAULT = ConnectionOptions()


def _milliseconds(name: str) -> _Change:
    default: float | None = getattr(_DEFAULT, name)

    def change(option: SourceElement, reader: ConfigurationReader) -> dict[str, Any]:
        value = option.get("value")
        if value is None or value.strip().strip("'") == "infinity":
            return {name: default if value is None else None}
        return {name: reader.number(option, "value", 0.0) / 1000}

    return change


def _integer(name: str, least: int) -> _Change:
    default: int = getattr(_DEFAULT, name)
    return lambda option, reader: {name: reader.integer(option, "value", default, least)}


def _flag(name: str, default: bool, negated: bool = False) -> _Change:
    return lambda option, reader: {
        name: reader.flag(option, "value", default is not negated) is not negated
    }


def _source_ports(option: SourceElement, reader: ConfigurationReader) -> dict[str, Any]:
    if reader.choice(option, "value", ("on", "off"), "on") == "off":
        return {"source_ports": None}
    first = reader.integer(option, "min", 1025, 1, 65535)
    last = reader.integer(option, "max", 65534, 1, 65535)
    if first > last:
        reader.fault(option, f"ports_range from {first} to {last}", "let max be at least min")
    return {"source_ports": (first, last)}


def _tls_versions(option: SourceElement, reader: ConfigurationReader) -> dict[str, Any]:
    """One version as Tsung's quoted atom, or several with commas or blanks between."""
    text = option.get("value") or ""
    versions = tuple(text.replace("'", " ").replace(",", " ").strip(" []").split())
    for version in versions:
        if version not in TLS_VERSIONS:
            reader.fault(
                option,
                f"there is no TLS version {version}",
                f"write one of {', '.join(TLS_VERSIONS)}",
            )
    return {"versions": versions}


def _tls_ciphers(option: SourceElement, reader: ConfigurationReader) -> dict[str, Any]:
    """OpenSSL's names; the commas that Tsung's manual shows are colons for OpenSSL."""
    ciphers = ":".join((option.get("value") or "").replace(",", " ").split())
    if ciphers:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers(ciphers)
        except (ssl.SSLError, ValueError):
            text = f"OpenSSL knows none of the ciphers {ciphers[:80]}"
            reader.fault(option, text, "write names from `openssl ciphers`")
    return {"ciphers": ciphers}


_CONNECTION: Mapping[str, _Change] = {
    "connect_timeout": _milliseconds("connect_timeout"),
    "idle_timeout": _milliseconds("idle_timeout"),
    "retry_timeout": _milliseconds("retry_delay"),
    "max_retries": _integer("max_retries", least=0),
    "tcp_rcv_buffer": _integer("receive_buffer", least=1),
    "tcp_snd_buffer": _integer("send_buffer", least=1),
    "udp_rcv_buffer": _integer("datagram_receive_buffer", least=1),
    "udp_snd_buffer": _integer("datagram_send_buffer", least=1),
    "tcp_reuseaddr": _flag("reuse_address", default=False),
    "tcp_reuseport": _flag("reuse_port", default=False),
    "ip_transparent": _flag("transparent", default=False),
    "ports_range": _source_ports,
    "rate_limit": lambda option, reader: {"rate_limit": read_rate_limit(option, reader)},
}


def _text(name: str, default: str) -> _Change:
    return lambda option, reader: {name: reader.text(option, "value", default).strip()}


_WEBSOCKET: Mapping[str, _Change] = {
    "websocket_path": _text("path", WebSocketOptions().path),
    "websocket_frame": lambda option, reader: {
        "is_text": reader.choice(option, "value", ("binary", "text"), "binary") == "text"
    },
    "websocket_subprotocols": _text("subprotocols", ""),
    "websocket_origin": _text("origin", ""),
}

_TLS: Mapping[str, _Change] = {
    "ssl_versions": _tls_versions,
    "ssl_ciphers": _tls_ciphers,
    "ssl_reuse_sessions": _flag("reuse_sessions", default=True),
    "ssl_disable_sni": _flag("send_sni", default=True, negated=True),
}
