"""Reports, percentile bands and killed runs are rebuilt from the journals: what is read must be
what was measured."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.errors import LogDirectoryError
from pytsung.logdir.interval_codec import interval_from_plain, interval_to_plain
from pytsung.logdir.journal import Event, IntervalEntry, Journal, read_events, read_intervals
from pytsung.stats import Interval, SampleSummary
from tests.golden.runs import small_run

counts = st.integers(0, 2**40)
names = st.text(min_size=1, max_size=12)
summaries = st.lists(st.floats(0, 1e6), max_size=8).map(SampleSummary.of)


@given(
    st.builds(
        Interval,
        index=counts,
        users_started=counts,
        users_open=counts,
        connections_closed=counts,
        counters=st.dictionaries(names, st.integers(-(2**40), 2**40)),
        samples=st.dictionaries(names, summaries),
        generator=st.dictionaries(names, summaries),
    )
)
def test_an_interval_survives_the_journal(interval: Interval) -> None:
    """Exactly, floats and buckets included: merging must go on from where it was."""
    text = json.dumps(interval_to_plain(interval), allow_nan=False)
    assert interval_from_plain(json.loads(text)) == interval


def test_fields_of_a_newer_version_are_left_out() -> None:
    """The form only grows, so an older report still reads it."""
    plain = {**interval_to_plain(Interval(3, users_open=2)), "users_dreaming": 1}
    assert interval_from_plain(plain) == Interval(3, users_open=2)


def written(path: Path, entries: list[IntervalEntry]) -> Path:
    journal = Journal(path)
    for entry in entries:
        journal.interval(entry)
    journal.close()
    return path


def entries_of_two_agents() -> list[IntervalEntry]:
    entries = []
    for second in small_run():
        other = Interval(second.index, users_started=1)
        merged = Interval(second.index)
        merged.merge(second)
        merged.merge(other)
        entries.append(IntervalEntry(5.5 + second.index, merged, {"web1": second, "web2": other}))
    return entries


def test_intervals_are_read_as_they_were_written(tmp_path: Path) -> None:
    """All agents together, and each by its name."""
    entries = entries_of_two_agents()
    assert list(read_intervals(written(tmp_path / "intervals.jsonl", entries))) == entries


def test_a_lone_agent_is_written_once(tmp_path: Path) -> None:
    """A run on one machine is the usual one; twice the same figures would double the file."""
    second = small_run()[0]
    entry = IntervalEntry(1.0, second, {"localhost": second})
    path = written(tmp_path / "intervals.jsonl", [entry])
    assert json.loads(path.read_text())["agents"] == {"localhost": None}
    assert list(read_intervals(path)) == [entry]


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    """A killed controller leaves half a line; what stands before it counts."""
    path = written(tmp_path / "intervals.jsonl", entries_of_two_agents())
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    assert len(list(read_intervals(path))) == len(entries_of_two_agents()) - 1


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"merged": 3, "agents": {}, "at": 1}'])
def test_a_foreign_line_is_named_with_its_number(tmp_path: Path, line: str) -> None:
    """A report made of half a journal would be taken for the whole run."""
    path = written(tmp_path / "intervals.jsonl", entries_of_two_agents()[:2])
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(LogDirectoryError, match=r"intervals.jsonl:3: not a line that pytsung"):
        list(read_intervals(path))


def test_a_missing_journal_is_named(tmp_path: Path) -> None:
    """Tsung's own directories have none."""
    with pytest.raises(LogDirectoryError, match="cannot be read"):
        list(read_intervals(tmp_path / "intervals.jsonl"))


def test_events_are_read_as_they_were_written(tmp_path: Path) -> None:
    """What happened, when, and what is to be known of it."""
    events = [Event(1.5, "phase", {"phase": 2}), Event(2.0, "agent lost", {"agent": "größe"})]
    journal = Journal(tmp_path / "events.jsonl")
    for event in events:
        journal.event(event)
    journal.close()
    assert list(read_events(tmp_path / "events.jsonl")) == events
