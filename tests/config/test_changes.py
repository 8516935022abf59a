"""What a session changes on its way is read as Tsung reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytsung.config import read_configuration
from pytsung.errors import ConfigurationError
from pytsung.plan import (
    Barrier,
    CarriedFile,
    ChangeType,
    Interaction,
    Plan,
    RateLimit,
    SessionStep,
    SetCertificate,
    SetConnectTimeout,
    SetRateLimit,
    Transport,
    WaitForAll,
)
from tests.config.configurations import CONNECT, document, fault, plan

HERE = 'host="a" port="80" server_type="tcp"'
THERE = 'host="%%_h%%" port="%%_p%%" server_type="ssl6"'
ALL = 'store="true" restore="true" bidi="true"'


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (
            f'<change_type new_type="ts_websocket" {HERE}/>',
            ChangeType("ts_websocket", "a", "80"),
        ),
        (
            f"<change_type new_type='ts_websocket' {THERE} {ALL}/>",
            ChangeType(
                "ts_websocket",
                "%%_h%%",
                "%%_p%%",
                Transport.TLS,
                ipv6=True,
                store=True,
                restore=True,
                bidirectional=True,
            ),
        ),
        ('<set_option name="rate_limit" value="64"/>', SetRateLimit(RateLimit(65000.0, 65536.0))),
        (
            '<set_option name="rate_limit" value="1000" max="2000"/>',
            SetRateLimit(RateLimit(1024000.0, 2048000.0)),
        ),
        ('<set_option name="connect_timeout" value="1500"/>', SetConnectTimeout(1.5)),
        ('<interaction action="send" id="x"/>', Interaction("x", is_send=True)),
        ('<interaction action="receive" id="x"/>', Interaction("x", is_send=False)),
        ('<thinktime value="wait_global"/>', WaitForAll()),
    ],
)
def test_a_change_is_read(text: str, step: SessionStep) -> None:
    """Every attribute, with Tsung's defaults."""
    assert plan(steps=CONNECT + text).sessions[0].steps[1] == step


def with_certificate(directory: Path, text: str) -> Plan:
    path = directory / "test.xml"
    steps = f"<set_option name='certificate'><certificate {text}/></set_option>"
    path.write_bytes(document(steps=CONNECT + steps))
    return read_configuration(path).plan


def test_certificates_travel_with_the_plan(tmp_path: Path) -> None:
    """A name with variables stands for all files that it may become, and for no others."""
    for name in ("ca.pem", "user-1.pem", "user-2.pem", "other.key"):
        (tmp_path / name).write_text(name)
    text = 'certfile="user-%%_n%%.pem" keypass="p" cacertfile="ca.pem"'
    found = with_certificate(tmp_path, text)
    assert found.sessions[0].steps[1] == SetCertificate("user-%%_n%%.pem", "", "p", "ca.pem")
    assert found.certificates == (
        CarriedFile.of("user-1.pem", b"user-1.pem"),
        CarriedFile.of("user-2.pem", b"user-2.pem"),
        CarriedFile.of("ca.pem", b"ca.pem"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('certfile="gone.pem"', "gone.pem cannot be read"),
        ('certfile="gone-%%_n%%.pem"', "gone-%%_n%%.pem cannot be read"),
        ('certfile="%%_n%%"', "may be any file"),
    ],
)
def test_certificates_that_cannot_be_sent_are_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    """Before the first user needs one."""
    with pytest.raises(ConfigurationError) as caught:
        with_certificate(tmp_path, text)
    assert words in str(caught.value)


def test_requests_after_a_change_are_of_the_new_type() -> None:
    """And of the old one before it."""
    change = f'<change_type new_type="ts_websocket" {HERE}/>'
    assert len(plan(steps=CONNECT + change + CONNECT).sessions[0].steps) == 3


def test_options_of_rate_and_barrier() -> None:
    """The last setting wins, and the barrier is the whole test's."""
    options = (
        '<option name="rate_limit"/><option name="global_number" value="5"/>'
        '<option name="global_number" value="7"/>'
        '<option name="global_ack_timeout" value="2500"/>'
    )
    found = plan(options=options)
    assert found.barrier == Barrier(7, 2.5)
    assert found.sessions[0].options.barrier_timeout == 2.5
    assert found.sessions[0].options.rate_limit == RateLimit(524000.0, 524288.0)
    assert plan().barrier == Barrier(100, 3600.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<change_type new_type="ts_gopher" host="a" port="1"/>', "no session type ts_gopher"),
        ('<change_type new_type="ts_websocket" port="1"/>', "needs the attribute host"),
        ('<set_option name="retry_timeout" value="1"/>', 'name="retry_timeout"'),
        ('<set_option value="1"/>', "needs the attribute name"),
        ('<set_option name="certificate"/>', "has no one <certificate>"),
        ('<set_option name="user_agent" type="ts_http"/>', "of a protocol's option"),
        ('<set_option name="rate_limit" value="0"/>', 'value="0"'),
        ('<interaction id="x"/>', "needs the attribute action"),
        ('<interaction action="send"/>', "needs the attribute id"),
        (f'<change_type new_type="ts_websocket" {HERE.replace("80", "%%a:b%%")}/>', "%%a:b%%"),
    ],
)
def test_a_wrong_change_is_refused(text: str, words: str) -> None:
    """By name, at its line."""
    found = fault(steps=CONNECT + text)
    assert words in found
    assert found.startswith("test.xml:8:")
