"""What a user does: each element of a session becomes one step, nested as written."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytsung.plan import (
    Abort,
    Comparison,
    Condition,
    For,
    Foreach,
    If,
    Repeat,
    Request,
    RequestStep,
    SessionStep,
    ThinkTime,
    Transaction,
)
from pytsung.protocols.registry import Registry
from pytsung.protocols.room import Ack, Conversation, Element, Reader
from pytsung.protocols.websocket.requests import CloseRequest, Connect, Message
from tests.config.configurations import document, fault, faults, plan, read, session, warnings

THINK = '<thinktime value="1"/>'
PAUSE = ThinkTime(1.0)


def steps(text: str) -> tuple[SessionStep, ...]:
    return plan(steps=text).sessions[0].steps


def request(inner: str, attributes: str = "") -> str:
    return f"<request {attributes}>{inner}</request>"


def message(text: str) -> str:
    return f'<websocket type="message" ack="no_ack">{text}</websocket>'


def test_requests_are_read_by_their_protocol() -> None:
    """The session knows that there is a request, its room knows what it says."""
    text = request('<websocket type="connect" path="/a"/>', 'tag="first"')
    text += request(message("hello %%_name%%"), 'subst="true"')
    text += request('<websocket type="close"/>')
    assert steps(text) == (
        RequestStep(Connect("/a"), tag="first"),
        RequestStep(Message("hello %%_name%%", ack=Ack.NONE), substitute=True),
        RequestStep(CloseRequest()),
    )


def test_text_is_joined_around_comments_and_keeps_its_line_ends() -> None:
    """What is sent is what was written, to the byte."""
    (step,) = steps(request(message("  a&#13;&#10;b<!-- no --><![CDATA[<c>&]]>\n ")))
    assert step == RequestStep(Message("a\r\nb<c>&\n", ack=Ack.NONE))


def test_everything_but_the_body_means_what_it_says() -> None:
    """A message is all body; a path is not."""
    text = request(message("%%_a%%"), 'subst="all_except_body"')
    text += request('<websocket type="connect" path="/%%_a%%"/>', 'subst="all_except_body"')
    assert [step.substitute for step in steps(text) if isinstance(step, RequestStep)] == [
        False,
        True,
    ]


def test_tagged_requests_can_be_left_out() -> None:
    """`-x` removes a request, and nothing around it."""
    text = THINK + request(message("a"), 'tag="slow"') + request(message("b"), 'tag="slower"')
    sessions = read(document(steps=text), excluded_tags=["slow"]).plan.sessions
    assert sessions[0].steps == (PAUSE, RequestStep(Message("b", ack=Ack.NONE), tag="slower"))


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (
            f'<for var="i" from="1" to="10">{THINK}</for>',
            For("i", 1, 10, 1, (PAUSE,)),
        ),
        (
            f'<for var="\'i\'" from="%%_a%%" to="%%_b%%" incr="2">{THINK}</for>',
            For("i", "%%_a%%", "%%_b%%", 2, (PAUSE,)),
        ),
        (
            f'<transaction name="a-b c">{THINK}<transaction name="d"/></transaction>',
            Transaction("a-b c", (PAUSE, Transaction("d", ()))),
        ),
        (
            f'<repeat name="r">{THINK}<while var="x" neq="1"/></repeat>',
            Repeat("r", (PAUSE,), Condition("x", Comparison.NEQ, "1"), max_repeat=20),
        ),
        (
            f'<repeat name="r" max_repeat="3">{THINK}<until var="x" gte="1"/></repeat>',
            Repeat("r", (PAUSE,), Condition("x", Comparison.GTE, "1"), True, 3),
        ),
        (
            f'<if var="x[1]" eq="%%_y%%">{THINK}</if>',
            If(Condition("x[1]", Comparison.EQ, "%%_y%%"), (PAUSE,)),
        ),
        (
            f'<foreach name="e" in="list" exclude="^a">{THINK}</foreach>',
            Foreach("e", "list", (PAUSE,), exclude="^a"),
        ),
        (
            '<foreach name="e" in="list" include="b" exclude="^a"/>',
            Foreach("e", "list", (), include="b"),
        ),
        ("<abort/>", Abort()),
        ('<abort type="all"/>', Abort(whole_test=True)),
    ],
)
def test_control_structures(text: str, step: SessionStep) -> None:
    """Each with its defaults, and any text where Tsung wants an Erlang atom."""
    assert steps(text) == (step,)


@pytest.mark.parametrize("name", ["eq", "neq", "gt", "lt", "gte", "lte"])
def test_all_comparisons(name: str) -> None:
    """A comparison read wrongly sends every user the other way."""
    assert steps(f'<if var="x" {name}="5"/>') == (
        If(Condition("x", Comparison[name.upper()], "5"), ()),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<request/>", "no elements that say what to send"),
        (request(message("a") + message("b")), "2 elements that say what to send"),
        (request('<http url="/"/>'), "<http> in a session of type ts_websocket"),
        (request("<gopher/>") + request(message("a")), "there is no element <gopher>"),
        (request(THINK + message("a")), "<thinktime> cannot stand in <request>"),
        (request(message("a"), 'subst="yes"'), 'subst="yes"'),
        (request(message("%%mine:get_id%%"), 'subst="true"'), "%%mine:get_id%%"),
        ("<pause/>", "there is no element <pause>"),
        ("<clients/>", "<clients> cannot stand in <session>"),
        ("<transaction/>", "<transaction> needs the attribute name"),
        ('<for from="1" to="2"/>', "needs the attribute var"),
        ('<for var="i" to="2"/>', "needs the attribute from"),
        ('<for var="i" from="1"/>', "needs the attribute to"),
        ('<for var="i" from="one" to="2"/>', 'from="one"'),
        ('<for var="i" from="1" to="2" incr="0"/>', 'incr="0"'),
        ('<repeat name="r"/>', "neither <while> nor <until>"),
        (f'<repeat name="r">{THINK}</repeat>', "neither <while> nor <until>"),
        (
            f'<repeat name="r"><while var="x" eq="1"/>{THINK}<while var="x" eq="1"/></repeat>',
            "<while> is not the last",
        ),
        ('<repeat><while var="x" eq="1"/></repeat>', "needs the attribute name"),
        ('<repeat name="r"><while var="x"/></repeat>', "<while> has no comparison"),
        ('<repeat name="r"><until eq="1"/></repeat>', "<until> needs the attribute var"),
        ('<if var="x"/>', "<if> has no comparison"),
        ('<if var="x" eq="1" neq="2"/>', "<if> has eq and neq"),
        ('<if var="x" eq="%%m:f%%"/>', "%%m:f%%"),
        ('<while var="x" eq="1"/>', "<while> cannot stand in <session>"),
        ('<foreach in="l"/>', "needs the attribute name"),
        ('<foreach name="e"/>', "needs the attribute in"),
        ('<foreach name="e" in="l" include="("/>', 'include="("'),
        ('<foreach name="e" in="l" exclude="a{99999999999}"/>', 'exclude="a{9'),
        ('<abort type="everything"/>', 'type="everything"'),
    ],
)
def test_a_wrong_step_is_refused(text: str, words: str) -> None:
    """A step that is skipped changes the load without a word."""
    first, *_ = faults(document(steps=text + THINK))
    assert str(first).startswith("test.xml:8: ")
    assert words in str(first)
    assert first.cure


def test_calls_in_a_text_that_is_not_filled_in_are_only_text() -> None:
    """Without `subst` a `%%` is two characters like any others."""
    assert steps(request(message("%%ts_msg_server:get_id%%")))


def test_after_a_refused_change_of_type_its_requests_are_not_complained_of() -> None:
    """One cause, one fault."""
    text = '<change_type new_type="ts_ldap" host="a" port="1" server_type="tcp"/>'
    assert "type ts_ldap are not supported" in fault(steps=text + request('<ldap type="unbind"/>'))


def test_an_empty_session_is_only_worth_a_warning() -> None:
    """Tsung plays it: its users come and go."""
    assert warnings(steps="") == ["test.xml:8: the session one has no steps: its users come and go"]


def test_a_session_has_its_protocols_defaults() -> None:
    """WebSocket sessions take pushes unless they say otherwise."""
    sessions = session(name="a") + session(name="b").replace(
        "<session", '<session persistent="false" bidi="false"'
    )
    first, second = plan(sessions=sessions).sessions
    assert (first.kind, first.persistent, first.bidirectional) == ("ts_websocket", True, True)
    assert (second.persistent, second.bidirectional) == (False, False)


@dataclass(frozen=True)
class Shout(Request):
    """A request of a protocol that came from somewhere else."""

    text: str


class ShoutRoom:
    """The smallest room there is."""

    session_type = "my_shout"
    element = "shout"
    request_types: tuple[type[Request], ...] = (Shout,)
    bidirectional = False

    def read_request(self, element: Element, reader: Reader, *, substitute: bool) -> Request | None:
        reader.known(element, ("text",))
        return Shout(reader.required(element, "text").upper())

    def describe(self, request: Request) -> str:
        return "shout"

    def converse(self) -> Conversation:
        raise NotImplementedError("nobody plays this plan")


def test_protocols_from_elsewhere_are_read_like_our_own() -> None:
    """A session type is known when somebody brought its room."""
    text = session(request('<shout text="hey" colour="red"/>')).replace("ts_websocket", "my_shout")
    read_by_room = read(document(sessions=text), registry=Registry([ShoutRoom()]))
    assert read_by_room.plan.sessions[0].steps == (RequestStep(Shout("HEY")),)
    assert "<shout> has no attribute colour" in str(read_by_room.warnings[0])
    (unknown,) = faults(document(sessions=text))
    assert "there is no session type my_shout" in str(unknown)
