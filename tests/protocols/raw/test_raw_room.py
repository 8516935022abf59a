"""`<raw>` elements become the bytes that Tsung sends; what is wrong with one is said before."""

from __future__ import annotations

from random import Random

import pytest

from pytsung.errors import ConfigurationError
from pytsung.plan import Endpoint, RequestStep
from pytsung.protocols.raw.conversation import LARGEST, RawConversation
from pytsung.protocols.raw.requests import RawRequest
from pytsung.protocols.raw.room import RawRoom
from pytsung.protocols.room import Ack, Exchange, RequestContext, RequestError
from tests.config.configurations import document, read


def request_of(words: str, subst: str = "false") -> RawRequest:
    steps = f'<request subst="{subst}"><raw {words}/></request>'
    session = f'<session name="one" weight="1" type="ts_raw">{steps}</session>'
    step = read(document(sessions=session)).plan.sessions[0].steps[0]
    assert isinstance(step, RequestStep)
    assert isinstance(step.request, RawRequest)
    return step.request


def warnings_of(words: str) -> list[str]:
    session = f'<session name="one" weight="1" type="ts_raw"><request><raw {words}/></request>'
    return [each.text for each in read(document(sessions=f"{session}</session>")).warnings]


def sent(request: RawRequest, *, quirks: bool = False, **variables: str) -> Exchange:
    def fill(text: str) -> str:
        for name, value in variables.items():
            text = text.replace(f"%%_{name}%%", value)
        return text

    context = RequestContext(Endpoint("target", 7), Random(1), fill, quirks)
    return RawConversation().begin(request, context)


@pytest.mark.parametrize(
    ("word", "ack"), [("local", Ack.FIRST_DATA), ("no_ack", Ack.NONE), ("global", Ack.GLOBAL)]
)
def test_each_ack_has_its_meaning(word: str, ack: Ack) -> None:
    """Which of them stands there decides what a session waits for."""
    assert request_of(f'ack="{word}" data="x"') == RawRequest("x", "", ack)


def test_datasize_is_bytes_of_zero_and_wins() -> None:
    """The manual says bits; it is bytes."""
    request = request_of('ack="local" data="seen by nobody" datasize="10"')
    assert sent(request).data == bytes(10)


def test_datasize_of_a_variable() -> None:
    """How sessions draw messages of a random size."""
    request = request_of('ack="local" datasize="%%_n%%"', "true")
    assert sent(request, n="3").data == bytes(3)
    assert sent(request, n=" 3 ").data == bytes(3)
    for none in ("three", "", "-1", str(LARGEST + 1), "9" * 5000):
        with pytest.raises(RequestError, match="error_raw_datasize"):
            sent(request, n=none)


def test_datasize_zero_sends_data() -> None:
    """Tsung's user crashes."""
    assert sent(request_of('ack="local" datasize="0" data="x"')).data == b"x"
    assert sent(request_of('ack="local" datasize="%%_n%%" data="x"', "true"), n="0").data == b"x"


def test_data_are_the_bytes_of_the_attribute() -> None:
    """Line ends included, which Tsung cannot send; escapes of C are no escapes."""
    assert sent(request_of('ack="local" data="a&#13;&#10;b\\n"')).data == b"a\r\nb\\n"
    assert sent(request_of('ack="local" data="grüße €"')).data == "grüße €".encode()
    assert sent(request_of('ack="local" data="grüße"'), quirks=True).data == b"gr\xfc\xdfe"
    assert sent(request_of('ack="local" data="%%_v%%!"', "true"), v="x").data == b"x!"


def test_a_raw_request_is_all_body() -> None:
    """Where everything else is to be filled in, nothing is, as in Tsung."""
    session = '<session name="one" weight="1" type="ts_raw"><request subst="all_except_body">'
    session += '<raw ack="local" data="%%_v%%"/></request></session>'
    step = read(document(sessions=session)).plan.sessions[0].steps[0]
    assert isinstance(step, RequestStep)
    assert not step.substitute


def test_every_block_is_a_push() -> None:
    """Whether one answers a request, the user knows."""
    conversation = RawConversation()
    assert conversation.feed(b"x").pushes == conversation.feed(b"").pushes == 1
    assert conversation.peer_closed().complete


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ('data="x"', "<raw> needs the attribute ack"),
        ('data="x" ack="parse"', '<raw> has ack="parse"'),
        ('datasize="ten" ack="local"', '<raw> has datasize="ten"'),
        ('datasize="%%_n%%" ack="local"', "<raw> has datasize"),
        (f'datasize="{LARGEST + 1}" ack="local"', "datasize is 67108865 bytes"),
    ],
)
def test_what_cannot_be_sent_is_refused(words: str, text: str) -> None:
    """Tsung refuses the same, or its users crash."""
    with pytest.raises(ConfigurationError, match=text):
        request_of(words)


def test_what_is_odd_is_said() -> None:
    """Nothing is wrong with such a session, but perhaps with whoever wrote it."""
    assert warnings_of('ack="local"') == ["this <raw> sends nothing"]
    assert warnings_of('ack="global"') == []
    assert warnings_of('ack="local" data="x" datasize="1"') == [
        "datasize wins, and data is not sent"
    ]
    assert warnings_of('ack="local" data="%%_v%%"') == ["%%_…%% is sent as it stands"]
    assert warnings_of('ack="local" data="x" size="1"') == [
        "<raw> has no attribute size; it is ignored"
    ]


def test_check_says_it_in_words() -> None:
    """`pytsung check` shows what a session does."""
    room = RawRoom()
    assert room.describe(RawRequest("héllo")) == "send 6 bytes, wait for an answer"
    assert room.describe(RawRequest("", "20", Ack.NONE)) == "send 20 bytes, wait for nothing"
    assert room.describe(RawRequest("x", "", Ack.GLOBAL)) == "send 1 bytes, wait for all the others"
