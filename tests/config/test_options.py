"""How connections behave: an option that is lost makes another test of it, silently."""

from __future__ import annotations

import pytest

from pytsung.plan import ConnectionOptions, TlsOptions, WebSocketOptions
from pytsung.protocols.websocket.requests import PushOptions
from tests.config.configurations import document, fault, plan, read, session, warnings


def option(name: str, value: str | None = None, more: str = "") -> str:
    text = "" if value is None else f'value="{value}"'
    return f'<option name="{name}" {text} {more}/>'


def options_of(inner: str) -> ConnectionOptions:
    return plan(options=inner).sessions[0].options


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("", ConnectionOptions()),
        (option("connect_timeout", "2500"), ConnectionOptions(connect_timeout=2.5)),
        (option("connect_timeout", "infinity"), ConnectionOptions(connect_timeout=None)),
        (option("idle_timeout", "1500.5"), ConnectionOptions(idle_timeout=1.5005)),
        (option("idle_timeout"), ConnectionOptions(idle_timeout=600.0)),
        (option("max_retries", "0"), ConnectionOptions(max_retries=0)),
        (option("retry_timeout", "20"), ConnectionOptions(retry_delay=0.02)),
        (option("tcp_rcv_buffer", "4096"), ConnectionOptions(receive_buffer=4096)),
        (option("tcp_snd_buffer", "8192"), ConnectionOptions(send_buffer=8192)),
        (option("udp_rcv_buffer", "4096"), ConnectionOptions(datagram_receive_buffer=4096)),
        (option("udp_snd_buffer", "8192"), ConnectionOptions(datagram_send_buffer=8192)),
        (
            option("websocket_path", "/ws?a=b") + option("websocket_frame", "text"),
            ConnectionOptions(websocket=WebSocketOptions("/ws?a=b", is_text=True)),
        ),
        (
            option("websocket_subprotocols", "xmpp, mqtt") + option("websocket_origin", "http://o"),
            ConnectionOptions(
                websocket=WebSocketOptions(subprotocols="xmpp, mqtt", origin="http://o")
            ),
        ),
        (option("tcp_reuseaddr", "true"), ConnectionOptions(reuse_address=True)),
        (option("tcp_reuseport", "'true'"), ConnectionOptions(reuse_port=True)),
        (option("ip_transparent", "true"), ConnectionOptions(transparent=True)),
        (option("ports_range"), ConnectionOptions(source_ports=(1025, 65534))),
        (
            option("ports_range", "on", 'min="5000" max="6000"'),
            ConnectionOptions(source_ports=(5000, 6000)),
        ),
        (option("ports_range") + option("ports_range", "off"), ConnectionOptions()),
        (option("ssl_versions", "'tlsv1.2'"), ConnectionOptions(tls=TlsOptions(("tlsv1.2",)))),
        (
            option("ssl_versions", "tlsv1.2, tlsv1.3"),
            ConnectionOptions(tls=TlsOptions(("tlsv1.2", "tlsv1.3"))),
        ),
        (
            option("ssl_ciphers", "AES128-SHA, AES256-SHA:DEFAULT"),
            ConnectionOptions(tls=TlsOptions(ciphers="AES128-SHA:AES256-SHA:DEFAULT")),
        ),
        (
            option("ssl_reuse_sessions", "false"),
            ConnectionOptions(tls=TlsOptions(reuse_sessions=False)),
        ),
        (option("ssl_disable_sni", "true"), ConnectionOptions(tls=TlsOptions(send_sni=False))),
        (option("ssl_disable_sni", "false"), ConnectionOptions()),
        (option("hibernate", "infinity"), ConnectionOptions()),
        (option("ip_bind_address_no_port", "true"), ConnectionOptions()),
    ],
)
def test_options_reach_the_plan(inner: str, expected: ConnectionOptions) -> None:
    """Each in our own words and units: milliseconds stop here."""
    assert options_of(inner) == expected


def test_options_hold_for_the_sessions_after_them() -> None:
    """As in Tsung, where a session takes what is in force when it is read."""
    blocks = f"{session(name='a')}</sessions><options>{option('max_retries', '9')}</options>"
    blocks += f"<sessions>{session(name='b')}"
    sessions = plan(sessions=blocks).sessions
    assert [each.options.max_retries for each in sessions] == [3, 9]


