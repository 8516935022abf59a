"""Reading the XML itself: files may come from strangers, and faults must point at them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytsung.config import read_configuration
from pytsung.errors import ConfigurationError, Place
from pytsung.plan import Plan
from tests.config.configurations import CONNECT, LOAD, document, fault, faults, read, session


def with_entity(declaration: str, use: str = "&s;") -> bytes:
    doctype = f'<!DOCTYPE tsung SYSTEM "tsung-1.0.dtd" [{declaration}]>'
    return document(doctype=doctype, sessions=use)


def written(directory: Path, data: bytes, name: str = "bench.xml") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_bytes(data)
    return path


def plan_of(path: Path, *more: Path) -> Plan:
    return read_configuration(path, entity_directories=more).plan


def faults_of(path: Path, *more: Path) -> list[tuple[Place, str, str]]:
    with pytest.raises(ConfigurationError) as caught:
        plan_of(path, *more)
    return [(fault.place, fault.text, fault.cure) for fault in caught.value.faults]


def test_an_entity_beside_the_configuration_is_read(tmp_path: Path) -> None:
    """Recorded sessions are pulled in this way."""
    path = written(tmp_path, with_entity('<!ENTITY s SYSTEM "sessions/a b.xml">'))
    written(tmp_path / "sessions", session(name="recorded").encode(), "a b.xml")
    assert [each.name for each in plan_of(path).sessions] == ["recorded"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_an_entity_has_its_own_encoding(tmp_path: Path, encoding: str) -> None:
    """Whoever wrote the part did not ask whoever wrote the whole."""
    text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    text += session(name="müde")
    path = written(tmp_path, with_entity('<!ENTITY s SYSTEM "s.xml">'))
    written(tmp_path, text.encode(encoding), "s.xml")
    assert plan_of(path).sessions[0].name == "müde"


def test_faults_name_the_entitys_own_file_and_line(tmp_path: Path) -> None:
    """A fault at line 3 of a file that one did not write is worth nothing."""
    text = (
        f"{session(name='a')}\n\n{session(name='b', steps='<thinktime' + chr(10) + ' value=chr/>')}"
    )
    text = text.replace("=chr", "='x'")
    path = written(tmp_path, with_entity('<!ENTITY s SYSTEM "part.xml">', "&s;\n<pause/>"))
    written(tmp_path, text.encode(), "part.xml")
    assert [place for place, _, _ in faults_of(path)] == [
        Place(str(tmp_path / "bench.xml"), 9),
        Place(str(tmp_path / "part.xml"), 3),
    ]


def test_an_entity_used_twice_is_wrong_once(tmp_path: Path) -> None:
    """The cure is one change."""
    path = written(tmp_path, with_entity('<!ENTITY s SYSTEM "part.xml">', "&s;&s;"))
    written(tmp_path, session(steps="<thinktime value='0'/>").encode(), "part.xml")
    assert len(faults_of(path)) == 1


def test_entities_within_entities(tmp_path: Path) -> None:
    """Relative names count from the configuration, wherever they are used."""
    declarations = '<!ENTITY s SYSTEM "deep/s.xml"><!ENTITY steps SYSTEM "steps.xml">'
    path = written(tmp_path, with_entity(declarations))
    written(tmp_path / "deep", session(steps="&steps;\n<thinktime value='x'/>").encode(), "s.xml")
    written(tmp_path, f"{CONNECT}\n<thinktime value='y'/>".encode(), "steps.xml")
    assert [place for place, _, _ in faults_of(path)] == [
        Place(str(tmp_path / "deep" / "s.xml"), 2),
        Place(str(tmp_path / "steps.xml"), 2),
    ]


def test_malformed_entities_are_named(tmp_path: Path) -> None:
    """With line and column, in the file that has to be corrected."""
    path = written(tmp_path, with_entity('<!ENTITY s SYSTEM "part.xml">'))
    written(tmp_path, b"<session>\n<request>\n  </session>", "part.xml")
    ((place, text, cure),) = faults_of(path)
    assert place == Place(str(tmp_path / "part.xml"), 3, 13)
    assert "tag mismatch" in text
    assert cure


def test_an_entity_outside_is_refused_with_the_option_that_allows_it(tmp_path: Path) -> None:
    """A stranger's configuration must not read anybody's files."""
    outside = written(tmp_path / "outside", session(name="far").encode(), "s.xml")
    path = written(tmp_path / "home", with_entity(f'<!ENTITY s SYSTEM "{outside}">'))
    ((place, text, cure),) = faults_of(path)
    assert place == Place(str(path), 1)
    assert "outside the configuration's directory" in text
    assert cure == f"allow it with --entity-dir {outside.parent}"
    assert plan_of(path, outside.parent).sessions[0].name == "far"


def test_a_relative_name_does_not_climb_out(tmp_path: Path) -> None:
    """`../` and symbolic links count where they lead."""
    secret = written(tmp_path, session().encode(), "s.xml")
    path = written(tmp_path / "home", with_entity('<!ENTITY s SYSTEM "../s.xml">'))
    assert "outside" in faults_of(path)[0][1]
    (tmp_path / "home" / "link.xml").symlink_to(secret)
    path = written(tmp_path / "home", with_entity('<!ENTITY s SYSTEM "link.xml">'))
    assert "outside" in faults_of(path)[0][1]


def test_entity_directories_are_looked_through(tmp_path: Path) -> None:
    """By the name as written, then by its base name, as Tsung looks in its own directory."""
    written(tmp_path / "shared", session(name="shared").encode(), "s.xml")
    path = written(tmp_path / "home", with_entity('<!ENTITY s SYSTEM "gone/s.xml">'))
    assert plan_of(path, tmp_path / "shared").sessions[0].name == "shared"


def test_the_users_own_directory_needs_no_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recorder writes its sessions to `~/.tsung`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    recorded = written(tmp_path / ".tsung", session(name="rec").encode(), "rec1-10:15.xml")
    path = written(tmp_path / "work", with_entity(f'<!ENTITY s SYSTEM "{recorded}">'))
    assert plan_of(path).sessions[0].name == "rec"
    path = written(tmp_path / "work", with_entity('<!ENTITY s SYSTEM "rec1-10:15.xml">'))
    assert plan_of(path).sessions[0].name == "rec"


@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "HTTP", "jar"])
def test_nothing_is_fetched(scheme: str) -> None:
    """Neither as an entity nor as a part of the document type; no socket is ever asked for."""
    for declaration in (
        f'<!ENTITY s SYSTEM "{scheme}://127.0.0.1:1/s.xml">',
        f'<!ENTITY % p SYSTEM "{scheme}://127.0.0.1:1/s.xml"> %p; <!ENTITY s "">',
    ):
        found = faults(with_entity(declaration))
        assert any("not a local file" in fault.text for fault in found)
        assert any("download it" in fault.cure for fault in found)


def test_every_missing_entity_is_reported(tmp_path: Path) -> None:
    """All faults at once holds here too."""
    declarations = '<!ENTITY s SYSTEM "one.xml">\n<!ENTITY t SYSTEM "two.xml">'
    found = faults_of(written(tmp_path, with_entity(declarations, "&s;&t;")))
    assert [(place.line, "is not there" in text) for place, text, _ in found] == [
        (1, True),
        (2, True),
    ]


def test_the_document_type_is_not_looked_for() -> None:
    """No installed Tsung is needed, and nothing at that path is opened."""
    data = document(doctype='<!DOCTYPE tsung SYSTEM "/nowhere/at/all/tsung-1.0.dtd">')
    assert read(data).warnings == ()


def test_defaults_of_a_document_type_are_never_applied() -> None:
    """Tsung does not apply them either: its reader's own defaults are in force."""
    doctype = (
        '<!DOCTYPE tsung SYSTEM "tsung-1.0.dtd" '
        '[<!ATTLIST client cpu CDATA "9"><!ATTLIST session persistent CDATA "false">]>'
    )
    plan = read(document(doctype=doctype)).plan
    assert plan.agent_hosts[0].workers == 1
    assert plan.sessions[0].persistent


