"""What a user makes of an answer: variables, then matches, each with its own counting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from pytsung.control.records import MatchEvent
from pytsung.plan import (
    Extraction,
    Match,
    MatchAction,
    RequestStep,
    Search,
    SessionStep,
    ThinkTime,
    Transaction,
)
from pytsung.protocols.room import Ack
from pytsung.user.matches import inspection
from pytsung.user.operations import MakeRequest
from pytsung.user.steps import ABORT_TEST, END, Await, Connect, Send, Step, Think
from tests.user.lines import Line
from tests.user.stage import Stage, ask


def look(
    *matches: Match, text: str = "a", variables: Iterable[Extraction] = (), ack: Ack = Ack.ANSWER
) -> RequestStep:
    return RequestStep(Line(text, ack), extractions=tuple(variables), matches=matches)


def take(variable: str, expression: str, search: Search = Search.REGEXP) -> Extraction:
    return Extraction(variable, search, expression)


class Play:
    """A session played against answers that are given in turn; the last one repeats.

    `asked` is what was sent, `slept` the pauses in seconds.
    """

    def __init__(self, *steps: SessionStep, answers: Iterable[bytes] = (b"ok",)) -> None:
        self.stage = Stage(steps)
        self.asked: list[str] = []
        self.slept: list[float] = []
        rest = list(answers)
        step: Step = self.stage.user.start(0.0)
        while step not in (END, ABORT_TEST):
            assert len(self.asked) < 100
            if isinstance(step, Think):
                self.slept.append(step.seconds)
                step = self.stage.user.woke(0.0)
                continue
            assert isinstance(step, Connect | Send)
            self.asked.append(step.data.decode().removesuffix("\n"))
            if isinstance(step, Connect):
                self.stage.user.connected(0.0)
            step = self.stage.user.sent(len(step.data), 0.0)
            if isinstance(step, Await):
                answer = rest.pop(0) if len(rest) > 1 else rest[0]
                step = self.stage.user.received(answer + b"\n", 0.0)
        self.end = step

    @property
    def counters(self) -> dict[str, int]:
        ignored = ("line_answered",)
        return {name: n for name, n in self.stage.counters.items() if name not in ignored}

    @property
    def events(self) -> list[MatchEvent]:
        return list(self.stage.user.world.match_log.take())


@pytest.mark.parametrize(
    ("search", "expression", "answer", "value"),
    [
        (Search.REGEXP, "id=([0-9]+)", b"id=42;", "42"),
        (Search.REGEXP, "id=[0-9]+", b"id=42;", ""),
        (Search.REGEXP, "id=([0-9]+)", b"nothing", ""),
        (Search.REGEXP, "(a)?b", b"b", ""),
        (Search.REGEXP, "(.+)", "größe".encode(), "größe"),
        (Search.REGEXP, "(.+)", b"gr\xf6\xdfe", "größe"),
        (Search.JSONPATH, "a.b", b'{"a": {"b": 5}}', 5),
        (Search.XPATH, "//b/@c", b"<a><b c='1'><b c='2'></a>", ["1", "2"]),
        (Search.XPATH, "//x", b"<a></a>", ""),
    ],
)
def test_a_variable_takes_its_part_of_the_answer(
    search: Search, expression: str, answer: bytes, value: object
) -> None:
    """Empty without a match, typed where the answer has types."""
    play = Play(look(variables=[take("v", expression, search)]), answers=[answer])
    assert play.stage.user.read("v") == value


def test_of_two_variables_with_one_name_the_first_wins() -> None:
    """Tsung evaluates them from the last to the first."""
    pair = [take("v", "a=(.)"), take("v", "b=(.)")]
    play = Play(look(variables=pair), answers=[b"a=1 b=2"])
    assert play.stage.user.read("v") == "1"


def test_an_answer_that_cannot_be_read_is_counted_and_changes_nothing() -> None:
    """Once for the answer, once for each variable."""
    variables = [
        take("a", "x", Search.JSONPATH),
        take("b", "y", Search.JSONPATH),
        take("c", "//z", Search.XPATH),
    ]
    play = Play(look(variables=variables), answers=[b"neither"])
    assert play.stage.user.read("a") is None
    assert play.counters == {
        "error_json_unparsable": 1,
        "error_json_not_parsed": 2,
        "error_xml_unparsable": 1,
        "error_xml_not_parsed": 1,
    }


def test_json_and_a_page_can_be_looked_for_in_one_answer() -> None:
    """Tsung shares one tree between them, and fails."""
    variables = [take("a", "k", Search.JSONPATH), take("b", "//p/text()", Search.XPATH)]
    play = Play(look(variables=variables), answers=[b'{"k": "<p>text</p>"}'])
    assert play.stage.user.read("a") == "<p>text</p>"
    assert play.stage.user.read("b") == ["text"]


def test_entities_are_decoded_when_asked() -> None:
    """The five of XML, and no others."""
    extraction = replace(take("v", "(.*)"), decode_entities=True)
    play = Play(look(variables=[extraction]), answers=[b"&lt;&amp;&gt;&quot;&apos;&uuml;"])
    assert play.stage.user.read("v") == "<&>\"'&uuml;"


def test_each_match_is_counted_once_by_its_result() -> None:
    """Whatever it was to trigger on; Tsung counts some again."""
    play = Play(
        look(
            Match("ok", when_matched=False),
            Match("no", when_matched=True),
            Match("o", MatchAction.LOG),
            Match("k", MatchAction.CONTINUE),
        )
    )
    assert play.counters == {"match": 3, "nomatch": 1}


def test_a_match_sees_the_variables_of_its_own_answer() -> None:
    """Variables come first."""
    play = Play(
        look(
            Match("^%%_v%%$", MatchAction.ABORT, when_matched=False, substitute=True),
            variables=[take("v", "(.*)")],
        ),
        ask("b"),
    )
    assert play.asked == ["a", "b"]


def test_log_and_dump_are_written_down() -> None:
    """With the slot, the transaction and the name; a dump with the answer itself."""
    play = Play(
        ThinkTime(1.0),
        Transaction(
            "home",
            (
                look(
                    Match("ok", MatchAction.LOG, name="welcome"),
                    Match("no", MatchAction.DUMP, when_matched=False),
                    Match("ok", MatchAction.CONTINUE),
                ),
            ),
        ),
    )
    assert play.events == [
        MatchEvent(0.0, 7, 1, 3, "match", "tr_home", "welcome"),
        MatchEvent(0.0, 7, 1, 3, "nomatch", "tr_home", "-", b"ok"),
    ]


def test_a_loop_asks_again_until_it_may_not() -> None:
    """So many times more, with a pause; then the session goes on, and counts anew."""
    wait = Match("ready", MatchAction.LOOP, when_matched=False, max_loop=2, sleep=3.0)
    play = Play(look(wait, text="poll"), ask("b"), look(wait, text="again"), answers=[b"no"])
    assert play.asked == ["poll"] * 3 + ["b"] + ["again"] * 3
    assert play.slept == [3.0] * 4
    assert play.counters == {"nomatch": 6, "match_loop": 6}


def test_a_loop_ends_when_the_answer_fits() -> None:
    """What it was made for."""
    wait = Match("ready", MatchAction.LOOP, when_matched=False, max_loop=9, sleep=0.5)
    play = Play(look(wait), ask("b"), answers=[b"no", b"no", b"ready"])
    assert play.asked == ["a", "a", "a", "b"]
    assert play.counters == {"nomatch": 2, "match": 1, "match_loop": 2}


def test_a_loop_of_none_loops_once() -> None:
    """As in Tsung."""
    wait = Match("x", MatchAction.LOOP, when_matched=False, max_loop=0, sleep=0.0)
    assert Play(look(wait)).asked == ["a", "a"]


def test_a_loop_can_go_further_back() -> None:
    """By action slots, a think time among them; not beyond the first."""
    wait = Match("x", MatchAction.LOOP, when_matched=False, max_loop=1, sleep=0.0, loop_back=2)
    assert Play(ask("first"), ThinkTime(1.0), look(wait)).asked == ["first", "a", "first", "a"]
    far = replace(wait, loop_back=50)
    assert Play(ask("first"), look(far)).asked == ["first", "a", "first", "a"]


def test_a_restart_begins_again_until_it_may_not() -> None:
    """Then the session ends; variables and connection are kept."""
    again = Match("x", MatchAction.RESTART, when_matched=False, max_restart=2, name="r")
    play = Play(ask("first"), look(again), ask("never"))
    assert play.asked == ["first", "a"] * 3
    assert play.counters == {"nomatch": 3, "match_restart": 2, "match_restart_abort": 1}
    assert [event.event for event in play.events] == [
        "match_restart",
        "match_restart",
        "match_restart_abort",
    ]


def test_a_match_can_end_the_session() -> None:
    """And no other match is looked at."""
    play = Play(look(Match("ok", MatchAction.ABORT), Match("ok")), ask("never"))
    assert play.asked == ["a"]
    assert play.counters == {"match": 1, "match_stop": 1}
    assert [event.event for event in play.events] == ["match_stop"]


def test_a_match_can_end_the_whole_test() -> None:
    """The user says so; who runs the test decides."""
    play = Play(look(Match("ok", MatchAction.ABORT_TEST)))
    assert play.end is ABORT_TEST
    assert play.counters == {"match": 1, "match_stop_test": 1}


def test_each_match_prepares_the_answer_for_itself() -> None:
    """In Tsung the first one prepares it for all."""
    stage = Stage(
        (
            look(
                Match("head", skip_headers=True),
                Match("head"),
                Match("HEAD", function="string:to_upper"),
                Match("^86abc686fb2b82786300fd9f0912178c$", function="ts_digest:md5hex"),
                Match("x", function="zlib:gunzip"),
            ),
        )
    )
    user = stage.user
    operation = user.program.operations[0]
    assert isinstance(operation, MakeRequest)
    assert operation.inspection is not None
    user.start(0.0)
    operation.inspection.run(user, b"head\r\n\r\nbody", 0.0)
    assert stage.counters == {"nomatch": 1, "match": 3, "error_unknown": 1}


def test_an_expression_that_fails_after_filling_ends_the_user() -> None:
    """The value is not escaped, as in Tsung, whose user crashes there."""
    play = Play(
        look(
            Match("%%_v%%", substitute=True),
            variables=[take("v", "(.*)")],
        ),
        ask("never"),
        answers=[b"(("],
    )
    assert play.asked == ["a"]
    assert play.counters == {"error_unknown": 1}


def test_answers_that_are_not_awaited_are_not_looked_at() -> None:
    """As in Tsung: there is no answer to look at."""
    play = Play(look(Match("ok"), ack=Ack.NONE), ask("b"))
    assert "match" not in play.counters
    assert "nomatch" not in play.counters


def test_the_first_piece_of_data_can_be_the_answer() -> None:
    """With `ack="local"`, whatever it is."""
    assert Play(look(Match("ok"), ack=Ack.FIRST_DATA)).counters == {"match": 1}


def test_only_answers_that_somebody_looks_at_are_kept() -> None:
    """A room may drop the others as they come."""
    slots = Stage((ask(),)).user.program.variables
    assert inspection(ask(), slots) is None
    assert inspection(look(Match("a")), slots) is not None
    assert inspection(look(variables=[take("v", "a")]), slots) is not None
