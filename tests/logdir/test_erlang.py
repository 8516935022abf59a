"""Other people's parsers read `tsung.log`: its numbers and names must look as Tsung writes them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.logdir.erlang import format_date, format_float, format_name, format_timestamp


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (20.0, "20.0"),
        (433.83975307422776, "433.83975307422776"),
        (1.0e5, "1.0e5"),
        (1.0e-5, "1.0e-5"),
        (123456.0, "123456.0"),
        (0.0001, "0.0001"),
        (0.00012, "1.2e-4"),
        (0.001, "0.001"),
        (100.0, "100.0"),
        (1000.0, "1.0e3"),
        (1500.0, "1.5e3"),
        (1510.25, "1510.25"),
        (23353.74609375, "23353.74609375"),
        (1.0e22, "1.0e22"),
        (0.0, "0.0"),
        (3, "3.0"),
        (-1500.0, "-1.5e3"),
    ],
)
def test_floats_are_spelled_as_erlang_spells_them(value: float, text: str) -> None:
    """Seen at Erlang/OTP 25, which Tsung prints its figures with."""
    assert format_float(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_spelled_float_reads_back_as_itself(value: float) -> None:
    """Shortest, but never shorter than the number is; always with a point and digits beside it."""
    text = format_float(value)
    assert math.copysign(1, float(text)) == math.copysign(1, value)
    assert float(text) == value
    before, point, after = text.lstrip("-").partition(".")
    assert point
    assert before.isdigit()
    assert after[0].isdigit()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("size_rcv", "size_rcv"),
        ("tr_x@y", "tr_x@y"),
        ("200", "200"),
        ('{cpu,"os_mon@web-1.example"}', '{cpu,"os_mon@web-1.example"}'),
        ("tr_log in", "'tr_log in'"),
        ("tr_a-b", "'tr_a-b'"),
        ("tr_it's", r"'tr_it\'s'"),
        ("tr_two\nlines", r"'tr_two\nlines'"),
        ("error_connect_{tls_alert,x}", "'error_connect_{tls_alert,x}'"),
        ("Upper", "'Upper'"),
    ],
)
def test_names_are_quoted_only_where_erlang_does(name: str, text: str) -> None:
    """A name with a space and no quotes would shift every column; a line feed would be a line."""
    assert format_name(name) == text


def test_a_timestamp_is_an_erlang_triple() -> None:
    """`EndMonitor` is read back as megaseconds, seconds and microseconds."""
    assert format_timestamp(1795421264.775999) == "{1795,421264,775999}"
    assert format_timestamp(1700000000.9999999) == "{1700,1,0}"


def test_a_date_is_english_and_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log entries are searched by this date; a locale must not translate its month."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert format_date(1795421233) == "23-Nov-2026::08:07:13"
