"""What stands in a session: requests, pauses, loops and the like, as the plan's steps.

Must not know a protocol's element: its room reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytsung.config.answers import read_extractions, read_matches
from pytsung.config.changes import read_change, read_interaction, read_set_option
from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader
from pytsung.config.substitutions import check_element, check_text
from pytsung.config.think_times import ThinkTimeRule, read_think_time
from pytsung.config.unsupported import LATER
from pytsung.config.variables import VariableReader
from pytsung.config.vocabulary import COMPARISONS, ELEMENTS, PROTOCOL_ELEMENTS
from pytsung.plan import (
    Abort,
    ChangeType,
    Comparison,
    Condition,
    For,
    Foreach,
    If,
    Repeat,
    RequestStep,
    SessionStep,
    ThinkTime,
    Transaction,
    Transport,
    WaitForAll,
    WaitForPush,
)
from pytsung.protocols.room import LocalRoom, Room, Scene
from pytsung.user.pcre import PatternError, compile_pattern

ALL_BODY = ("raw", "fs", "shell")
"""Elements in which `subst="all_except_body"` fills in nothing, as in Tsung."""


class StepReader:
    """Reads the steps of one session, whose requests are of one protocol until it changes.

    `find_room` gives the room of a session type, or None if nobody plays such sessions.
    """

    def __init__(
        self,
        room: Room,
        think_time: ThinkTimeRule,
        reader: ConfigurationReader,
        excluded_tags: frozenset[str],
        find_room: Callable[[str], Room | None],
        variables: VariableReader,
    ) -> None:
        self._room: Room | None = room
        self._think_time_rule = think_time
        self._reader = reader
        self._excluded_tags = excluded_tags
        self._find_room = find_room
        self._readers: Mapping[str, Callable[[SourceElement], SessionStep | None]] = {
            "request": self._request,
            "thinktime": self._think_time,
            "transaction": self._transaction,
            "for": self._for,
            "repeat": self._repeat,
            "if": self._if,
            "foreach": self._foreach,
            "abort": self._abort,
            "setdynvars": variables.read,
            "change_type": self._change_type,
            "set_option": lambda element: read_set_option(element, reader),
            "interaction": lambda element: read_interaction(element, reader),
        }

    def read(self, parent: SourceElement) -> tuple[SessionStep, ...]:
        """The steps in an element; what is no step was reported with the structure."""
        steps = []
        for child in parent:
            read = self._readers.get(child.tag)
            step = read(child) if read else None
            if step is not None:
                steps.append(step)
        return tuple(steps)

    def _request(self, element: SourceElement) -> RequestStep | None:
        tag = element.get("tag") or ""
        if tag and tag in self._excluded_tags:
            return None
        room = self._room
        if room is None:
            return None  # of a type that nobody plays: reported with the change to it
        protocol = self._protocol_element(element, room)
        how = self._reader.choice(element, "subst", ("true", "false", "all_except_body"), "false")
        matches = read_matches(element, self._reader)
        extractions = read_extractions(element, self._reader, substitute=how != "false")
        if protocol is None:
            return None
        # A protocol's element carries its body as text, if it has one, or is all body.
        has_body = room.element in ALL_BODY or bool(self._reader.content(protocol))
        substitute = how == "true" or (how == "all_except_body" and not has_body)
        if substitute:
            check_element(protocol, self._reader)
        self._reader.scene.fills_body = how == "true"
        request = room.read_request(protocol, self._reader, substitute=substitute)
        if request is None:
            return None
        return RequestStep(request, substitute, tag, extractions, matches)

    def _change_type(self, element: SourceElement) -> ChangeType | None:
        """A change of target and protocol; what follows in the file is of the new type."""
        change = read_change(element, self._reader)
        self._room = self._find_room(change.kind)
        self._reader.scene = Scene()
        if self._room is not None:
            if change.transport is Transport.LOCAL and not isinstance(self._room, LocalRoom):
                text = f"nobody answers {change.kind} at a server of type erlang"
                self._reader.fault(element, text, "write another server_type")
            return change
        if change.kind in PROTOCOL_ELEMENTS:
            text = f"sessions of type {change.kind} are not supported by this version of pytsung"
            self._reader.fault(element, text, LATER)
        elif change.kind:
            known = ", ".join(PROTOCOL_ELEMENTS)
            text = f"there is no session type {change.kind}"
            self._reader.fault(element, text, f"write one of {known}")
        return None

    def _protocol_element(self, element: SourceElement, room: Room) -> SourceElement | None:
        """The one element that says what to send; None after a fault."""
        wanted = room.element
        names = {wanted, *PROTOCOL_ELEMENTS.values()}
        found = [child for child in element if child.tag in names]
        if not found and any(child.tag not in ELEMENTS for child in element):
            return None  # reported already, with the structure
        if len(found) != 1:
            count = len(found) or "no"
            self._reader.fault(
                element,
                f"<request> has {count} elements that say what to send",
                f"write one <{wanted}>",
            )
            return None
        if found[0].tag != wanted:
            self._reader.fault(
                found[0],
                f"<{found[0].tag}> in a session of type {room.session_type}",
                f"write <{wanted}>, or change the session's type",
            )
            return None
        return found[0]

    def _think_time(self, element: SourceElement) -> ThinkTime | WaitForPush | WaitForAll | None:
        return read_think_time(element, self._think_time_rule, self._reader)

    def _transaction(self, element: SourceElement) -> Transaction:
        return Transaction(self._reader.required(element, "name"), self.read(element))

    def _for(self, element: SourceElement) -> For:
        return For(
            variable=self._reader.atom(element, "var"),
            start=self._bound(element, "from"),
            stop=self._bound(element, "to"),
            # Tsung takes 0 as well, and never comes back.
            increment=self._reader.integer(element, "incr", 1, least=1),
            steps=self.read(element),
        )

    def _bound(self, element: SourceElement, name: str) -> int | str:
        """A whole number, or a text such as `%%_n%%`."""
        text = self._reader.required(element, name).strip()
        if text.startswith("%%_"):
            check_text(element, text, self._reader)
            return text
        return self._reader.integer(element, name, 1) if text else 1

    def _repeat(self, element: SourceElement) -> Repeat | None:
        *body, last = [*element] or [element]
        for child in body:
            if child.tag in ("while", "until"):
                self._reader.fault(
                    child, f"<{child.tag}> is not the last in its <repeat>", "move it to the end"
                )
        name = self._reader.atom(element, "name")
        most = self._reader.integer(element, "max_repeat", 20)
        steps = self.read(element)
        if last.tag not in ("while", "until"):
            self._reader.fault(
                element,
                "the last element of <repeat> is neither <while> nor <until>",
                "add one that says when to stop",
            )
            return None
        condition = self._condition(last)
        if condition is None:
            return None
        return Repeat(name, steps, condition, last.tag == "until", most)

    def _if(self, element: SourceElement) -> If | None:
        condition = self._condition(element)
        steps = self.read(element)
        if condition is None:
            return None
        check_text(element, condition.value, self._reader)
        return If(condition, steps)

    def _condition(self, element: SourceElement) -> Condition | None:
        variable = self._reader.atom(element, "var")
        given = [name for name in COMPARISONS if element.get(name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "no comparison"
            self._reader.fault(
                element, f"<{element.tag}> has {found}", f"write one of {', '.join(COMPARISONS)}"
            )
            return None
        return Condition(variable, Comparison(given[0]), element.get(given[0]) or "")

    def _foreach(self, element: SourceElement) -> Foreach:
        include = self._expression(element, "include")
        exclude = self._expression(element, "exclude")
        return Foreach(
            name=self._reader.atom(element, "name"),
            source=self._reader.atom(element, "in"),
            steps=self.read(element),
            include=include,
            exclude="" if include else exclude,  # as in Tsung, include wins
        )

    def _expression(self, element: SourceElement, name: str) -> str:
        text = element.get(name) or ""
        try:
            compile_pattern(text)
        except PatternError as error:
            self._reader.fault(
                element,
                f'<{element.tag}> has {name}="{text[:40]}": {error}',
                "correct the expression",
            )
        return text

    def _abort(self, element: SourceElement) -> Abort:
        kind = self._reader.choice(element, "type", ("session", "all"), "session")
        return Abort(whole_test=kind == "all")
