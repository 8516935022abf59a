"""The log directory is all that is left of a run: it must be complete, and readable whatever
happens to the disk or the controller."""

import io
from pathlib import Path

import pytest

from pytsung.errors import LogDirectoryError
from pytsung.logdir.journal import read_events, read_intervals
from pytsung.logdir.plan_figures import PlanFigures
from pytsung.logdir.run_log import RunLog
from pytsung.logdir.summary import RunSummary, read_summary
from pytsung.stats import Interval
from pytsung.stats.readings import Reading, ReadingKind
from pytsung.stats.totals import RunTotals
from pytsung.stats.verdict import Verdict
from tests.golden.runs import SECONDS, STARTED, small_run

PLAN = PlanFigures("24 users", "small.xml", 24, 1, 8.0, 1, 1, ("127.0.0.1:9505",))


def summary_of(totals: RunTotals) -> RunSummary:
    return RunSummary.of(
        totals, verdict=Verdict("clean"), plan=PLAN, started_at="2023-11-14", duration=24.0
    )


def write_small_run(log: RunLog) -> RunTotals:
    totals = RunTotals()
    for interval in small_run():
        log.interval(interval, {"localhost": interval}, STARTED + interval.index + 1)
        totals.add(interval)
    return totals


def test_a_finished_run_has_all_its_files(tmp_path: Path) -> None:
    """Tsung's names for what Tsung has, our own for the rest."""
    log = RunLog(tmp_path, host="bench", clock=lambda: STARTED)
    log.save_configuration("/etc/tsung/small.xml", b"<tsung/>")
    log.note(5, "controller", "Starting")
    log.event("phase", STARTED, phase=1)
    totals = write_small_run(log)
    log.finish(summary_of(totals), STARTED + SECONDS)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "events.jsonl",
        "intervals.jsonl",
        "match.log",
        "small.xml",
        "summary.json",
        "tsung.log",
        "tsung_controller@bench.log",
    ]
    assert (tmp_path / "small.xml").read_bytes() == b"<tsung/>"
    assert (tmp_path / "tsung.log").read_text().splitlines()[-1].startswith("EndMonitor:")
    assert [entry.merged for entry in read_intervals(tmp_path / "intervals.jsonl")] == small_run()
    assert [event.kind for event in read_events(tmp_path / "events.jsonl")] == ["phase"]
    assert read_summary(tmp_path).users.started == 24


def test_a_run_in_the_middle_can_be_read(tmp_path: Path) -> None:
    """A killed controller never gets to close anything."""
    log = RunLog(tmp_path, host="bench")
    for interval in small_run()[:13]:
        log.interval(interval, {"localhost": interval}, STARTED + interval.index + 1)
    assert len(list(read_intervals(tmp_path / "intervals.jsonl"))) == 13
    assert (tmp_path / "tsung.log").read_text().count("dump at") == 1
    log.close()


def test_the_match_log_is_always_there_with_its_header(tmp_path: Path) -> None:
    """Scripts skip its first line without looking."""
    RunLog(tmp_path, host="bench").close()
    header = "# timestamp userid sessionid requestid event transaction name\n"
    assert (tmp_path / "match.log").read_text() == header


def test_hosts_are_named_as_tsung_names_them(tmp_path: Path) -> None:
    """The controller's own host apart from all others; figures as they were read."""
    log = RunLog(tmp_path, host="bench")
    log.host("bench", cpu=10.0, free_memory=2048.0, load=0.5)
    log.host("web1", cpu=20.0, free_memory=1024.0, load=1.5)
    log.host("web1", cpu=40.0, free_memory=1024.0, load=2.5)
    assert log.values['{cpu,"os_mon@web1"}'].mean == 30.0
    log.finish(summary_of(RunTotals()), STARTED)
    lines = (tmp_path / "tsung.log").read_text()
    assert 'stats: {cpu,"tsung_controller@bench"} 1 10.0 0 10.0 10.0 0 0\n' in lines
    assert 'stats: {load,"os_mon@web1"} 2 2.0 0.5 2.5 1.5 0 0\n' in lines


