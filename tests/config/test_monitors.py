"""Monitored hosts: how each is asked is settled when the configuration is read."""

from __future__ import annotations

import pytest

from pytsung.plan import Monitor, MysqlAdmin, SnmpAccess, SnmpObject
from tests.config.configurations import fault, plan, warnings


def monitors(inner: str) -> tuple[Monitor, ...]:
    return plan(monitoring=f"<monitoring>{inner}</monitoring>").monitors


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ('<monitor host="web1"/>', Monitor("web1")),
        ('<monitor host="me@web1:2222" type="erlang"/>', Monitor("me@web1:2222")),
        (
            '<monitor host="db"><mysqladmin password="x"/></monitor>',
            Monitor("db", mysql=MysqlAdmin(3306, "root", "x")),
        ),
        (
            '<monitor host="db"><mysqladmin port="3307" username="u"/></monitor>',
            Monitor("db", mysql=MysqlAdmin(3307, "u", "")),
        ),
        ('<monitor host="db" type="snmp"/>', Monitor("db", "snmp")),
        (
            '<monitor host="db" type="snmp"><snmp port="1161"/></monitor>',
            Monitor("db", "snmp", snmp=SnmpAccess(1161, "public", 1)),
        ),
        (
            '<monitor host="db" type="snmp"><snmp version="v2" community="c"/></monitor>',
            Monitor("db", "snmp", snmp=SnmpAccess(161, "c", 2)),
        ),
        ('<monitor host="c" type="munin"/>', Monitor("c", "munin")),
        (
            '<monitor host="c" type="munin"><munin port="14949"/></monitor>',
            Monitor("c", "munin", munin_port=14949),
        ),
        ('<monitor host="oar" batch="true"/>', Monitor("hosts of oar", batch="oar")),
    ],
)
def test_each_way_of_asking(element: str, expected: Monitor) -> None:
    """Defaults are Tsung's, those of SNMP's version included: 1 with `<snmp>`, 2c without."""
    assert monitors(element) == (expected,)


def test_figures_of_ones_own() -> None:
    """The kinds that `<oid>` has, and Erlang as people write it there."""
    rows = (
        '<oid value="1.3.6.1.4.1.42.2.1.0" name="heapused" type="sample" '
        'eval="fun(X)-> X/100 end."/>'
        '<oid value=".1.3.6.1" name="hits" type="counter"/><oid value="1.3" name="s" type="sum"/>'
    )
    (monitor,) = monitors(f'<monitor host="db" type="snmp"><snmp>{rows}</snmp></monitor>')
    assert monitor.snmp.objects == (
        SnmpObject("1.3.6.1.4.1.42.2.1.0", "heapused", "sample", "fun(X)-> X/100 end."),
        SnmpObject("1.3.6.1", "hits", "sample_counter"),
        SnmpObject("1.3", "s", "sum"),
    )


def own_figure(attributes: str) -> str:
    return f'<monitor host="a" type="snmp"><snmp><oid value="1.3" {attributes}/></snmp></monitor>'


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ('<monitor type="munin"/>', "needs the attribute host"),
        ('<monitor host="a b"/>', 'has host="a b"'),
        ('<monitor host="u@h" type="munin"/>', 'has host="u@h"'),
        ('<monitor host="a" type="nagios"/>', 'type="nagios"'),
        ('<monitor host="sge" batch="true"/>', 'host="sge"'),
        ('<monitor host="a"><mysqladmin port="0"/></monitor>', 'port="0"'),
        ('<monitor host="a"><mysqladmin/><mysqladmin/></monitor>', "one <mysqladmin>"),
        ('<monitor host="a" type="snmp"><snmp version="v3"/></monitor>', 'version="v3"'),
        (
            '<monitor host="a" type="snmp"><snmp><oid value="sysDescr" name="x"/></snmp></monitor>',
            'value="sysDescr"',
        ),
        (
            '<monitor host="a" type="snmp"><snmp><oid value="1.3" name="a b"/></snmp></monitor>',
            'name="a b"',
        ),
        (
            own_figure('name="x" eval="fun(X) -> os:cmd(X) end."'),
            "os:cmd",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_line(element: str, words: str) -> None:
    """A slip here would cost a night's figures, and be seen in the morning."""
    message = fault(monitoring=f"<monitoring>{element}</monitoring>")
    assert message.startswith("test.xml:5: ")
    assert words in message


def test_what_belongs_to_another_way_is_said() -> None:
    """Somebody who writes `<munin>` and forgets the type would wait for munin's figures."""
    element = '<monitoring><monitor host="a"><munin port="1"/></monitor></monitoring>'
    (warning,) = warnings(monitoring=element)
    assert '<munin> has no meaning in <monitor type="erlang">' in warning
