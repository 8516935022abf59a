"""Messages to JSON and back, by their types.

Must not know what the messages mean. Requests travel under the name that their
room gives them, so that a plug-in's requests travel too.
"""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator
from dataclasses import is_dataclass
from types import NoneType
from typing import Any, get_args, get_type_hints

from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union

from pytsung.control import messages
from pytsung.control.leases import Row
from pytsung.control.share import AgentShare, WorkerShare
from pytsung.errors import AgentError
from pytsung.plan import (
    AgentHost,
    ArrivalPhase,
    Endpoint,
    Load,
    Plan,
    ProtocolOptions,
    Request,
    Session,
    SessionStep,
    Target,
    VariableSource,
)
from pytsung.protocols.registry import Registry
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.plain import summary_from_plain, summary_to_plain

_MESSAGE_TYPES: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(messages.Message)}


class Encoder:
    """Writes and reads messages for a set of protocol rooms."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._converter = make_converter(forbid_extra_keys=True)
        self._converter.register_unstructure_hook(bytes, _write_bytes)
        self._converter.register_structure_hook(bytes, _read_bytes)
        # By identity, not by class: the fields of a Request's subclass are written as usual.
        self._converter.register_unstructure_hook_func(_is_request, self._write_request)
        self._converter.register_structure_hook_func(_is_request, self._read_request)
        self._converter.register_unstructure_hook_func(_is_options, self._write_options)
        self._converter.register_structure_hook_func(_is_options, self._read_options)
        self._converter.register_unstructure_hook(Row, _write_row)
        self._converter.register_structure_hook(Row, _read_row)
        self._converter.register_unstructure_hook(SampleSummary, summary_to_plain)
        self._converter.register_structure_hook(SampleSummary, _read_summary)
        configure_tagged_union(VariableSource, self._converter, tag_name="kind")
        configure_tagged_union(SessionStep, self._converter, tag_name="step")

    @property
    def registry(self) -> Registry:
        """The protocol rooms whose requests it writes and reads."""
        return self._registry

    def warm_up(self) -> None:
        """Build the code for what travels every second, before seconds count.

        And, before workers are forked, for what each of them gets first: it would cost
        every one some 15 ms and 5 MB.
        """
        sample = SampleSummary.of([0.0])
        interval = Interval(0, samples={"request": sample}, generator={"loop_lag": sample})
        health = messages.Health(at=0.0, cpu=0.0, free_memory=0.0, load=0.0)
        for message in (messages.Report(interval), health, messages.Beat(), _smallest_work()):
            self.decode(self.encode(message))
        self._converter.get_structure_hook(messages.Assign)
        seen: set[Any] = set()
        for kind in (messages.Work, *self._registry.travelling_types()):
            for part in _parts(kind, seen):
                self._converter.get_structure_hook(part)

    def encode(self, message: messages.Message) -> bytes:
        """One message as JSON: its name, then its fields.

        Raises AgentError for a figure that JSON has no word for (infinite, or none).
        """
        name = type(message).__name__
        body = [name, self._converter.unstructure(message)]
        try:
            return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
        except ValueError as error:
            raise AgentError(f"control channel: a {name} cannot be written: {error}") from error

    def decode(self, data: bytes) -> messages.Message:
        """The message of some JSON. Raises AgentError for anything else."""
        try:
            name, fields = json.loads(data)
            message: messages.Message = self._converter.structure(fields, _MESSAGE_TYPES[name])
        except (
            ValueError,
            TypeError,
            LookupError,
            AttributeError,  # cattrs, of a list where fields should be
            RecursionError,
            BaseValidationError,
            ForbiddenExtraKeysError,
        ) as error:
            excerpt = data[:80].decode("utf-8", "replace")
            raise AgentError(
                f"control channel: not a message of version {messages.VERSION}: {excerpt!r}; "
                "run the same pytsung on both sides"
            ) from error
        return message

    def plain(self, value: Any) -> Any:
        """A plan or any part of it as plain lists and dicts, ready for `json`."""
        return self._converter.unstructure(value)

    def _write_request(self, request: Request) -> dict[str, Any]:
        fields: dict[str, Any] = self._converter.unstructure(request)
        return {"request": self._registry.request_name(request), **fields}

    def _read_request(self, value: dict[str, Any], _: type[Request]) -> Request:
        fields = dict(value)
        request_type = self._registry.request_type(fields.pop("request"))
        request: Request = self._converter.structure(fields, request_type)
        return request

    def _write_options(self, options: ProtocolOptions) -> dict[str, Any]:
        fields: dict[str, Any] = self._converter.unstructure(options)
        return {"options": type(options).__name__, **fields}

    def _read_options(self, value: dict[str, Any], _: type[ProtocolOptions]) -> ProtocolOptions:
        fields = dict(value)
        option_type = self._registry.option_type(fields.pop("options"))
        options: ProtocolOptions = self._converter.structure(fields, option_type)
        return options


def _smallest_work() -> messages.Work:
    """A worker's part of a plan that has one of everything that all plans have."""
    plan = Plan(
        name="",
        agent_hosts=(AgentHost(""),),
        targets=(Target(Endpoint("", 0)),),
        load=Load((ArrivalPhase(1, 1.0, 1.0, weights=(1.0,)),)),
        sessions=(Session("", "", ()),),
    )
    share = WorkerShare(index=0, count=1, phase_users=(1,), phase_rates=(1.0,))
    return messages.Work(AgentShare(plan, 0, (share,)), worker=0, number=0)


def _parts(kind: Any, seen: set[Any]) -> Iterator[Any]:
    """A type and all types that its fields are made of, but for those in `seen`."""
    if kind in seen or kind in (Ellipsis, NoneType):
        return
    seen.add(kind)
    yield kind
    fields = get_type_hints(kind).values() if is_dataclass(kind) else ()
    for part in (*fields, *get_args(kind)):
        yield from _parts(part, seen)


def _is_request(declared: Any) -> bool:
    return declared is Request


def _is_options(declared: Any) -> bool:
    return declared is ProtocolOptions


def _write_bytes(data: bytes) -> str:
    """In base64: cattrs' own base85 takes fifty times as long."""
    return b2a_base64(data, newline=False).decode("ascii")


def _read_bytes(value: str, _: type[bytes]) -> bytes:
    return a2b_base64(value, strict_mode=True)


def _write_row(row: Row) -> tuple[int, str]:
    """Number and text: rows travel by the thousand."""
    return row.number, row.text


def _read_row(value: list[Any], _: type[Row]) -> Row:
    number, text = value
    return Row(number, text)


def _read_summary(value: list[Any], _: type[SampleSummary]) -> SampleSummary:
    return summary_from_plain(value)
