"""What a configuration says about HTTP, as a plan, and what is wrong with it, in words."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from pytsung.control.encoding import Encoder
from pytsung.errors import ConfigurationError
from pytsung.plan import RequestStep
from pytsung.protocols.http import answers, reading
from pytsung.protocols.http.conversation import Settings
from pytsung.protocols.http.places import BAD_URL
from pytsung.protocols.http.requests import (
    AddedCookie,
    Credentials,
    HttpOptions,
    HttpRequest,
    Scheme,
)
from pytsung.protocols.http.room import HttpRoom
from pytsung.protocols.http.vocabulary import VOCABULARY
from pytsung.protocols.registry import installed
from tests.config.configurations import document, read
from tests.protocols.http.scripts import SERVER, Browser, http, plan, request


def agents(*probabilities: str) -> str:
    texts = (f'<user_agent probability="{each}">A{each}</user_agent>' for each in probabilities)
    return f'<option type="ts_http" name="user_agent">{"".join(texts)}</option>'


def problems(steps: str, **sections: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        plan(steps, **sections)
    return "\n".join(str(fault) for fault in caught.value.faults)


def warned(steps: str) -> str:
    text = f'<session name="one" weight="1" type="ts_http">{steps}</session>'
    configuration = read(document(servers=SERVER, sessions=text))
    return "\n".join(str(warning) for warning in configuration.warnings)


def test_an_element_becomes_a_request() -> None:
    """Children in any order; Tsung refuses all but one."""
    inside = (
        '<add_cookie key="k" value="v"/><http_header name="A" value="b"/><soap action="x"/>'
        '<www_authenticate userid="u" passwd="p" type="digest" realm="r" nc="1"/>'
    )
    asked = request(
        inside, "true", url="http://h/", method="PUT", version="1.0", contents="&#233;&#13;&#10;"
    )
    assert asked.body == "é\r\n".encode()
    assert asked.headers == (("A", "b"),)
    assert asked.cookies == (AddedCookie("k", "v", "/", "."),)
    assert asked.credentials == Credentials("u", "p", Scheme.DIGEST, realm="r", nc="1")
    assert (asked.method, asked.version, asked.soap_action) == ("PUT", "1.0", "x")
    assert (asked.substitute, asked.fills_body) == (True, True)


def test_a_plan_travels(tmp_path: Path) -> None:
    """Bytes of files, options and all: agents get a plan as JSON."""
    (tmp_path / "body").write_bytes(bytes(range(256)))
    steps = http(url="/", method="PUT", contents_from_file=str(tmp_path / "body"))
    steps += http('<oauth consumer_key="k" consumer_secret="s"/>', url="http://h/")
    whole = plan(steps, options=agents("100"))
    encoder = Encoder(installed())
    plain = encoder.plain(whole)
    assert encoder._converter.structure(plain, type(whole)) == whole


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        (http(), "<http> needs the attribute url"),
        (http(url="/", method="FETCH"), 'method="FETCH"'),
        (http(url="/", version="2"), 'version="2"'),
        (http("<body/>", url="/"), "<body> has no place in <http>"),
        (http("<soap/>", url="/"), "<soap> needs the attribute action"),
        (http('<soap action="a"/>' * 2, url="/"), "a second <soap>"),
        (http('<http_header value="a"/>', url="/"), "<http_header> needs the attribute name"),
        (http('<http_header name="a" encoding="rot13"/>', url="/"), 'encoding="rot13"'),
        (http('<add_cookie value="a"/>', url="/"), "<add_cookie> needs the attribute key"),
        (http('<add_cookie key="a"/>', url="/"), "<add_cookie> needs the attribute value"),
        (http('<www_authenticate userid="u"/>', url="/"), "needs the attribute passwd"),
        (http('<oauth consumer_key="k"/>', url="/"), "needs the attribute consumer_secret"),
        (
            http('<oauth consumer_key="k" consumer_secret="s" method="MD5"/>', url="/"),
            'method="MD5"',
        ),
        (http(url="/", contents_from_file="no/such/file"), "No such file"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(steps: str, fault: str) -> None:
    """Before the first user starts, with the line."""
    text = problems(steps)
    assert fault in text
    assert text.startswith("test.xml:8: ")


@pytest.mark.parametrize(
    ("steps", "warning"),
    [
        (http(url="/%%_a%%"), "%%_…%% is sent as it stands"),
        (http(url="/", contents="x"), "contents are not sent with GET"),
        (http(url="/", method="PUT", if_modified_since="x"), "if_modified_since is not sent"),
        (http(url="/", colour="red"), "<http> has no attribute colour"),
    ],
)
def test_what_will_surprise_is_said(steps: str, warning: str) -> None:
    """The run starts all the same, as Tsung's does."""
    assert warning in warned(steps)


def test_user_agents_are_drawn_by_their_weight_and_kept() -> None:
    """Blocks of options add up; a user is one browser for all of its session."""
    whole = plan(http(url="/") * 2, options=agents("80") + agents("20"))
    options = HttpOptions((("A80", 80), ("A20", 20)))
    assert whole.sessions[0].protocol_options == (options,)
    user = Browser(whole.sessions[0], whole.targets[0].endpoint)
    first, second = user.play()
    assert first == second
    settings = Settings(options, "tsung", agents_in_tsung=True)
    random = Random(1)
    drawn = [settings.draw_agent(random, quirks=False) for _ in range(10_000)]
    assert 7_800 < drawn.count("A80") < 8_200


def test_probabilities_that_do_not_add_up_are_refused() -> None:
    """Once, where they are used."""
    text = problems(http(url="/") * 2, options=agents("80"))
    assert "add up to 80" in text
    assert text.count("\n") == 0


def test_unknown_options_are_refused() -> None:
    """Tsung crashes."""
    option = '<option type="ts_http" name="colour" value="red"/>'
    assert "ts_http has no option colour" in problems(http(url="/"), options=option)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"url": "/a"}, "GET localhost:8881/a"),
        ({"url": "http://h:80/a"}, "GET h:80/a"),
        ({"url": "/a", "method": "POST", "contents": "xy"}, "POST localhost:8881/a with 2 bytes"),
    ],
)
def test_a_request_in_words(attributes: dict[str, str], words: str) -> None:
    """`pytsung check` shows what will happen."""
    assert installed().room("ts_http").describe(request(**attributes)) == words


def test_both_session_types_share_their_requests() -> None:
    """WebDAV's methods work in either."""
    for kind in ("ts_http", "ts_webdav"):
        (step,) = plan(http(url="/", method="PROPFIND"), kind).sessions[0].steps
        assert isinstance(step, RequestStep)
        assert isinstance(step.request, HttpRequest)


def test_the_reference_has_every_word() -> None:
    """What is not written down does not exist for those who run tests."""
    text = (Path(__file__).parents[3] / "docs/reference/http.md").read_text(encoding="utf-8")
    counters = [value for name, value in vars(answers).items() if name.isupper()]
    words = (
        *VOCABULARY,
        *(name for names in VOCABULARY.values() for name in names),
        *HttpRoom.option_names,
        *(each for each in counters if isinstance(each, str)),
        BAD_URL,
    )
    assert [word for word in words if f"`{word}`" not in text] == []
    methods = text.split("without a body: `")[1].split("|")[0]
    assert [
        each for each in reading._METHODS if each not in methods.replace("`", " ").split()
    ] == []
