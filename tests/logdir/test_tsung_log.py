"""`tsung.log` is what people's scripts, spreadsheets and plotters read; here it is held against
Tsung's own rules, line by line."""

import io
from pathlib import Path

import pytest

from pytsung.errors import LogDirectoryError
from pytsung.logdir.tsung_log import TsungLog
from pytsung.stats import Interval, SampleSummary
from tests.golden.runs import SECONDS, STARTED, small_run

GOLDEN = Path(__file__).parents[1] / "golden" / "tsung.log"


class Log:
    """A `tsung.log` in memory, fed with one interval per second."""

    def __init__(self) -> None:
        self.text = io.StringIO()
        self.log = TsungLog(self.text)

    def add(self, *intervals: Interval) -> None:
        for interval in intervals:
            self.log.add(interval, STARTED + interval.index + 1)

    def blocks(self) -> list[dict[str, str]]:
        """Each block as name → the rest of the line; the header's under `at`."""
        blocks: list[dict[str, str]] = []
        for line in self.text.getvalue().splitlines():
            if line.startswith("# stats: dump at "):
                blocks.append({"at": line.rsplit(" ", 1)[1]})
            elif line.startswith("stats: "):
                name, values = line.removeprefix("stats: ").split(" ", 1)
                assert name not in blocks[-1], "a name occurs once in a block"
                blocks[-1][name] = values
        return blocks


def empty_seconds(first: int, end: int) -> list[Interval]:
    return [Interval(index) for index in range(first, end)]


def test_a_whole_run_matches_the_golden_file(tmp_path: Path) -> None:
    """Any change of the format must be seen, and meant."""
    path = tmp_path / "tsung.log"
    log = TsungLog(path)
    for interval in small_run():
        log.add(interval, STARTED + interval.index + 1)
        if interval.index % 10 == 5:
            log.host('{cpu,"tsung_controller@bench"}', 12.5 + interval.index)
    log.finish(STARTED + SECONDS)
    log.close()
    assert path.read_text() == GOLDEN.read_text()


def test_the_first_block_comes_after_ten_seconds() -> None:
    """Tsung's report takes the first block as its time 0; there is none at the start."""
    log = Log()
    log.add(*empty_seconds(0, 9))
    assert log.blocks() == []
    log.add(Interval(9))
    assert [block["at"] for block in log.blocks()] == [str(int(STARTED) + 10)]


def test_users_are_a_level_and_their_highest() -> None:
    """`users` is the only gauge: now, and the most there ever were."""
    log = Log()
    levels = [1, 7, 3, 3, 3, 3, 3, 3, 3, 2]
    log.add(*(Interval(index, users_open=level) for index, level in enumerate(levels)))
    assert log.blocks()[0]["users"] == "2 7"


def test_users_counts_are_always_there() -> None:
    """Tsung writes these three in every block, before the first user too."""
    log = Log()
    log.add(*empty_seconds(0, 10))
    assert set(log.blocks()[0]) == {"at", "users", "users_count", "finish_users_count"}


def test_connected_is_a_change_and_a_level() -> None:
    """The first number may be negative; the second is what is connected now."""
    log = Log()
    log.add(Interval(0, connections_opened=9, connections_closed=2), *empty_seconds(1, 10))
    log.add(Interval(10, connections_closed=5), *empty_seconds(11, 20))
    assert [block["connected"] for block in log.blocks()] == ["7 7", "-5 2"]


def test_samples_follow_tsungs_way_of_counting() -> None:
    """Mean and deviation of the block, extremes of the run, global figures of the blocks before."""
    log = Log()
    log.add(Interval(0, samples={"request": SampleSummary.of([0.05, 0.02])}))
    log.add(*empty_seconds(1, 10), Interval(10, samples={"request": SampleSummary.of([0.03])}))
    log.add(*empty_seconds(11, 30))
    assert [block["request"] for block in log.blocks()] == [
        "2 35.0 15.0 50.0 20.0 0 0",
        "1 30.0 0.0 50.0 20.0 35.0 2",
        "0 0 0 50.0 20.0 33.333333 3",
    ]


@pytest.mark.parametrize(("name", "deviation"), [("tr_a", "0"), ("session", "0"), ("page", "0.0")])
def test_the_deviation_of_a_single_first_value_is_spelled_as_tsung_does(
    name: str, deviation: str
) -> None:
    """An integer zero for sessions, transactions and hosts; a float for the other three."""
    log = Log()
    log.add(Interval(0, samples={name: SampleSummary.of([0.05])}), *empty_seconds(1, 10))
    assert log.blocks()[0][name] == f"1 50.0 {deviation} 50.0 50.0 0 0"


def test_a_statistic_stays_once_it_was_seen() -> None:
    """A line that comes and goes would end a curve in the report."""
    log = Log()
    log.add(Interval(0, counters={"404": 3}), *empty_seconds(1, 20))
    assert [block["404"] for block in log.blocks()] == ["3 3", "0 3"]


