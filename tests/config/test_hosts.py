"""Where users come from and go to: a wrong host here would load somebody else's machine."""

from __future__ import annotations

import pytest

from pytsung.plan import AgentHost, Endpoint, Target, Transport
from tests.config.configurations import document, fault, plan, read, session


def clients(inner: str) -> str:
    return f"<clients>{inner}</clients>"


def servers(inner: str) -> str:
    return f"<servers>{inner}</servers>"


def test_a_client_has_tsungs_defaults() -> None:
    """A configuration says little, and Tsung's defaults are part of what it means."""
    assert plan().agent_hosts == (AgentHost("localhost", workers=1, max_users=800, weight=1.0),)


def test_a_client_is_read_whole() -> None:
    """Every attribute changes how many users a host gets and where they come from."""
    element = (
        '<client host="w1" cpu="4" maxusers="64000" weight="3" type="machine">'
        '<ip value="10.0.0.1"/><ip value="::1"/></client>'
    )
    assert plan(clients=clients(element)).agent_hosts == (
        AgentHost("w1", 4, 64000, 3.0, ("10.0.0.1", "::1")),
    )


@pytest.mark.parametrize("host", ["root@w1", "w1:2222", "me.too@10.0.0.1:22", "[::1]:2222", "::1"])
def test_a_client_may_name_user_and_port(host: str) -> None:
    """Where there is no SSH configuration to say it: containers, mostly."""
    assert plan(clients=clients(f'<client host="{host}"/>')).agent_hosts[0].name == host


def test_a_batch_client_stands_for_the_hosts_of_a_job() -> None:
    """Which they are is known where the test is started, not where it is written."""
    element = '<client type="batch" batch="torque" maxusers="3000"/>'
    (host,) = plan(clients=clients(element)).agent_hosts
    assert (host.batch, host.max_users) == ("torque", 3000)


def test_one_client_in_the_controller_means_all() -> None:
    """Tsung's flag is for the whole configuration, wherever it stands."""
    hosts = plan(
        clients=clients('<client host="a"/><client host="b" cpu="2" use_controller_vm="true"/>')
    ).agent_hosts
    assert [host.use_controller_vm for host in hosts] == [True, True]
    assert [host.workers for host in hosts] == [1, 2]


def test_an_address_range_is_kept_as_written() -> None:
    """Its parts are drawn from at each connect, so it must reach the agents whole."""
    element = '<client host="w1"><iprange version="v4" value="10.0.0-3.1-254"/></client>'
    assert plan(clients=clients(element)).agent_hosts[0].source_range == "10.0.0-3.1-254"


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ("", "there is no <client>"),
        ('<client cpu="2"/>', "needs the attribute host"),
        ('<client host="http://w1/"/>', 'host="http://w1/"'),
        ('<client host="w1" cpu="0"/>', 'cpu="0"'),
        ('<client host="w1" cpu="two"/>', 'cpu="two"'),
        ('<client host="w1" maxusers="-1"/>', 'maxusers="-1"'),
        ('<client host="w1" weight="0"/>', "weight 0"),
        ('<client host="w1" type="cloud"/>', 'type="cloud"'),
        ('<client host="w1" use_controller_vm="yes"/>', 'use_controller_vm="yes"'),
        ('<client type="batch"/>', "needs the attribute batch"),
        ('<client type="batch" batch="condor"/>', 'batch="condor"'),
        ('<client type="batch" batch="pbs" scan_intf="eth0"/>', 'scan_intf="eth0"'),
        ('<client host="a@b@c"/>', 'host="a@b@c"'),
        ('<client host="w1"><ip value="w1.example"/></client>', 'value="w1.example"'),
        ('<client host="w1"><ip value="resolve"/></client>', 'value="resolve"'),
        ('<client host="w1"><ip scan="true" value="eth0"/></client>', 'scan="true"'),
        ('<client host="w1"><ip/></client>', "needs the attribute value"),
        ('<client host="w1"><iprange value="10.0.0"/></client>', 'value="10.0.0"'),
        ('<client host="w1"><iprange value="10.0.0.9-2"/></client>', 'value="10.0.0.9-2"'),
        ('<client host="w1"><iprange value="10.0.0.256"/></client>', 'value="10.0.0.256"'),
    ],
)
def test_a_wrong_client_is_refused_at_its_line(element: str, words: str) -> None:
    """A host that is silently left out would halve a test."""
    message = fault(clients=clients(element))
    assert message.startswith("test.xml:3: ")
    assert words in message
    assert "; " in message