def test_figures_of_monitored_hosts_stand_with_them(tmp_path: Path) -> None:
    """Levels, what counters grew by, and sums, which are counters in `tsung.log`."""
    counter, added = ReadingKind.COUNTER, ReadingKind.SUM
    log = RunLog(tmp_path, host="bench", backend="fullstats")
    log.readings([Reading("freemem", "cache", 512.0), Reading("hits", "db", 2.5, added)])
    log.readings([Reading("sentpackets", "os_mon@web1", 40.0, counter, raw=1040)])
    log.readings([Reading("hits", "db", 1.5, added)])
    log.finish(summary_of(RunTotals()), STARTED)
    lines = (tmp_path / "tsung.log").read_text()
    assert 'stats: {freemem,"cache"} 1 512.0 0 512.0 512.0 0 0\n' in lines
    assert 'stats: {sentpackets,"os_mon@web1"} 1 40.0 0 40.0 40.0 0 0\n' in lines
    assert 'stats: {hits,"db"} 4 4\n' in lines
    assert log.values['{hits,"db"}'].mean == 2.0
    assert (tmp_path / "tsung-fullstats.log").read_text().splitlines() == [
        '[{sample,{freemem,"cache"},512.0},{sum,{hits,"db"},2.5}]',
        '[{sample_counter,{sentpackets,"os_mon@web1"},1040.0}]',
        '[{sum,{hits,"db"},1.5}]',
    ]


def test_statistics_can_have_another_name(tmp_path: Path) -> None:
    """`-m NAME`, beside the other files."""
    RunLog(tmp_path, host="bench", statistics=Path("mine.log")).close()
    assert (tmp_path / "mine.log").exists()
    assert not (tmp_path / "tsung.log").exists()


def test_statistics_can_go_to_a_stream_that_stays_open(tmp_path: Path) -> None:
    """`-m -`: standard output belongs to whoever started us."""
    stream = io.StringIO()
    log = RunLog(tmp_path, host="bench", statistics=stream)
    log.finish(summary_of(write_small_run(log)), STARTED + SECONDS)
    assert stream.getvalue().count("# stats: dump at") == 3
    assert not (tmp_path / "tsung.log").exists()


def test_a_full_disk_is_raised_once_and_what_was_written_stays(tmp_path: Path) -> None:
    """The run is then ended in order, and its end must not fail for the same reason again."""
    log = RunLog(tmp_path, host="bench", statistics=Path("/dev/full"))
    totals = RunTotals()
    raised = []
    for interval in small_run():
        try:
            log.interval(interval, {"localhost": interval}, STARTED + interval.index + 1)
        except LogDirectoryError as error:
            raised.append((interval.index, str(error)))
        totals.add(interval)
    log.event("stopped", STARTED)
    log.note(3, "controller", "stopped")
    log.finish(summary_of(totals), STARTED + SECONDS)
    assert [index for index, _ in raised] == [9]
    assert "/dev/full: cannot write: No space left on device" in raised[0][1]
    assert len(list(read_intervals(tmp_path / "intervals.jsonl"))) == 10
    assert read_summary(tmp_path).users.started == 24


def test_a_disk_that_is_full_at_the_very_end_is_said(tmp_path: Path) -> None:
    """Even then the summary is written, if there is room for it."""
    log = RunLog(tmp_path, host="bench", statistics=Path("/dev/full"))
    log.interval(Interval(0), {}, STARTED + 1)
    with pytest.raises(LogDirectoryError, match="/dev/full"):
        log.finish(summary_of(RunTotals()), STARTED + 1)
    assert read_summary(tmp_path).users.started == 0


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Every file is opened before the first user starts."""
    with pytest.raises(LogDirectoryError, match="cannot open"):
        RunLog(tmp_path / "nowhere", host="bench")
