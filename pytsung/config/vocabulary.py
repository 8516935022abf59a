"""Which elements Tsung's configuration has, and what may stand where.

The whole of Tsung's vocabulary but for the protocols' own elements, which their
rooms know. Must not know what anything means: the readers do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PROTOCOL_ELEMENTS: Mapping[str, str] = {
    "ts_http": "http",
    "ts_webdav": "http",
    "ts_jabber": "jabber",
    "ts_raw": "raw",
    "ts_pgsql": "pgsql",
    "ts_mysql": "mysql",
    "ts_ldap": "ldap",
    "ts_fs": "fs",
    "ts_shell": "shell",
    "ts_job": "job",
    "ts_websocket": "websocket",
    "ts_amqp": "amqp",
    "ts_mqtt": "mqtt",
}
"""Tsung's session types, and the element that stands in their requests."""

UNTYPED_OPTIONS = (
    "thinktime",
    "ssl_ciphers",
    "ssl_versions",
    "ssl_reuse_sessions",
    "ssl_disable_sni",
    "seed",
    "rate_limit",
    "hibernate",
    "ports_range",
    "connect_timeout",
    "tcp_rcv_buffer",
    "tcp_snd_buffer",
    "udp_rcv_buffer",
    "udp_snd_buffer",
    "idle_timeout",
    "global_ack_timeout",
    "global_number",
    "max_retries",
    "retry_timeout",
    "file_server",
    "local_file_server",
    "max_ssh_startup_per_core",
    "ip_transparent",
    "ip_bind_address_no_port",
    "tcp_reuseaddr",
    "tcp_reuseport",
    "threshold",
    "push_latency",
    "websocket_path",
    "websocket_frame",
    "websocket_subprotocols",
    "websocket_origin",
    "bosh_path",
    "job_notify_port",
)
"""Names that `<option>` knows without a `type`."""

ROOM_OPTIONS: Mapping[str, str] = {"push_latency": "ts_websocket"}
"""Untyped options that a protocol's room reads, by the room's session type. They are ours: Tsung
passes over an untyped option that it does not know, but refuses a type that has none."""

TYPED_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "ts_http": ("user_agent", "http_use_server_as_proxy"),
    "ts_jabber": (
        "username",
        "passwd",
        "domain",
        "vhost_file",
        "global_number",
        "userid_max",
        "muc_service",
        "pubsub_service",
        "random_from_fileid",
        "offline_from_fileid",
        "fileid_delimiter",
    ),
    "ts_amqp": ("username", "password", "heartbeat"),
}
"""Names that `<option type>` knows."""

COMPARISONS = ("eq", "neq", "gt", "lt", "gte", "lte")

_CONDITION = ("var", *COMPARISONS)
_STEPS = (
    "request",
    "thinktime",
    "transaction",
    "for",
    "repeat",
    "if",
    "foreach",
    "setdynvars",
    "change_type",
    "set_option",
    "interaction",
    "abort",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What an element may have. `open` ones are read by others: nothing in them is checked.

    `ordered` elements want their children in the order given here; `with_text`
    ones may hold text.
    """

    attributes: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    ordered: bool = False
    with_text: bool = False
    open: bool = False


ELEMENTS: Mapping[str, Entry] = {
    "tsung": Entry(
        ("loglevel", "dumptraffic", "backend", "version"),
        ("information", "clients", "servers", "monitoring", "load", "options", "sessions"),
        ordered=True,
    ),
    "information": Entry((), ("name", "description", "username", "organisation"), open=True),
    "name": Entry(with_text=True),
    "description": Entry(with_text=True),
    "username": Entry(with_text=True),
    "organisation": Entry(with_text=True),
    "clients": Entry((), ("client",)),
    "client": Entry(
        (
            "host",
            "type",
            "cpu",
            "maxusers",
            "use_controller_vm",
            "weight",
            "batch",
            "scan_intf",
        ),
        ("ip", "iprange"),
    ),
    "ip": Entry(("value", "scan")),
    "iprange": Entry(("value", "version")),
    "servers": Entry((), ("server",)),
    "server": Entry(("host", "port", "type", "weight")),
    "monitoring": Entry((), ("monitor",)),
    "monitor": Entry(("host", "type", "batch"), ("mysqladmin", "snmp", "munin")),
    "mysqladmin": Entry(("port", "username", "password")),
    "snmp": Entry(("port", "community", "version"), ("oid",)),
    "oid": Entry(("value", "name", "type", "eval")),
    "munin": Entry(("port",)),
    "load": Entry(("duration", "unit", "loop"), ("arrivalphase", "user")),
    "arrivalphase": Entry(
        ("phase", "duration", "unit", "wait_all_sessions_end"), ("users", "session_setup")
    ),
    "users": Entry(("interarrival", "arrivalrate", "unit", "maxnumber")),
    "session_setup": Entry(("name", "probability", "weight")),
    "user": Entry(("session", "start_time", "unit")),
    "options": Entry((), ("option",)),
    "option": Entry(
        ("name", "type", "value", "min", "max", "override", "random", "id"), ("user_agent",)
    ),
    "user_agent": Entry(("probability",), with_text=True),
    "sessions": Entry((), ("session",)),
    "session": Entry(("name", "type", "probability", "weight", "persistent", "bidi"), _STEPS),
    "request": Entry(
        ("subst", "tag"),
        ("match", "dyn_variable", *dict.fromkeys(PROTOCOL_ELEMENTS.values())),
        ordered=True,
    ),
    "thinktime": Entry(("value", "random", "min", "max")),
    "transaction": Entry(("name",), _STEPS),
    "for": Entry(("var", "from", "to", "incr"), _STEPS),
    "repeat": Entry(("name", "max_repeat"), (*_STEPS, "while", "until")),
    "while": Entry(_CONDITION),
    "until": Entry(_CONDITION),
    "if": Entry(_CONDITION, _STEPS),
    "foreach": Entry(("name", "in", "include", "exclude"), _STEPS),
    "setdynvars": Entry(
        (
            "sourcetype",
            "callback",
            "code",
            "fileid",
            "order",
            "delimiter",
            "from",
            "jsonpath",
            "length",
            "start",
            "end",
            "value",
        ),
        ("var",),
    ),
    "var": Entry(("name",)),
    "change_type": Entry(("new_type", "host", "port", "server_type", "store", "restore", "bidi")),
    "set_option": Entry(("name", "type", "value", "max"), ("certificate",)),
    "certificate": Entry(("cacertfile", "keyfile", "keypass", "certfile")),
    "interaction": Entry(("action", "id")),
    "abort": Entry(("type",)),
    "match": Entry(
        (
            "do",
            "when",
            "subst",
            "name",
            "sleep_loop",
            "max_loop",
            "loop_back",
            "max_restart",
            "skip_headers",
            "apply_to_content",
        ),
        with_text=True,
    ),
    "dyn_variable": Entry(
        ("name", "re", "regexp", "xpath", "jsonpath", "pgsql_expr", "header", "decode")
    ),
}
