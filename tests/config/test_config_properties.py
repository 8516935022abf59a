"""Whatever bytes come in, a configuration is read or refused with reasons: never a traceback."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytsung.config import Configuration, read_configuration
from pytsung.config.vocabulary import ELEMENTS, PROTOCOL_ELEMENTS, UNTYPED_OPTIONS
from pytsung.errors import ConfigurationError, Fault
from tests.config.configurations import CONNECT, document, session

# No deadline and no word on slow generation: how busy the machine is proves nothing here.
PATIENT = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

WHOLE = document(
    doctype='<!DOCTYPE tsung SYSTEM "tsung-1.0.dtd" [<!ENTITY e "&#233;">]>',
    clients='<clients><client host="a" cpu="2"><ip value="10.0.0.1"/></client></clients>',
    load='<load loop="1"><arrivalphase phase="1" duration="3"><users interarrival="2"/>'
    '<session_setup name="o*" probability="100"/></arrivalphase>'
    '<user session="one" start_time="4"/></load>',
    options='<option name="thinktime" value="3"/><option name="ports_range" min="5" max="9"/>',
    sessions=session(
        f'{CONNECT}<for var="i" from="1" to="%%_n%%"><thinktime min="1" max="2"/></for>'
        '<repeat name="r"><request subst="true"><websocket type="message">&e; %%_i%%</websocket>'
        '</request><while var="x" eq="1"/></repeat><foreach name="a" in="b" include="c"/>',
        popularity='probability="100"',
    ),
)


def read_or_refuse(data: bytes) -> Configuration | None:
    """The configuration, or None for one that is refused with at least one placed fault."""
    faults: list[Fault] = []
    configuration = None
    try:
        configuration = read_configuration(data, name="test.xml")
    except ConfigurationError as error:
        faults = error.faults
    assert bool(faults) is (configuration is None)
    assert all(fault.place.file and fault.text and fault.cure for fault in faults)
    return configuration


def test_the_document_that_is_mutated_is_a_good_one() -> None:
    """Otherwise the mutations would test one refusal over and over."""
    assert read_or_refuse(WHOLE) is not None


@PATIENT
@given(st.binary(max_size=300))
@example(b"\xff\xfe<\x00")
@example(b'<?xml version="1.0" encoding="ucs-4"?><tsung/>')
def test_garbage_is_refused(data: bytes) -> None:
    """No bytes that came by chance are a configuration."""
    assert read_or_refuse(data) is None


@given(st.data())
@PATIENT
def test_mutated_documents_are_read_or_refused(data: st.DataObject) -> None:
    """Bytes lost, doubled or replaced, as in a bad copy."""
    start = data.draw(st.integers(0, len(WHOLE)))
    end = min(len(WHOLE), start + data.draw(st.integers(0, 30)))
    replacement = data.draw(
        st.one_of(st.binary(max_size=10), st.sampled_from([WHOLE[start:end] * 2, b"", b"\0"]))
    )
    read_or_refuse(WHOLE[:start] + replacement + WHOLE[end:])


_values = st.one_of(
    st.sampled_from(
        ["", "0", "1", "-1", "1.5", "1e9", "9" * 30, "true", "'true'", "%%_x%%", "%%a:b%%", "*"]
    ),
    st.sampled_from([*UNTYPED_OPTIONS, *PROTOCOL_ELEMENTS, "wait_bidi", "second", "tcp", "::1"]),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=8),
)
_names = sorted({name for entry in ELEMENTS.values() for name in entry.attributes})
_tags = sorted({*ELEMENTS, *PROTOCOL_ELEMENTS.values()} - {"tsung"})


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


@st.composite
def _elements(draw: st.DrawFn, children: st.SearchStrategy[str]) -> str:
    tag = draw(st.sampled_from(_tags))
    known = ELEMENTS[tag].attributes if tag in ELEMENTS else ("type", "path")
    names = draw(st.lists(st.sampled_from([*known, *known, *_names]), unique=True, max_size=5))
    attributes = "".join(f' {name}="{_escaped(draw(_values))}"' for name in names)
    return f"<{tag}{attributes}>{''.join(draw(st.lists(children, max_size=4)))}</{tag}>"


_trees = st.recursive(st.just(""), _elements, max_leaves=25)


@given(st.lists(_trees, max_size=6))
@PATIENT
def test_any_elements_in_any_order_are_read_or_refused(sections: list[str]) -> None:
    """Tsung's own words, put together by chance: every reader meets every value."""
    read_or_refuse(f"<tsung>{''.join(sections)}</tsung>".encode())


@given(_elements(_trees), st.sampled_from(["clients", "servers", "load", "options", "sessions"]))
@PATIENT
def test_any_element_within_a_good_document(element: str, section: str) -> None:
    """The same where everything else is right, so that every section is reached."""
    read_or_refuse(WHOLE.replace(f"</{section}>".encode(), f"{element}</{section}>".encode()))


@PATIENT
@given(_elements(_trees))
def test_any_element_as_a_step(element: str) -> None:
    """And within a session."""
    read_or_refuse(WHOLE.replace(b"<repeat", element.encode() + b"<repeat"))
