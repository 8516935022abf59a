"""A session compiled to a flat program: what a user's position points into.

Positions are Tsung's action slots (request 1, transaction 2, for 2, foreach 2, if 1
at its start, repeat 1 at its end), so that the numbers in Tsung's logs mean the
same place here. Must not know any user: one program serves all who play a session.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytsung.plan import (
    Abort,
    For,
    Foreach,
    If,
    Repeat,
    RequestStep,
    Session,
    SessionStep,
    ThinkTime,
    Transaction,
    WaitForPush,
)
from pytsung.protocols.room import Room, furnished
from pytsung.user import loops, operations
from pytsung.user.player import Operation
from pytsung.user.steps import Await
from pytsung.user.variables import Variables

USER_NUMBER = "tsung_userid"
"""The variable that every user has from the start: its number in the whole test."""


class Program:
    """A session, ready to be played. Give `session` and its protocol's `room`."""

    __slots__ = ("await_answer", "number_slot", "operations", "room", "session", "variables")

    def __init__(self, session: Session, room: Room) -> None:
        self.session = session
        self.room = furnished(room, session.protocol_options)
        self.variables = Variables()
        self.await_answer = Await(session.options.idle_timeout)
        self.operations: list[Operation] = []
        self._compile(session.steps)
        self._mark_page_ends()
        # Most sessions never read it, and their users then carry no variables for it.
        self.number_slot = self.variables.known(USER_NUMBER)

    def _compile(self, steps: Sequence[SessionStep]) -> None:
        for step in steps:
            self._compile_step(step)

    def _compile_step(self, step: SessionStep) -> None:
        add = self.operations.append
        slot = self.variables.slot
        if isinstance(step, RequestStep):
            add(operations.MakeRequest(step))
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
        else:
            self._compile_foreach(step)

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
        include = re.compile(step.include)
        return lambda text: include.search(text) is not None
    if step.exclude:
        exclude = re.compile(step.exclude)
        return lambda text: exclude.search(text) is None
    return None
