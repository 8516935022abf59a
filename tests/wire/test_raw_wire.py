"""Raw, file and shell sessions are written for Tsung, too: bytes and counters must be its own."""

from __future__ import annotations

import shutil
import socket

import pytest

from pytsung.config import read_configuration
from tests.wire.raw_recording import RawRecorder
from tests.wire.raw_wire import COUNTED, SETTINGS, RawCase, compare, document, judge, marked


def test_every_case_is_a_configuration_of_ours() -> None:
    """Without Tsung at hand it can still be seen that the cases mean something."""
    names = []
    for setting in SETTINGS:
        text = document((setting.kind, 7), setting.options, "ts_raw", marked(setting))
        assert len(read_configuration(text.encode(), name="raw").plan.sessions) == len(
            setting.cases
        )
        names += [(setting.kind, case.name) for case in setting.cases]
    for kind, cases in COUNTED:
        sessions = [(f"s{at}", case.steps) for at, case in enumerate(cases)]
        read_configuration(document(("erlang", 80), "", kind, sessions).encode(), name=kind)
        names += [(kind, case.name) for case in cases]
    assert len(set(names)) == len(names) >= 40


def test_a_difference_is_seen() -> None:
    """A comparison that cannot fail says nothing."""
    same, fixed = RawCase("same", ""), RawCase("fixed", "", "a fix")
    one, other = [b"x"], [b"y"]
    assert judge(same, one, one, one) == ""
    assert judge(fixed, one, other, one) == ""
    assert judge(same, one, other, one) == "Tsung [b'x'], we [b'y']"
    assert "with --tsung-quirks" in judge(same, one, one, other)
    assert "nothing shows the fix" in judge(fixed, one, one, one)
    assert judge(same, None, one, one) == "Tsung sent nothing"


def test_what_comes_is_written_down_by_session() -> None:
    """A connection without a mark belongs to the session before it."""
    with RawRecorder() as recorder:
        for data in (b"(c0)one", b"two", b"(c1)three"):
            with socket.create_connection(("127.0.0.1", recorder.ports["A"])) as connection:
                connection.sendall(data)
                assert connection.recv(100) == b"ok"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.settimeout(10)
            datagrams.connect(("127.0.0.1", recorder.ports["U"]))
            for data in (b"(c2)", b"four"):
                datagrams.send(data)
                assert datagrams.recv(100) == b"ok"
        assert recorder.by_session() == {
            "c0": [b"(c0)one", b"two"],
            "c1": [b"(c1)three"],
            "c2": [b"(c2)|four|"],
        }


@pytest.mark.conformance
def test_every_byte_is_tsungs() -> None:
    """But for the documented fixes, which `--tsung-quirks` takes back."""
    if shutil.which("tsung") is None:
        pytest.skip("tsung is not installed, nothing is compared with it: apt-get install tsung")
    assert [(name, fault) for name, fault in compare() if fault] == []
