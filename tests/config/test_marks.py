"""`check` says of each element what the reference says of it."""

from __future__ import annotations

from pytsung.config.marks import MARKS
from pytsung.protocols.marks import APPROXIMATED, FIXED, OURS, MarkedRoom
from pytsung.protocols.registry import installed
from tests.config.configurations import CONNECT, document, read
from tests.config.test_configuration_reference import ATTRIBUTES, OPTIONS, rows_under


def test_marks_are_those_of_the_reference() -> None:
    """All that say neither `same` nor that a run would not have it."""
    marks = {(mark.element, mark.attribute): mark.kind for mark in MARKS}
    told = (FIXED, APPROXIMATED, OURS)
    wanted = {key: mark for key, mark in ATTRIBUTES.items() if mark in told}
    wanted |= {("option", name): mark for (name,), mark in OPTIONS.items() if mark in told}
    assert marks == wanted
    assert all(mark.note for mark in MARKS)


def test_every_element_of_a_request_has_a_row_and_its_mark() -> None:
    """The rooms' own lists, by which they read, and the page are the same."""
    wanted = {}
    for room in installed():
        assert isinstance(room, MarkedRoom), room.session_type
        marks = {(mark.element, mark.attribute): (mark.kind, mark.note) for mark in room.marks}
        for element, names in room.vocabulary.items():
            for name in ("", *names):
                mark, note = marks.pop((element, name), ("same", ""))
                wanted[room.element, element, name] = (mark, note)
        assert not marks, "a mark of what the room does not read"
    rows = rows_under("request")
    assert {(r, e, a): (mark, note) for r, e, a, mark, note in rows} == wanted


def test_elements_of_one_name_have_the_marks_of_their_room() -> None:
    """HTTP and WebSocket both have headers, and read them each in its own way."""
    header = '<http_header name="a" value="b"/>'
    steps = f'<request><websocket type="connect" path="/">{header}</websocket></request>'
    shown = {(each.mark.element, each.mark.note) for each in read(document(steps=steps)).marks}
    assert ("http_header", "in the file's order") in shown
    assert not [note for element, note in shown if element == "http_header" and "repeated" in note]


def test_a_configuration_has_the_marks_of_what_is_in_it() -> None:
    """Each once, with every place."""
    steps = CONNECT + '<repeat name="r">\n<thinktime value="1"/><until var="x[1]" gt="5"/></repeat>'
    steps += '\n<repeat name="r"><thinktime value="1"/><while var="x" eq="5"/></repeat>'
    found = read(document(steps=steps, options='<option name="seed" value="1"/>')).marks
    shown = {
        (each.mark.element, each.mark.attribute): [place.line for place in each.places]
        for each in found
    }
    assert shown[("repeat", "")] == [8, 10]
    assert shown[("until", "gt")] == [9]
    assert shown[("option", "seed")] == [7]
    assert ("while", "gt") not in shown
    assert ("match", "") not in shown
    said = [str(each) for each in found]
    assert (
        "<repeat>: same, fixed: its count starts anew each time it is entered (line 8, 10)" in said
    )