def test_options_after_every_session_hold_for_none() -> None:
    """Nothing changes for the load, but the writer meant something by it."""
    data = document().replace(
        b"</tsung>", f"<options>{option('max_retries', '9')}</options></tsung>".encode()
    )
    configuration = read(data)
    assert configuration.plan.sessions[0].options == ConnectionOptions()
    assert any("so they hold for none" in str(each) for each in configuration.warnings)


def test_limits_belong_to_the_whole_test() -> None:
    """They are ours; each is read before the run, for a typing error must not pass as a limit."""
    first = option("threshold", "request: p(95)&lt;200 abort_on_fail")
    second = option("threshold", "error_closed: count&lt;1")
    wanted = ("request: p(95)<200 abort_on_fail", "error_closed: count<1")
    assert plan(options=first + second).thresholds == wanted
    assert plan().thresholds == ()
    assert "threshold 'request'" in fault(options=option("threshold", "request"))


def test_the_seed_is_the_plans() -> None:
    """A run can be repeated from its configuration; the command line's seed wins."""
    assert plan(options=option("seed", "42")).seed == 42
    assert read(document(options=option("seed", "42")), seed=7).plan.seed == 7
    assert plan().seed is None


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        (option("sed", "42"), "there is no option sed"),
        (option("bosh_path", "/b/"), 'name="bosh_path"> has no effect'),
        (option("heartbeat", more='type="ts_amqp"'), "the option heartbeat has no effect"),
        (option("seed", "1", 'colour="red"'), "<option> has no attribute colour"),
    ],
)
def test_what_changes_no_load_is_a_warning(inner: str, words: str) -> None:
    """The run starts, and the user knows what it leaves out."""
    found = [text for text in warnings(options=inner) if words in text]
    assert len(found) == 1
    assert found[0].startswith("test.xml:7: ")


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        (option("rate_limit", "0"), 'value="0"'),
        (option("file_server", "a.csv"), "the file a.csv cannot be read: No such file"),
        (option("file_server", "a.csv"), "put it beside the configuration"),
        (option("file_server", "/none/a.csv"), "correct the name, or put it there"),
        ('<option name="file_server"/>', "needs the attribute value"),
        (option("global_number", "0"), 'value="0"'),
        ('<option value="1"/>', "needs the attribute name"),
        (option("max_retries", "some"), 'value="some"'),
        (option("max_retries", ""), 'value=""'),
        (option("connect_timeout", "-5"), 'value="-5"'),
        (option("tcp_rcv_buffer", "0"), 'value="0"'),
        (option("tcp_reuseaddr", "yes"), 'value="yes"'),
        (option("ports_range", more='min="9000" max="80"'), "from 9000 to 80"),
        (option("ports_range", more='min="9000" max="70000"'), 'max="70000"'),
        (option("ports_range", "perhaps"), 'value="perhaps"'),
        (option("ssl_versions", "sslv3"), "no TLS version sslv3"),
        (option("ssl_ciphers", "ROT13"), "none of the ciphers ROT13"),
        (option("seed", "x"), 'value="x"'),
        (option("user_agents", more='type="ts_http"'), "ts_http has no option user_agents"),
        (option("seed", "1", 'type="ts_websocket"'), "ts_websocket has no option seed"),
        (option("thinktime", "1", 'min="1" max="2"'), "a value and a min or max"),
        (option("thinktime", more='min="3" max="2"'), "from 3 to 2"),
        (option("thinktime", more='min="3"'), "needs the attribute max"),
        (option("thinktime", "soon"), 'value="soon"'),
    ],
)
def test_a_wrong_option_is_refused_at_its_line(inner: str, words: str) -> None:
    """What changes the load, or cannot be understood, stops the run before it starts."""
    message = fault(options=inner)
    assert message.startswith("test.xml:7: ")
    assert words in message
    assert "; " in message


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("", ()),
        (option("push_latency", "true"), (PushOptions(latency=True),)),
        (option("push_latency", "true", 'type="ts_websocket"'), (PushOptions(latency=True),)),
        (
            option("push_latency", "true") + option("push_latency", "false"),
            (PushOptions(latency=False),),
        ),
    ],
)
def test_the_age_of_pushes_is_measured_where_it_is_asked_for(
    inner: str, expected: tuple[PushOptions, ...]
) -> None:
    """Ours, without a type: Tsung passes over such an option, and refuses a type of its own."""
    assert plan(options=inner).sessions[0].protocol_options == expected


def test_a_wrong_word_for_it_is_a_fault() -> None:
    """`yes` must not quietly mean no."""
    assert "true, false" in fault(options=option("push_latency", "yes"))
