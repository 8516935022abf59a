"""Where figures go is settled before a run begins: a slip there must not cost an hour's test."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytsung.cli import arguments
from pytsung.cli.exports import check_exports, open_lines
from pytsung.dashboard.line_client import LineProtocolClient
from pytsung.errors import UsageError
from pytsung.logdir.line_protocol import LineProtocolFile


def asked(*words: str) -> arguments.Arguments:
    return arguments.parse([*words, "start"], {})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--influx", "ftp://127.0.0.1/x"], "not a URL to send to; write http://127.0.0.1:8086"),
        (["--otlp", "127.0.0.1:4318"], "not a URL to send to; write http://127.0.0.1:4318"),
        (["--otlp", "http://192.0.2.1:4318"], "PYTSUNG_LOOPBACK_ONLY forbids 192.0.2.1"),
        (["--influx", "http://192.0.2.1/write"], "PYTSUNG_LOOPBACK_ONLY forbids 192.0.2.1"),
    ],
)
def test_what_cannot_be_sent_to_is_refused(
    monkeypatch: pytest.MonkeyPatch, words: list[str], says: str
) -> None:
    """With its cure, and before there is a log directory."""
    monkeypatch.setenv("PYTSUNG_LOOPBACK_ONLY", "1")
    with pytest.raises(UsageError) as caught:
        check_exports(asked(*words))
    assert says in str(caught.value)


def test_lines_go_to_a_file_or_to_a_url(tmp_path: Path) -> None:
    """One option for both: who knows the file knows the URL."""
    check_exports(asked("--influx", "http://127.0.0.1:8086/write"))
    assert open_lines(asked(), "run") is None
    lines = open_lines(asked("--influx", str(tmp_path / "run.lp")), "run")
    assert isinstance(lines, LineProtocolFile)
    lines.close()
    assert isinstance(open_lines(asked("--influx", "http://h/write"), "run"), LineProtocolClient)
