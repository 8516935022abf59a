"""Questions to SNMP agents and their answers, as bytes (RFC 1157, RFC 3416).

Versions 1 and 2c, as Tsung has them; pysnmp knows the encoding. Must not know sockets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto import api
from pysnmp.proto.error import ProtocolError

TOO_BIG = 1
NO_SUCH_NAME = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent says: its error, the place (from 1) of the object that it is about, and
    the values of objects that are there and are numbers."""

    number: int
    error: int
    place: int
    values: Mapping[str, float]


def question(number: int, oids: Sequence[str], community: str, version: int) -> bytes:
    """A GetRequest of so many objects; `number` tells its answer from others."""
    protocol = api.PROTOCOL_MODULES[version - 1]  # 0 is SNMP version 1, 1 is 2c
    pdu = protocol.GetRequestPDU()
    protocol.apiPDU.set_defaults(pdu)
    protocol.apiPDU.set_request_id(pdu, number)
    protocol.apiPDU.set_varbinds(pdu, [(oid, protocol.Null("")) for oid in oids])
    message = protocol.Message()
    protocol.apiMessage.set_defaults(message)
    protocol.apiMessage.set_community(message, community)
    protocol.apiMessage.set_pdu(message, pdu)
    data: bytes = encoder.encode(message)
    return data


def answer_in(data: bytes, version: int) -> Answer | None:
    """The answer that a datagram is; None for what is none."""
    protocol = api.PROTOCOL_MODULES[version - 1]
    try:
        message, _ = decoder.decode(data, asn1Spec=protocol.Message())
        pdu = protocol.apiMessage.get_pdu(message)
        bindings = protocol.apiPDU.get_varbinds(pdu)
        return Answer(
            int(protocol.apiPDU.get_request_id(pdu)),
            int(protocol.apiPDU.get_error_status(pdu)),
            int(protocol.apiPDU.get_error_index(pdu)),
            {str(oid): number for oid, value in bindings if (number := _number(value)) is not None},
        )
    except (PyAsn1Error, ProtocolError, ValueError, TypeError, IndexError):
        return None  # somebody's bytes: whatever is wrong with them, no answer is in them


def _number(value: object) -> float | None:
    """A value as a number: net-snmp gives some as text; none for an object that is not there."""
    try:
        number = float(int(value))  # type: ignore[call-overload] # Integer and its like have __int__
    except (TypeError, ValueError, PyAsn1Error):
        try:
            number = float(str(value))
        except ValueError:
            return None
    return number if math.isfinite(number) else None