def test_host_figures_are_not_times() -> None:
    """Percent and megabytes are written as they are, not as milliseconds."""
    log = Log()
    log.log.host('{freemem,"os_mon@web1"}', 23353.74609375)
    log.add(*empty_seconds(0, 10))
    expected = "1 23353.746094 0 23353.746094 23353.746094 0 0"
    assert log.blocks()[0]['{freemem,"os_mon@web1"}'] == expected


def test_a_hosts_sum_goes_on() -> None:
    """Tsung's `sum`: how much in the block, how much in all; it need not be whole."""
    log = Log()
    log.log.host_sum('{hits,"db"}', 3.0)
    log.add(*empty_seconds(0, 10))
    log.log.host_sum('{hits,"db"}', 0.5)
    log.add(*empty_seconds(10, 20))
    assert [block['{hits,"db"}'] for block in log.blocks()] == ["3 3", "0.5 3.5"]


def test_lines_stand_in_tsungs_order() -> None:
    """Users, hosts, sessions, then requests, connects, pages, then all others."""
    log = Log()
    one = SampleSummary.of([0.5])
    names = ("tr_b", "tr_a", "page", "session", "connect", "request")
    log.log.host('{load,"os_mon@web1"}', 1.0)
    log.add(Interval(0, samples=dict.fromkeys(names, one), counters={"match": 1, "200": 1}))
    log.add(*empty_seconds(1, 10))
    assert list(log.blocks()[0]) == [
        "at",
        "users",
        '{load,"os_mon@web1"}',
        "session",
        "users_count",
        "finish_users_count",
        "request",
        "connect",
        "page",
        "tr_a",
        "tr_b",
        "200",
        "match",
    ]


def test_the_end_brings_a_partial_block_and_a_trailer() -> None:
    """Without it the last seconds of a run would be in no report."""
    log = Log()
    log.add(*empty_seconds(0, 12), Interval(12, users_started=4))
    log.log.finish(STARTED + 12.5)
    assert log.blocks()[-1]["at"] == str(int(STARTED + 12.5))
    assert log.blocks()[-1]["users_count"] == "4 4"
    assert log.text.getvalue().endswith("EndMonitor:{1700,12,750000}\n")


def test_the_last_two_blocks_are_never_of_the_same_second() -> None:
    """`tsung_stats.pl` divides by the time between blocks, and drops one that took none."""
    log = Log()
    log.add(*empty_seconds(0, 10))
    log.log.finish(STARTED + 10)
    first, last = (int(block["at"]) for block in log.blocks())
    assert last == first + 1


def test_a_gap_in_the_intervals_keeps_blocks_ten_seconds_apart() -> None:
    """A controller that was suspended leaves a hole; curves must not be squeezed over it."""
    log = Log()
    log.add(Interval(0, users_started=1), Interval(35, users_started=1))
    log.add(*empty_seconds(36, 40))
    at = [int(block["at"]) - int(STARTED) for block in log.blocks()]
    assert at == [10, 20, 30, 40]
    assert [block["users_count"] for block in log.blocks()] == ["1 1", "0 1", "0 1", "1 2"]


def test_a_late_interval_is_counted_in_the_block_that_is_open() -> None:
    """Nothing is lost, and an old level does not overwrite a new one."""
    log = Log()
    log.add(*empty_seconds(0, 10), Interval(10, users_open=5), Interval(9, users_started=2))
    log.add(*(Interval(index, users_open=5) for index in range(11, 20)))
    assert log.blocks()[1]["users_count"] == "2 2"
    assert log.blocks()[1]["users"] == "5 5"


def test_each_block_is_in_the_file_at_once(tmp_path: Path) -> None:
    """People follow a run with `tail -f`; a killed run must leave what it measured."""
    log = TsungLog(tmp_path / "tsung.log")
    for interval in empty_seconds(0, 10):
        log.add(interval, STARTED + interval.index + 1)
    assert (tmp_path / "tsung.log").read_text().count("dump at") == 1
    log.close()


def test_an_existing_file_is_appended_to(tmp_path: Path) -> None:
    """`-m FILE` may name one file for several runs, as with Tsung."""
    path = tmp_path / "tsung.log"
    path.write_text("EndMonitor:{1,2,3}\n")
    log = TsungLog(path)
    log.finish(STARTED)
    log.close()
    assert path.read_text().startswith("EndMonitor:{1,2,3}\n# stats: dump at")


def test_a_full_disk_is_said_with_its_file() -> None:
    """A run whose figures go nowhere must not look like one that is measured."""
    log = TsungLog(Path("/dev/full"))
    with pytest.raises(LogDirectoryError, match=r"/dev/full: cannot write: No space left"):
        log.finish(STARTED)
    log.close()
