"""What may stand where, and what is refused for now: nothing may be dropped in silence."""

from __future__ import annotations

import pytest

from pytsung.config.unsupported import ROWS, Row
from pytsung.config.vocabulary import (
    ELEMENTS,
    PROTOCOL_ELEMENTS,
    TYPED_OPTIONS,
    UNTYPED_OPTIONS,
)
from pytsung.protocols.registry import installed
from tests.config.configurations import CONNECT, LOAD, document, faults, plan, read, warnings

INSTALLED = {room.session_type for room in installed()}


def element_with(row: Row, value: str) -> str:
    attribute = f'{row.attribute}="{value}"' if row.attribute else ""
    return f"<{row.element} {attribute}/>"


def document_with(row: Row, value: str) -> bytes:
    """A document that has what a row speaks of, where Tsung would take it."""
    element = element_with(row, value)
    if row.element == "tsung":
        return document(attributes=f'{row.attribute}="{value}"')
    if row.element == "option":
        return document(options=element)
    if row.element in ("client", "ip"):
        inner = element if row.element == "client" else f'<client host="a">{element}</client>'
        return document(clients=f"<clients>{inner}</clients>")
    if row.element == "server":
        element = element.replace("<server", '<server host="a" port="1"')
        return document(servers=f"<servers>{element}</servers>")
    if row.element in ("match", "dyn_variable"):
        return document(steps=CONNECT.replace("<request>", f"<request>{element}"))
    return document(steps=CONNECT + element)


@pytest.mark.parametrize(
    ("row", "value"),
    [
        pytest.param(row, value, id=f"{row.element} {row.attribute} {value}".strip())
        for row in ROWS
        for value in row.values or ("",)
    ],
)
def test_every_row_of_the_table_speaks(row: Row, value: str) -> None:
    """What changes the load stops the run; what adds none is said, and the run starts."""
    data = document_with(row, value)
    name = f"<{row.element} {row.attribute}".strip()
    if row.refused:
        found = next(each for each in faults(data) if each.text.startswith(name))
        assert "not supported" in found.text
        assert found.cure
    else:
        (warning,) = read(data).warnings
        assert warning.text.startswith(name)
        assert "has no effect" in warning.text


def test_rows_are_of_tsungs_vocabulary() -> None:
    """A row for something that does not exist would never speak."""
    for row in ROWS:
        assert not row.attribute or row.attribute in ELEMENTS[row.element].attributes
        if row.element == "option":
            assert set(row.values) <= set(UNTYPED_OPTIONS)


def test_a_typed_option_is_not_its_untyped_namesake() -> None:
    """`global_number` is two options; only one of them is in the table."""
    option = '<option type="ts_jabber" name="global_number" value="5"/>'
    (warning,) = warnings(options=option)
    assert "ts_jabber is not supported yet" in warning


def test_unknown_attributes_are_said_and_ignored() -> None:
    """They add no load; Tsung would refuse the file."""
    found = warnings(
        attributes='mood="good"',
        load=LOAD.replace("<load>", '<load colour="red">'),
    )
    assert found == [
        "test.xml:2: <tsung> has no attribute mood; it is ignored",
        "test.xml:6: <load> has no attribute colour; it is ignored",
    ]


def test_stray_text_is_said_and_ignored() -> None:
    """`--` left over from a comment, say."""
    assert warnings(load=LOAD.replace("</load>", " --&gt; </load>")) == [
        "test.xml:6: the text “-->” in <load> is ignored"
    ]


def test_another_order_is_said_and_read() -> None:
    """Tsung's document type wants an order that changes nothing here."""
    data = document(
        servers="", monitoring='<servers><server host="h" port="1" type="tcp"/></servers>'
    )
    clients = b'<clients><client host="localhost"/></clients>'
    data = data.replace(clients, b"").replace(b"</servers>", b"</servers>" + clients)
    configuration = read(data)
    (warning,) = configuration.warnings
    assert "<clients> stands after <servers>" in warning.text
    assert configuration.plan == plan(
        servers='<servers><server host="h" port="1" type="tcp"/></servers>'
    )


def test_information_is_for_people() -> None:
    """Whatever stands there is none of our business."""
    element = "<information><description>What <b>this</b> is</description></information>"
    assert warnings(clients=f'{element}<clients><client host="localhost"/></clients>') == []


def test_the_words_of_the_run_are_checked_where_it_says_them() -> None:
    """Level, dump and backend are what a user turns first."""
    assert plan(attributes='loglevel="debug"').log_level == 7
    assert plan(attributes='loglevel="emergency"').log_level == 0
    assert plan().log_level == 5
    assert warnings(attributes='dumptraffic="false" backend="text" version="1.0"') == []


@pytest.mark.parametrize("kind", sorted(set(PROTOCOL_ELEMENTS) - INSTALLED))
def test_tsungs_other_session_types_are_refused_by_name(kind: str) -> None:
    """Once a session, whatever it is made of."""
    element = PROTOCOL_ELEMENTS[kind]
    session = (
        f'<session name="s" weight="1" type="{kind}"><request><{element}/></request></session>'
    )
    (found,) = faults(document(sessions=session))
    assert found.text == f"sessions of type {kind} are not supported by this version of pytsung"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind, names in TYPED_OPTIONS.items()
        for name in names
        if kind not in INSTALLED
    ],
)
def test_typed_options_without_their_sessions_add_no_load(kind: str, name: str) -> None:
    """Whoever plays WebSocket sessions may have left an HTTP option in the file."""
    (warning,) = warnings(options=f'<option type="{kind}" name="{name}" value="5"/>')
    assert f"the option {name} has no effect" in warning


def test_every_untyped_option_is_known() -> None:
    """None of Tsung's own may be taken for a slip of the pen."""
    refused = {
        value for row in ROWS if row.element == "option" and row.refused for value in row.values
    }
    with_value = {"file_server", "local_file_server", "threshold"}  # these need one
    for name in set(UNTYPED_OPTIONS) - refused - with_value:
        found = warnings(options=f'<option name="{name}"/>')
        assert not any("there is no option" in text for text in found)
