"""A session compiled to a flat program: what a user's position points into.

Positions are Tsung's action slots (request 1, transaction 2, for 2, foreach 2, if 1
at its start, repeat 1 at its end), so that the numbers in Tsung's logs mean the
same place here. Must not know any user: one program serves all who play a session.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytsung.control.leases import Supply
from pytsung.plan import (
    Abort,
    ChangeType,
    For,
    Foreach,
    If,
    Interaction,
    PythonCall,
    Repeat,
    RequestStep,
    Session,
    SessionStep,
    SetCertificate,
    SetConnectTimeout,
    SetRateLimit,
    SetVariables,
    ThinkTime,
    Transaction,
    WaitForPush,
)
from pytsung.plan.changes import Change
from pytsung.protocols.room import Room, furnished
from pytsung.user import changes, loops, operations
from pytsung.user.matches import inspection
from pytsung.user.pcre import compile_pattern
from pytsung.user.player import Operation
from pytsung.user.sources import SetValues, needs_of_source
from pytsung.user.steps import Await
from pytsung.user.variables import Variables

USER_NUMBER = "tsung_userid"
"""The variable that every user has from the start: its number in the whole test."""


class Program:
    """A session, ready to be played. Give `session` and its protocol's `room`.

    `number` is the session's place in the plan, from 1. `find_room` knows the rooms of
    the types that it changes to. `supplies` are what its users take from what the
    whole test shares, `callbacks` the Python functions that they call.
    """

    __slots__ = (
        "_find_room",
        "await_answer",
        "callbacks",
        "connect_timeout",
        "number",
        "number_slot",
        "operations",
        "rate_limit",
        "room",
        "session",
        "supplies",
        "variables",
    )

    def __init__(
        self,
        session: Session,
        room: Room,
        number: int = 1,
        find_room: Callable[[str], Room] | None = None,
    ) -> None:
        self.session = session
        self.number = number
        self.rate_limit = session.options.rate_limit
        self.supplies: set[Supply] = set()
        self.callbacks: set[str] = set()
        self._find_room = find_room or (lambda _: room)
        self.room = furnished(room, session.protocol_options)
        self.variables = Variables()
        self.await_answer = Await(session.options.idle_timeout)
        self.connect_timeout = session.options.connect_timeout
        self.operations: list[Operation] = []
        self._compile(session.steps)
        self._mark_page_ends()
        self.operations.append(operations.EndSession())  # so nobody has to look for the end
        # Most sessions never read it, and their users then carry no variables for it.
        self.number_slot = self.variables.known(USER_NUMBER)

    def _compile(self, steps: Sequence[SessionStep]) -> None:
        for step in steps:
            self._compile_step(step)

    def _compile_step(self, step: SessionStep) -> None:
        add = self.operations.append
        slot = self.variables.slot
        if isinstance(step, RequestStep):
            request = operations.MakeRequest(step, inspection(step, self.variables))
            self.supplies.update(request.needs or ())
            self.callbacks.update(request.callbacks)
            add(request)
        elif isinstance(step, ThinkTime):
            add(operations.think(step))
        elif isinstance(step, WaitForPush):
            add(operations.AwaitPush())
        elif isinstance(step, Abort):
            add(operations.AbortSession(step.whole_test))
        elif isinstance(step, Transaction):
            add(operations.OpenTransaction(step.name))
            self._compile(step.steps)
            add(operations.CloseTransaction(step.name))
        elif isinstance(step, For):
            add(loops.ForStart(slot(step.variable), step.start))
            body = len(self.operations)
            self._compile(step.steps)
            add(loops.ForEnd(slot(step.variable), step.stop, step.increment, body))
        elif isinstance(step, If):
            branch = loops.Branch(self.variables.reference(step.condition.variable), step)
            add(branch)
            self._compile(step.steps)
            branch.target = len(self.operations)
        elif isinstance(step, Repeat):
            body = len(self.operations)
            self._compile(step.steps)
            condition = self.variables.reference(step.condition.variable)
            add(loops.RepeatEnd(slot(step.name), condition, step, body))
        elif isinstance(step, Foreach):
            self._compile_foreach(step)
        elif isinstance(step, SetVariables):
            self._compile_variables(step)
        else:
            add(self._change(step))

    def _compile_variables(self, step: SetVariables) -> None:
        self.supplies.update(needs_of_source(step.source) or ())
        if isinstance(step.source, PythonCall):
            self.callbacks.add(step.source.callback)
        self.operations.append(SetValues(step, self.variables))

    def _change(self, step: Change) -> Operation:
        if isinstance(step, ChangeType):
            room = furnished(self._find_room(step.kind), self.session.protocol_options)
            return changes.GoElsewhere(step, room)
        if isinstance(step, SetRateLimit):
            return changes.LimitRate(step)
        if isinstance(step, SetConnectTimeout):
            return changes.LimitConnecting(step)
        if isinstance(step, SetCertificate):
            return changes.ShowCertificate(step)
        return changes.Meet(step) if isinstance(step, Interaction) else changes.MeetAll()

    def _compile_foreach(self, step: Foreach) -> None:
        slot = self.variables.slot
        start = loops.ForeachStart(
            source=self.variables.reference(step.source),
            name=step.source,
            keep=_element_filter(step),
            rest=self.variables.hidden_slot(),
            element=slot(step.name),
            index=slot(f"{step.name}_iter"),
        )
        self.operations.append(start)
        body = len(self.operations)
        self._compile(step.steps)
        self.operations.append(loops.ForeachEnd(start, body))
        start.target = len(self.operations)

    def _mark_page_ends(self) -> None:
        """A page ends where no request follows at once; transactions are looked through."""
        following_is_request = False
        for operation in reversed(self.operations):
            if isinstance(operation, operations.MakeRequest):
                operation.ends_page = not following_is_request
                following_is_request = True
            elif not isinstance(
                operation, operations.OpenTransaction | operations.CloseTransaction
            ):
                following_is_request = False


def _element_filter(step: Foreach) -> loops.ElementFilter:
    """Which elements a foreach takes; `include` wins over `exclude`, as in Tsung."""
    if step.include:
        include = compile_pattern(step.include)
        return lambda text: include.search(text.encode()) is not None
    if step.exclude:
        exclude = compile_pattern(step.exclude)
        return lambda text: exclude.search(text.encode()) is None
    return None
