"""tsung-fullstats.log: Tsung's own percentile tool must find in it what we measured."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from pytsung.logdir.fullstats_log import FULLSTATS
from pytsung.logdir.run_log import RunLog
from pytsung.report.fullstats import percentile_text, read_fullstats
from pytsung.stats import Interval, SampleSummary
from tests.golden.runs import STARTED

TOOLS = sorted(Path("/usr/lib").glob("*/tsung/bin/tsung_percentile.pl"))
TIMES = [0.001 * (n + 1) for n in range(500)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    log = RunLog(tmp_path, host="bench", backend="fullstats")
    for second in range(5):
        interval = Interval(
            second,
            connections_opened=2,
            connections_closed=1,
            counters={"size_rcv": 268, "200": 3},
            samples={
                "request": SampleSummary.of(TIMES[second::5]),
                "connect": SampleSummary.of([0.184787]),
                "tr_log-in": SampleSummary.of([0.0125]),
            },
        )
        log.interval(interval, {}, STARTED + second + 1)
    log.host("bench", 12.5, 2048.0, 0.5)
    log.close()
    return tmp_path / FULLSTATS


def test_every_value_is_there_within_its_buckets_width(path: Path) -> None:
    """As many values as were measured, each at most 0.4 % off."""
    found = read_fullstats(path)
    assert list(found["connect"]) == [184.787] * 5
    requests = sorted(found["request"])
    assert requests == pytest.approx([time * 1000 for time in TIMES], rel=0.004)


def test_terms_have_tsungs_shapes(path: Path) -> None:
    """Whoever reads the file with Erlang's own parser must be able to."""
    lines = path.read_text().splitlines()
    assert lines[0] == "{sample,connect,[184.787]}"
    assert lines[2] == "[{sample,'tr_log-in',12.5}]"
    assert lines[3] == "[{sum,200,3},{sum,size_rcv,268},{sum,connected,1}]"
    assert lines[-1].startswith('[{sample,{cpu,"tsung_controller@bench"},12.5},{sample,{freemem,')


def test_tsungs_own_tool_reads_it_and_ours_prints_the_same(path: Path) -> None:
    """Scripts call it after each run."""
    if not TOOLS:
        pytest.skip("no tsung_percentile.pl here: apt-get install --no-install-recommends tsung")
    done = subprocess.run(
        [str(TOOLS[0]), "--percentiles", "50", "--percentiles", "95"],
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    ours = percentile_text(path, read_fullstats(path), [50, 95])
    assert [re.sub(r"\s+", " ", line) for line in done.stdout.splitlines()] == [
        re.sub(r"\s+", " ", line) for line in ours.splitlines()
    ]
