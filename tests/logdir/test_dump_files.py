"""`tsung.dump` is Tsung's, to the character, in each of its four forms."""

from __future__ import annotations

from pathlib import Path

from pytsung.control.records import Exchange, TrafficEvent, TrafficKind
from pytsung.logdir.dump_files import HEADER, DumpFiles
from pytsung.plan import Dump

ORIGIN = 1_700_000_000.0
EVENTS = (
    TrafficEvent(1.5, TrafficKind.STARTED, 9, 2),
    TrafficEvent(2.0, TrafficKind.SENT, 9, 2, "GET / HTTP/1.1\r\n\r\n"),
    TrafficEvent(2.25, TrafficKind.RECEIVED, 9, 2, "\xff" * 60),
    TrafficEvent(3.000001, TrafficKind.ENDED, 9, 2),
)
EXCHANGE = Exchange(
    2.435125,
    1,
    "get",
    "127.0.0.1",
    "/index.html",
    "200",
    313,
    0.016919,
    "tr_home",
    "nomatch",
    "",
    "front",
)


def test_traffic_is_written_as_it_went_over_the_wire(tmp_path: Path) -> None:
    """Bytes stay bytes; nothing is escaped."""
    files = DumpFiles(tmp_path, Dump.TRAFFIC)
    files.traffic(EVENTS, ORIGIN)
    files.close()
    assert (tmp_path / "tsung.dump").read_bytes() == (
        b"NewClient:1700000001.5:2\nload:1\n"
        b"Send:1700000002.0:<0.9.0>:GET / HTTP/1.1\r\n\r\n\n"
        b"Recv:1700000002.25:<0.9.0>:" + b"\xff" * 60 + b"\n"
        b"EndClient:1700000003.000001:9\nload:0\n"
    )


def test_light_lines_have_44_characters_of_data(tmp_path: Path) -> None:
    """No more, and no less: scripts cut by column."""
    files = DumpFiles(tmp_path, Dump.LIGHT)
    files.traffic(EVENTS[1:3], ORIGIN)
    files.close()
    text = (tmp_path / "tsung.dump").read_bytes()
    assert text == (
        b"Send:1700000002.0:<0.9.0>:GET / HTTP/1.1\r\n\r\n" + b" " * 26 + b"\n"
        b"Recv:1700000002.25:<0.9.0>:" + b"\xff" * 44 + b"\n"
    )


def test_an_exchange_is_a_line_of_thirteen_columns(tmp_path: Path) -> None:
    """The line of Tsung's own sample, from its figures."""
    files = DumpFiles(tmp_path, Dump.PROTOCOL)
    files.exchanges(1, [EXCHANGE], ORIGIN)
    files.close()
    assert (tmp_path / "tsung.dump").read_text() == (
        f"{HEADER}1700000002.435125;<0.1.0>;1;get;127.0.0.1;/index.html;200;313;16.919;"
        "tr_home;nomatch;;front\n"
    )


def test_each_agent_has_a_file_of_its_own_without_a_header(tmp_path: Path) -> None:
    """As under Tsung, but that they lie together."""
    files = DumpFiles(tmp_path, Dump.PROTOCOL_LOCAL)
    files.exchanges(2, [EXCHANGE], ORIGIN)
    files.exchanges(1, [EXCHANGE, EXCHANGE], ORIGIN)
    files.close()
    assert (tmp_path / "tsung.dump").read_bytes() == b""
    lines = {n: (tmp_path / f"tsung-{n}.dump").read_text().splitlines() for n in (1, 2)}
    assert len(lines[1]) == 2
    assert lines[2] == lines[1][:1]
    assert lines[2][0].count(";") == 12
