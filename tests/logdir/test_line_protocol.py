"""InfluxDB's line protocol: one wrong blank, and the database refuses the whole batch."""

from __future__ import annotations

from pathlib import Path

from pytsung.logdir.line_protocol import LineProtocolFile
from pytsung.stats import Interval, SampleSummary


def test_a_second_is_a_line_for_each_figure(tmp_path: Path) -> None:
    """Integers end with i, tags are escaped, times are nanoseconds."""
    file = LineProtocolFile(tmp_path / "run.lp", "my run")
    samples = {"tr_a,b": SampleSummary.of([0.25, 0.75])}
    file.interval(Interval(0, users_started=2, counters={"200": 5}, samples=samples), 1.5)
    file.close()
    users, counter, sample = (tmp_path / "run.lp").read_text().splitlines()
    assert users == (
        r"pytsung_users,run=my\ run open=0i,connected=0i,started=2i,finished=0i,lost=0i 1500000000"
    )
    assert counter == r"pytsung_counter,run=my\ run,name=200 value=5i 1500000000"
    assert sample.startswith(r"pytsung_sample,run=my\ run,name=tr_a\,b count=2i,mean=0.5,min=0.25,")
    assert sample.endswith(" 1500000000")
