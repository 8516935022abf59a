"""Files that are no configurations: place and cure for each, at once, whoever wrote them."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from pytsung.config import read_configuration
from pytsung.config.entities import LARGEST_DOCUMENT
from pytsung.errors import ConfigurationError, ExitStatus
from tests.config.configurations import DOCTYPE, document, faults, session


def with_subset(subset: str, body: str = "&a;") -> bytes:
    return f'<!DOCTYPE tsung SYSTEM "tsung-1.0.dtd" [{subset}]><tsung>{body}</tsung>'.encode()


LAUGHS = '<!ENTITY l0 "ha">' + "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12)
)
LONG = f'<!ENTITY a "{"x" * 50_000}">'

BROKEN = {
    "empty": (b"", "Document is empty"),
    "blank": (b" \n\t\n", "not well-formed"),
    "words": (b"not a configuration", "Start tag expected"),
    "binary": (bytes(range(256)) * 8, "not well-formed"),
    "NUL bytes": (document().replace(b"<load>", b"\0<load>"), "Char 0x0"),
    "nothing but NUL": (b"\0" * 4096, "not well-formed"),
    "gzip": (gzip.compress(document()), "compressed by gzip"),
    "a line before the declaration": (b'\n<?xml version="1.0"?><tsung/>', "declaration allowed"),
    "truncated": (document()[:-20], "not well-formed"),
    "cut in a tag": (document()[:200], "not well-formed"),
    "not closed": (document().replace(b"</load>", b""), "tag mismatch"),
    "two roots": (document() + b"<tsung/>", "Extra content"),
    "a template": (document(load="<% for %>"), "invalid element name"),
    "a bare ampersand": (document(steps='<x path="/?a&b=1"/>'), "not well-formed"),
    "an unquoted value": (document(servers="<server port=1/>"), "not well-formed"),
    "an attribute twice": (document(servers='<server port="1" port="2"/>'), "redefined"),
    "wrong encoding": (document(sessions="müde").decode().encode("latin-1"), "encoding"),
    "unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><tsung/>', "klingon"),
    "encoding that it is not": (
        b'<?xml version="1.0" encoding="utf-16"?>' + document(),
        "not well-formed",
    ),
    "half of UTF-16": (document().decode().encode("utf-16")[:-1], "not well-formed"),
    "billion laughs": (with_subset(LAUGHS, "&l11;"), "amplification"),
    "billion laughs in an attribute": (with_subset(LAUGHS, '<a b="&l11;"/>'), "amplification"),
    "quadratic blow-up": (with_subset(LONG, "&a;" * 2_000), "amplification"),
    "cyclic entities": (with_subset('<!ENTITY a "&b;"><!ENTITY b "&a;">'), "loop"),
    "an entity of itself": (with_subset('<!ENTITY a "<x>&a;</x>">'), "loop"),
    "unknown entity": (document(sessions="&missing;"), "'missing' not defined"),
    "an entity from the net": (with_subset('<!ENTITY a SYSTEM "http://127.0.0.1:1/">'), "local"),
    "an entity that is a device": (with_subset('<!ENTITY a SYSTEM "/dev/zero">'), "not there"),
    "an entity that is a directory": (with_subset('<!ENTITY a SYSTEM "/">'), "not there"),
    "an entity outside": (with_subset('<!ENTITY a SYSTEM "/etc/passwd">'), "outside"),
    "an entity with an endless name": (
        with_subset(f'<!ENTITY a SYSTEM "{"n" * 900}">'),
        "cannot be read",
    ),
    "deep nesting": (b"<tsung>" * 100_000, "depth"),
    "deep, but legal": (
        document(steps="<transaction name='t'>" * 90 + "</transaction>" * 90),
        "elements within each other",
    ),
    "too large": (b" " * (LARGEST_DOCUMENT + 1), "more than 32 MB"),
    "another root": (b"<project/>", "root element is <project>"),
    "Tsung's ancestor": (b"<idx-tsunami/>", "root element is <idx-tsunami>"),
    "a namespace": (b"<tsung xmlns='urn:x'/>", "<tsung> of the namespace urn:x, not <tsung>"),
    "an element of a namespace": (
        document(monitoring="<i:include xmlns:i='urn:x'/>"),
        "no element <include> of the namespace urn:x",
    ),
    "nothing in it": (DOCTYPE.encode() + b"<tsung/>", "there is no <clients>"),
    "two loads": (document(load="<load/><load/>"), "a second <load>"),
    "an unknown section": (document(monitoring="<loads/>"), "no element <loads>"),
    "a section inside itself": (document(clients="<clients><clients/></clients>"), "cannot stand"),
    "an unknown session type": (
        document(sessions=session().replace("ts_websocket", "ts_gopher")),
        "no session type ts_gopher",
    ),
    "a session type of Tsung's": (
        document(sessions=session("<request><ldap/></request>").replace("ts_websocket", "ts_ldap")),
        "sessions of type ts_ldap are not supported",
    ),
    "a log level of its own": (document(attributes='loglevel="chatty"'), 'loglevel="chatty"'),
    "a dump of its own": (document(attributes='dumptraffic="all"'), 'dumptraffic="all"'),
    "a backend of its own": (document(attributes='backend="influx"'), 'backend="influx"'),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_place_and_cure_in_under_a_second(kind: str) -> None:
    """Each ends with exit status 2 and words that help, never with a traceback or a wait."""
    data, words = BROKEN[kind]
    began = time.perf_counter()
    found = faults(data)
    assert time.perf_counter() - began < 1
    assert any(words in fault.text for fault in found), found
    for fault in found:
        assert fault.place.file
        assert fault.cure
        assert len(str(fault)) < 9500
    assert ConfigurationError(found).exit_status is ExitStatus.USAGE


def test_only_the_authors_choices_are_advised() -> None:
    """The parser's library advises whoever programs it; an author of XML cannot follow that."""
    (found,) = faults(b"<tsung>" * 1000)
    assert found.text == "not well-formed XML: Excessive depth in document: 256"


def test_syntax_errors_have_a_column() -> None:
    """An editor can be sent there."""
    (found,) = faults(document(load="\n  <load"))
    assert (found.place.line, found.place.column) > (7, 0)


@pytest.mark.parametrize("name", ["missing.xml", "."])
def test_what_is_not_a_file(tmp_path: Path, name: str) -> None:
    """The commonest fault of all: a wrong name."""
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(tmp_path / name)
    (fault,) = caught.value.faults
    assert fault.place.file == str(tmp_path / name)
    assert "cannot be read" in fault.text
    assert "-f" in fault.cure


def test_all_faults_come_at_once_and_in_order() -> None:
    """One run of `check`, one round of corrections."""
    data = document(
        clients='<clients><client host="a" cpu="x"/></clients>',
        servers='<servers><server host="b" port="y" type="z"/></servers>',
        load='<load><arrivalphase phase="1" duration="w"><users/></arrivalphase></load>',
        options='<option name="idle_timeout" value="v"/>',
        sessions=session("<pause/><thinktime value='u'/><match>t</match>"),
    )
    found = faults(data)
    assert [fault.place.line for fault in found] == [3, 4, 4, 6, 6, 7, 8, 8, 8]
    assert found == sorted(found)
