"""What a user makes of a complete answer: variables first, then matches in order.

    continue, log, dump    and the next match
    loop, restart          back to an earlier operation
    abort, abort_test      the end

Each match is counted once, as `match` or `nomatch`; its preparation of the answer is
its own. (Tsung counts some again, and applies the first match's preparation to all.)
Must not know protocols.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pytsung.control.records import MatchEvent
from pytsung.plan import Match, MatchAction, RequestStep
from pytsung.user import content
from pytsung.user.answers import Answer, Take, UnreadableError, compile_extraction
from pytsung.user.pcre import PatternError, compile_pattern
from pytsung.user.player import Player
from pytsung.user.steps import Step, Think
from pytsung.user.values import number_of
from pytsung.user.variables import Variables

_WRITTEN = (MatchAction.LOG, MatchAction.DUMP)
_SUBSTITUTED_PATTERNS = 256
"""Compiled expressions kept of a match whose expression has variables in it."""


class Inspection:
    """Everything that is looked for in the answers of one request."""

    __slots__ = ("_matches", "_takes")

    def __init__(self, step: RequestStep, variables: Variables) -> None:
        # Tsung evaluates them from the last to the first, so that of two with one
        # name the first wins.
        self._takes: Sequence[tuple[int, Take]] = [
            (variables.slot(each.variable), compile_extraction(each))
            for each in reversed(step.extractions)
        ]
        self._matches = [_MatchRunner(match, variables) for match in step.matches]

    def run(self, user: Player, data: bytes, now: float) -> Step | None:
        """What the user does about an answer: a step, or None to go on."""
        answer = Answer(data, user.world.recorder)
        for slot, take in self._takes:
            try:
                user.set(slot, take(answer, user))
            except UnreadableError as error:
                user.world.recorder.count(error.counter)
        for match in self._matches:
            step = match.run(user, answer, now)
            if step is not None:
                return step
            if match.has_jumped(user):
                return None
        return None


def inspection(step: RequestStep, variables: Variables) -> Inspection | None:
    """What to look for in a request's answer; None if nobody looks at it."""
    if not step.extractions and not step.matches:
        return None
    return Inspection(step, variables)


class _MatchRunner:
    """One match; users keep its loop and restart counters in hidden variables."""

    __slots__ = ("_home", "_loops", "_match", "_pattern", "_patterns", "_restarts")

    def __init__(self, match: Match, variables: Variables) -> None:
        self._match = match
        self._pattern = None if match.substitute else compile_pattern(match.expression)
        self._patterns: dict[str, re.Pattern[bytes]] = {}
        # Of all loops, and of all restarts, a user has one counter, as in Tsung.
        self._loops = variables.slot("\0loops") if match.action is MatchAction.LOOP else None
        is_restart = match.action is MatchAction.RESTART
        self._restarts = variables.slot("\0restarts") if is_restart else None
        self._home = 0

    def run(self, user: Player, answer: Answer, now: float) -> Step | None:
        match = self._match
        self._home = user.position
        try:
            found = self._pattern_for(user).search(self._prepared(answer)) is not None
        except (PatternError, content.ContentError):
            return user.fail("error_unknown", now)
        result = "match" if found else "nomatch"
        user.world.recorder.count(result)
        if found is match.when_matched:
            return _ACTIONS[match.action](self, user, answer, result, now)
        for slot in (self._loops, self._restarts):
            if slot is not None:
                user.set(slot, 0)
        return None

    def has_jumped(self, user: Player) -> bool:
        """Whether the user has gone elsewhere, and no other match is to be looked at."""
        return user.position != self._home

    def _prepared(self, answer: Answer) -> bytes:
        data = answer.body if self._match.skip_headers else answer.data
        function = content.FUNCTIONS.get(self._match.function)
        return function(data) if function is not None else data

    def _pattern_for(self, user: Player) -> re.Pattern[bytes]:
        if self._pattern is not None:
            return self._pattern
        text = user.fill(self._match.expression)
        pattern = self._patterns.get(text)
        if pattern is None:
            if len(self._patterns) >= _SUBSTITUTED_PATTERNS:
                self._patterns.clear()
            pattern = self._patterns[text] = compile_pattern(text)
        return pattern

    # -- actions --------------------------------------------------------------

    def go_on(self, user: Player, answer: Answer, result: str, now: float) -> Step | None:
        if self._match.action in _WRITTEN:
            dumped = answer.data if self._match.action is MatchAction.DUMP else None
            self._note(user, result, now, dumped)
        return None

    def loop(
        self,
        user: Player,
        _: Answer,
        __: str,
        now: float,
    ) -> Step | None:
        """Make the request again after a pause, until it was made too often."""
        assert self._loops is not None
        user.world.recorder.count("match_loop")
        count = int(number_of(user.get(self._loops)) or 0)
        if count and count >= self._match.max_loop:
            user.set(self._loops, 0)
            return None
        user.set(self._loops, count + 1)
        user.position = max(0, user.position - 1 - self._match.loop_back)
        return user.think(Think(self._match.sleep))

    def restart(self, user: Player, _: Answer, __: str, now: float) -> Step | None:
        """Begin the session again, with what the user has become."""
        assert self._restarts is not None
        count = int(number_of(user.get(self._restarts)) or 0)
        if count and count >= self._match.max_restart:
            self._note(user, "match_restart_abort", now)
            return user.fail("match_restart_abort", now)
        self._note(user, "match_restart", now)
        user.world.recorder.count("match_restart")
        user.set(self._restarts, count + 1)
        user.position = 0
        return None

    def abort(self, user: Player, _: Answer, __: str, now: float) -> Step | None:
        self._note(user, "match_stop", now)
        return user.fail("match_stop", now)

    def abort_test(self, user: Player, _: Answer, __: str, now: float) -> Step | None:
        self._note(user, "match_stop_test", now)
        user.world.recorder.count("match_stop_test")
        return user.abort_test(now)

    def _note(self, user: Player, event: str, now: float, answer: bytes | None = None) -> None:
        user.world.match_log.note(
            MatchEvent(
                at=now,
                user=user.number,
                session=user.session_number,
                slot=self._home,
                event=event,
                transaction=user.innermost_transaction or "-",
                name=self._match.name,
                answer=answer,
            )
        )


_Action = Callable[[_MatchRunner, Player, Answer, str, float], "Step | None"]

_ACTIONS: dict[MatchAction, _Action] = {
    MatchAction.CONTINUE: _MatchRunner.go_on,
    MatchAction.LOG: _MatchRunner.go_on,
    MatchAction.DUMP: _MatchRunner.go_on,
    MatchAction.LOOP: _MatchRunner.loop,
    MatchAction.RESTART: _MatchRunner.restart,
    MatchAction.ABORT: _MatchRunner.abort,
    MatchAction.ABORT_TEST: _MatchRunner.abort_test,
}
