"""InfluxDB, or whoever takes its lines, gets every second once, also after it was away."""

from __future__ import annotations

import pytest

from pytsung.dashboard.export import ExportError
from pytsung.dashboard.line_client import MOST_SECONDS, LineProtocolClient
from pytsung.stats import Interval
from tests.dashboard.receivers import receiving


def test_seconds_are_posted_with_the_token() -> None:
    """As `influx write` would: path and query as given, the token in the header."""
    with receiving(status=204) as receiver:
        url = f"{receiver.url}/api/v2/write?org=o&bucket=b"
        client = LineProtocolClient(url, "my run", {"INFLUX_TOKEN": "secret"})
        client.interval(Interval(0, users_open=3), 1_700_000_001.0)
        client.interval(Interval(1, counters={"200": 5}), 1_700_000_002.0)
        client.collect()()
        client.collect()()  # nothing new: nothing is posted
    ((path, headers, body),) = receiver.requests
    assert path == "/api/v2/write?org=o&bucket=b"
    assert headers["authorization"] == "Token secret"
    lines = body.decode().splitlines()
    assert lines[0].startswith(r"pytsung_users,run=my\ run open=3i,")
    assert lines[-1] == r"pytsung_counter,run=my\ run,name=200 value=5i 1700000002000000000"


def test_what_is_not_taken_is_posted_again_in_its_order() -> None:
    """A database that restarts must not leave a hole."""
    with receiving(status=503) as receiver:
        client = LineProtocolClient(f"{receiver.url}/write", "run", {})
        client.interval(Interval(0), 1.0)
        with pytest.raises(ExportError, match=r"503 .*; the run goes on"):
            client.collect()()
        client.interval(Interval(1), 2.0)
        receiver.status = 200
        client.collect()()
    assert "authorization" not in receiver.requests[0][1]
    stamps = [line.rpartition(b" ")[2] for line in receiver.requests[1][2].splitlines()]
    assert stamps == [b"1000000000", b"2000000000"]


def test_nobody_there_is_said_without_the_password() -> None:
    """The message ends up in logs."""
    client = LineProtocolClient("http://me:hidden@127.0.0.1:1/write", "run", {})
    client.interval(Interval(0), 1.0)
    with pytest.raises(ExportError, match=r"--influx http://127\.0\.0\.1:1: not taken") as caught:
        client.collect()()
    assert "hidden" not in str(caught.value)


def test_what_is_kept_is_bounded() -> None:
    """A test of a day with a database that never answers."""
    client = LineProtocolClient("http://127.0.0.1:1/write", "run", {})
    for index in range(MOST_SECONDS + 5):
        client.interval(Interval(index), float(index))
    assert len(client._waiting) == MOST_SECONDS
