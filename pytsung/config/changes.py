"""`<change_type>`, `<set_option>`, `<interaction>`: what a session changes on its way.

Must not know what a change does to a user.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytsung.config.element import SourceElement
from pytsung.config.hosts import TRANSPORTS
from pytsung.config.reader import ConfigurationReader
from pytsung.config.substitutions import check_text
from pytsung.plan import (
    ChangeType,
    Interaction,
    RateLimit,
    SetCertificate,
    SetConnectTimeout,
    SetRateLimit,
)

_SetOption = SetRateLimit | SetConnectTimeout | SetCertificate


def read_change(element: SourceElement, reader: ConfigurationReader) -> ChangeType:
    """Where a `<change_type>` goes; whether there is such a type is for the caller to see."""
    kind = reader.choice(element, "server_type", tuple(TRANSPORTS), "tcp")
    transport, ipv6 = TRANSPORTS[kind]
    return ChangeType(
        kind=reader.atom(element, "new_type"),
        host=_text(element, "host", reader),
        port=_text(element, "port", reader),
        transport=transport,
        ipv6=ipv6,
        store=reader.flag(element, "store"),
        restore=reader.flag(element, "restore"),
        bidirectional=reader.flag(element, "bidi"),
    )


def _text(element: SourceElement, name: str, reader: ConfigurationReader) -> str:
    text = reader.required(element, name).strip()
    check_text(element, text, reader)
    return text


def read_rate_limit(element: SourceElement, reader: ConfigurationReader) -> RateLimit:
    """Kilobytes per second, and of a burst; Tsung rounds down to whole bytes a millisecond."""
    value = reader.integer(element, "value", 512, least=1)
    burst = reader.integer(element, "max", value, least=1)
    return RateLimit(rate=(1024 * value // 1000) * 1000.0, burst=1024.0 * burst)


def read_set_option(element: SourceElement, reader: ConfigurationReader) -> _SetOption | None:
    """What a `<set_option>` changes; None after a fault."""
    if element.get("type") is not None:
        reader.fault(
            element, "<set_option> of a protocol's option", "set it with <option> before <sessions>"
        )
        return None
    name = reader.choice(element, "name", tuple(_OPTIONS), "")
    if not name:
        reader.required(element, "name")
        return None
    return _OPTIONS[name](element, reader)


def _connect_timeout(element: SourceElement, reader: ConfigurationReader) -> SetConnectTimeout:
    reader.required(element, "value")
    return SetConnectTimeout(reader.number(element, "value", 0.0) / 1000)


def _certificate(element: SourceElement, reader: ConfigurationReader) -> SetCertificate | None:
    found = element.all("certificate")
    if len(found) != 1:
        reader.fault(element, "<set_option> has no one <certificate>", "write one in it")
        return None
    for text in found[0].attributes.values():
        check_text(found[0], text, reader)
    return SetCertificate(
        certificate=reader.text(found[0], "certfile"),
        key=reader.text(found[0], "keyfile"),
        password=reader.text(found[0], "keypass"),
        authorities=reader.text(found[0], "cacertfile"),
    )


_OPTIONS: Mapping[str, Callable[[SourceElement, ConfigurationReader], _SetOption | None]] = {
    "rate_limit": lambda element, reader: SetRateLimit(read_rate_limit(element, reader)),
    "connect_timeout": _connect_timeout,
    "certificate": _certificate,
}


def read_interaction(element: SourceElement, reader: ConfigurationReader) -> Interaction:
    """Whether a user sends or receives, and under which name."""
    reader.required(element, "action")
    action = reader.choice(element, "action", ("send", "receive"), "send")
    return Interaction(reader.required(element, "id"), is_send=action == "send")