@pytest.mark.parametrize(
    ("doctype", "words"),
    [
        ("", "there is no DOCTYPE"),
        ('<!DOCTYPE tsung SYSTEM "other.dtd">', "not Tsung's"),
        ("<!DOCTYPE tsung>", "not Tsung's"),
        ('<!DOCTYPE html SYSTEM "tsung-1.0.dtd">', "not Tsung's"),
    ],
)
def test_an_odd_document_type_is_only_worth_a_warning(doctype: str, words: str) -> None:
    """Tsung would refuse; the load is the same."""
    (warning,) = read(document(doctype=doctype)).warnings
    assert words in warning.text


def test_the_document_is_written_back_without_entities(tmp_path: Path) -> None:
    """What is kept beside the logs can be run again by itself."""
    declarations = '<!ENTITY s SYSTEM "s.xml"><!ENTITY who "w&#246;rld">'
    path = written(tmp_path, with_entity(declarations, "&s;<!-- kept -->"))
    steps = '<request><websocket type="message">&who;</websocket></request>'
    written(tmp_path, session(steps).encode(), "s.xml")
    first = read_configuration(path)
    assert b"DOCTYPE" not in first.document
    assert b"pytsung-entity" not in first.document
    assert "wörld" in first.document.decode()
    assert b"<!-- kept -->" in first.document
    assert read(first.document).plan.sessions == first.plan.sessions


def test_a_start_tag_over_many_lines_is_placed_where_it_begins() -> None:
    """That is the line one looks for."""
    load = LOAD.replace("<users", "<users\n\n\n").replace('"2"', '"two"')
    assert fault(load=load).startswith("test.xml:6: ")


def test_elements_of_an_internal_entity_are_placed_at_what_stands_before() -> None:
    """libxml2 counts their lines in the entity's own text, where nobody can look."""
    element = "<thinktime\n value='x'/>"
    doctype = f'<!DOCTYPE tsung SYSTEM "tsung-1.0.dtd" [<!ENTITY t "{element}">]>'
    data = document(doctype=doctype, steps="&t;")
    (found,) = faults(data)
    assert found.place.line in (1, 9)


def test_long_files_keep_their_line_numbers() -> None:
    """Recorded sessions are long, and libxml2 alone would stop counting at 65,535."""
    steps = "\n".join(["<abort/>"] * 70_000 + ["<thinktime", " value='x'/>", CONNECT])
    assert fault(steps=steps).startswith("test.xml:70008: ")
