"""How published events spread, in the files of a run: kept whole, in ours alone."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from pytsung.logdir.interval_codec import interval_from_plain, interval_to_plain
from pytsung.logdir.summary import read_summary
from pytsung.report.sources import read_run
from pytsung.stats import Interval, Recorder
from tests.report.runs import write_run

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "summary.schema.json"


def run_with_events() -> list[Interval]:
    """Three seconds of one event each, two receivers an event."""
    recorder = Recorder()
    intervals = []
    for index in range(3):
        recorder.delivered(f"a-{index}", 0.010)
        recorder.delivered(f"a-{index}", 0.050)
        intervals.append(recorder.take(index))
    return intervals


def test_an_interval_keeps_them() -> None:
    """And one without any is written as before: most runs have none."""
    interval = run_with_events()[0]
    plain = json.loads(json.dumps(interval_to_plain(interval)))
    assert interval_from_plain(plain) == interval
    assert "deliveries" not in interval_to_plain(Interval(0))


def test_the_summary_tells_first_median_and_last(tmp_path: Path) -> None:
    """As its schema says, and as it is read back."""
    fan_out = read_summary(write_run(tmp_path, run_with_events())).fan_out
    assert fan_out is not None
    assert (fan_out.events, fan_out.deliveries) == (3, 6)
    assert (fan_out.first.p50, fan_out.last.max) == (0.01, 0.05)
    assert {spread.event for spread in fan_out.slowest} == {"a-0", "a-1", "a-2"}
    plain = json.loads((tmp_path / "summary.json").read_text())
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(plain)


def test_a_run_without_events_says_nothing_of_them(tmp_path: Path) -> None:
    """Nobody should have to wonder about a table of zeros."""
    assert read_summary(write_run(tmp_path)).fan_out is None


def test_a_killed_run_is_rebuilt_with_them(tmp_path: Path) -> None:
    """The journal has all that the summary would have said."""
    record = read_run(write_run(tmp_path, run_with_events(), is_killed=True))
    assert record.summary.fan_out is not None
    assert record.summary.fan_out.deliveries == 6


def test_tsungs_files_do_not_name_what_tsung_does_not_have(tmp_path: Path) -> None:
    """Scripts that read them know Tsung's names, and stumble over others."""
    write_run(tmp_path, run_with_events())
    assert "push_latency" not in (tmp_path / "tsung.log").read_text()
    assert "push_latency" in (tmp_path / "intervals.jsonl").read_text()