@pytest.mark.parametrize(
    ("kind", "transport", "ipv6"),
    [
        ("tcp", Transport.TCP, False),
        ("tcp6", Transport.TCP, True),
        ("ssl", Transport.TLS, False),
        ("ssl6", Transport.TLS, True),
        ("'tcp'", Transport.TCP, False),
        ("udp", Transport.UDP, False),
        ("udp6", Transport.UDP, True),
        ("websocket", Transport.WEBSOCKET, False),
        ("ws", Transport.WEBSOCKET, False),
        ("websocket_ssl", Transport.WEBSOCKET_TLS, False),
        ("wss", Transport.WEBSOCKET_TLS, False),
    ],
)
def test_a_server_says_how_it_is_reached(kind: str, transport: Transport, ipv6: bool) -> None:
    """Tsung's type holds two things: what is on the wire, and the family of addresses."""
    element = f'<server host="h" port="443" type="{kind}"/>'
    assert plan(servers=servers(element)).targets == (
        Target(Endpoint("h", 443, transport, ipv6), 1.0),
    )


def test_servers_have_weights() -> None:
    """Users are spread over targets by weight, which may be any number."""
    elements = '<server host="a" port="1" type="tcp" weight="2.5"/>'
    elements += '<server host="::1" port="2" type="tcp" weight="0"/>'
    targets = plan(servers=servers(elements)).targets
    assert [target.weight for target in targets] == [2.5, 0.0]
    assert str(targets[1].endpoint) == "[::1]:2"


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ("", "there is no <server>"),
        ('<server port="1" type="tcp"/>', "needs the attribute host"),
        ('<server host="h" type="tcp"/>', "needs the attribute port"),
        ('<server host="h" port="1"/>', "needs the attribute type"),
        ('<server host="h" port="0" type="tcp"/>', 'port="0"'),
        ('<server host="h" port="65536" type="tcp"/>', 'port="65536"'),
        ('<server host="h" port="${PORT}" type="tcp"/>', 'port="${PORT}"; fill in the template'),
        ('<server host="${HOST}" port="1" type="tcp"/>', 'host="${HOST}"; fill in the template'),
        ('<server host="%HOST%" port="1" type="tcp"/>', "fill in the template"),
        ('<server host="h:80" port="1" type="tcp"/>', 'write host="h" port="80"'),
        ('<server host="::g" port="1" type="tcp"/>', "a name with a port"),
        ('<server host="h" port="1" type="sctp"/>', 'type="sctp"'),
        ('<server host="h" port="1" type="tcp" weight="0"/>', "weight 0"),
        ('<server host="h" port="1" type="tcp" weight="-2"/>', 'weight="-2"'),
        ('<server host="h" port="1" type="bosh"/>', 'type="bosh"'),
        ('<server host="h" port="1" type="bosh_ssl"/>', 'type="bosh_ssl"'),
    ],
)
def test_a_wrong_server_is_refused_at_its_line(element: str, words: str) -> None:
    """A target that is guessed at is a target that nobody agreed to load."""
    message = fault(servers=servers(element))
    assert message.startswith("test.xml:4: ")
    assert words in message
    assert "; " in message


def raw_session(kind: str = "ts_raw", inner: str = '<raw ack="no_ack" data="x"/>') -> str:
    """A session of one request."""
    request = f"<request>{inner}</request>"
    return f'<session name="one" weight="1" type="{kind}">{request}</session>'


def test_a_server_of_type_erlang_is_for_those_who_need_none() -> None:
    """Files and commands; anybody else would talk to nobody."""
    erlang = servers('<server host="h" port="0" type="erlang"/>')
    files = raw_session("ts_fs", '<fs path="/tmp/a"/>')
    assert plan(servers=erlang, sessions=files).targets[0].endpoint.transport is Transport.LOCAL
    assert "nobody answers ts_raw at a <server> of type erlang" in fault(
        servers=erlang, sessions=raw_session()
    )
    change = '<change_type new_type="{}" host="h" port="1" server_type="erlang"/>'
    steps = change.format("ts_shell") + '<request><shell cmd="true"/></request>'
    assert plan(sessions=session(steps)).sessions
    steps = change.format("ts_raw")
    assert "nobody answers ts_raw" in fault(sessions=session(steps))


def test_a_websocket_in_a_websocket_is_odd() -> None:
    """It is played as it stands; the writer will hardly have meant it."""
    found = read(document(servers=servers('<server host="h" port="1" type="wss"/>'))).warnings
    assert any("opens a WebSocket in a WebSocket" in str(each) for each in found)
    raw = document(servers=servers('<server host="h" port="1" type="ws"/>'), sessions=raw_session())
    assert not read(raw).warnings
