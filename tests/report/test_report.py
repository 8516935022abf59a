"""Reports of every kind of log directory: whole, cut off, empty, tampered with, of Tsung."""

from __future__ import annotations

import csv
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pytsung.errors import LogDirectoryError
from pytsung.report.record import INCOMPLETE, UNJUDGED
from pytsung.report.report import Extent, write_report
from pytsung.report.sources import newest_run, read_run
from pytsung.stats import Interval, SampleSummary
from pytsung.stats.verdict import Verdict
from tests.golden.runs import SECONDS, small_run
from tests.report.runs import JSON, TEXT, write_run

NO_IMAGES = Extent(images=False)
PAGES = ("report.html", "report-single.html", "graph.html")


class Links(HTMLParser):
    """What a page asks the world for, and whether its elements are closed."""

    VOID = frozenset({"meta", "link", "img", "br", "input", "hr"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.open: list[str] = []
        self.anchors: set[str] = set()
        self.wanted: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        known = dict(attrs)
        self.anchors.add(known.get("id") or "")
        reference = known.get("href") or ""
        if reference.startswith("#"):
            self.wanted.add(reference[1:])
        if tag in ("script", "img", "link", "iframe") or "://" in reference:
            self.asked += [v for k, v in attrs if k in ("src", "href") and v]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def made(directory: Path, extent: Extent = NO_IMAGES) -> str:
    return write_report(read_run(directory), extent=extent).read_text()


def test_hosts_of_the_target_have_their_charts(tmp_path: Path) -> None:
    """Under the names that people gave them; figures of their own, too."""
    page = made(write_run(tmp_path, monitored=True))
    for text in ("Free memory", "cache", "Packets sent in 10 s", "web1", "heapused"):
        assert text in page, text
    assert (tmp_path / "data/heapused:os_mon@db.txt").exists()


def test_a_hosts_sum_is_drawn_as_a_counter(tmp_path: Path) -> None:
    """It has two figures where other figures of hosts have seven."""
    write_report(read_run(write_run(tmp_path, monitored=True)))
    assert (tmp_path / "images/graphes-hits-total.png").exists()
    assert (tmp_path / "images/graphes-heapused-mean.png").exists()


def test_a_page_needs_nothing_beside_it(tmp_path: Path) -> None:
    """A report is sent by mail, and opened on a train."""
    made(write_run(tmp_path), Extent(all_images=False))
    for name in PAGES:
        links = Links((tmp_path / name).read_text())
        assert all(link.startswith("images/") for link in links.asked)
        assert name == "graph.html" or links.asked == []
        assert links.open == []
        assert links.wanted <= links.anchors
    assert "graph.html" not in (tmp_path / "report-single.html").read_text()


def test_the_first_screen_says_whether_to_believe_it(tmp_path: Path) -> None:
    """A figure that nobody should use must not be the first thing that is seen."""
    page = made(write_run(tmp_path, verdict=Verdict("degraded", ("agent a, 3 s: <late>",))))
    before_charts = page[: page.index("<svg")]
    assert "24 users arrive at 3/s" in before_charts
    assert ">degraded</strong>" in before_charts
    assert "agent a, 3 s: &lt;late&gt;" in before_charts
    assert before_charts.index("degraded</strong>") < before_charts.index("Connected at once")


def test_what_a_configuration_says_is_text(tmp_path: Path) -> None:
    """A configuration is not trusted: neither markup nor scripts of it may live in the page."""
    page = made(write_run(tmp_path))
    assert "&lt;b&gt;small&lt;/b&gt;" in page
    assert "<b>small</b>" not in page


def test_a_killed_run_is_marked(tmp_path: Path) -> None:
    """Whoever reads it must know that the end is missing."""
    write_run(tmp_path, small_run()[:15], is_killed=True)
    with (tmp_path / "intervals.jsonl").open("a") as file:
        file.write('{"index": 15, "at"')
    record = read_run(tmp_path)
    assert (record.status, record.is_complete) == (INCOMPLETE, False)
    assert record.summary.users.started == 24
    assert record.duration == 15
    assert record.summary.lateness.count == 60
    assert record.summary.samples["connect"].count == 24
    assert ">incomplete</strong>" in made(tmp_path)


def test_a_summary_that_was_altered_is_found_out(tmp_path: Path) -> None:
    """Someone may want fewer errors in the result than there were."""
    write_run(tmp_path)
    path = tmp_path / "summary.json"
    summary = json.loads(path.read_text())
    summary["counters"]["error_connect_econnrefused"] = 0
    path.write_text(json.dumps(summary))
    record = read_run(tmp_path)
    assert record.status == "invalid"
    assert record.faults == [
        (
            "error_connect_econnrefused: 0 in summary.json, but 4 in intervals.jsonl;"
            " one of them was altered"
        )
    ]


def test_seconds_that_were_altered_are_found_out(tmp_path: Path) -> None:
    """Users that started must have finished, be open, or be lost."""
    write_run(tmp_path)
    path = tmp_path / "intervals.jsonl"
    path.write_text(path.read_text().replace('"users_finished":12', '"users_finished":11', 1))
    assert any("24 users started, but 23 finished" in fault for fault in read_run(tmp_path).faults)


@pytest.mark.parametrize("log", [TEXT, JSON], ids=["text", "json"])
def test_a_directory_of_real_tsung_gets_a_report(log: Path, tmp_path: Path) -> None:
    """People have years of them."""
    shutil.copy(log, tmp_path / "tsung.log")
    record = read_run(tmp_path)
    assert (record.status, record.is_ours) == (UNJUDGED, False)
    page = made(tmp_path)
    assert Links(page).asked == []
    for text in ("tr_home", "Server monitoring", "error_abort_max_conn_retries", "404"):
        assert text in page
    assert "p99" not in re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)


def test_text_and_json_of_one_run_are_one_report() -> None:
    """The backend is how a run was written, not what it was."""
    text, json_ = read_run(TEXT), read_run(JSON)
    assert set(text.summary.samples) == set(json_.summary.samples)
    assert set(text.summary.counters) == set(json_.summary.counters)


def only_errors() -> list[Interval]:
    counters = {"error_connect_econnrefused": 3}
    return [Interval(n, users_started=3, users_finished=3, counters=counters) for n in range(12)]


@pytest.mark.parametrize(
    "intervals",
    [[], small_run()[:1], only_errors(), [Interval(4), Interval(9, users_started=1, users_open=1)]],
    ids=["empty", "one interval", "only errors", "with gaps"],
)
def test_odd_runs_get_a_readable_report(intervals: list[Interval], tmp_path: Path) -> None:
    """A report is wanted most when something went wrong."""
    write_run(tmp_path, intervals, is_killed=True)
    page = made(tmp_path, Extent())
    assert not re.search(r"\b(nan|inf|None|undefined)\b", page)
    assert '<path class="line c1" d=""/>' not in page
    assert Links(page).open == []


def test_each_series_is_there_for_a_spreadsheet(tmp_path: Path) -> None:
    """What can be seen in a graph, somebody wants to calculate with."""
    made(write_run(tmp_path))
    with (tmp_path / "csv" / "users.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == SECONDS
    assert sum(float(row["started"]) for row in rows) == 24
    with (tmp_path / "csv" / "connect.csv").open() as file:
        assert float(next(csv.DictReader(file))["count"]) == 3


def test_images_have_tsungs_names_and_thumbnails(tmp_path: Path) -> None:
    """Wikis and scripts link to them by name."""
    page = made(write_run(tmp_path), Extent())
    names = {path.name for path in (tmp_path / "images").iterdir()}
    assert {"graphes-Users-simultaneous.png", "graphes-Users-simultaneous_tn.png"} <= names
    assert {"graphes-Perfs-mean.png", "graphes-Size-rate.png", "graphes-Errors-rate.png"} <= names
    assert "graph.html" in page
    gallery = (tmp_path / "graph.html").read_text()
    images = re.findall(r'(?:src|href)="(images/[^"]+)"', gallery)
    assert images
    assert all((tmp_path / image).exists() for image in images)


def test_statistics_sent_elsewhere_are_made_again(tmp_path: Path) -> None:
    """`-m -` leaves no tsung.log; its tables must not be missing from the report."""
    write_run(tmp_path)
    before = read_run(tmp_path).blocks
    (tmp_path / "tsung.log").unlink()
    after = read_run(tmp_path).blocks
    assert [block.lines["users"] for block in after.blocks] == [
        block.lines["users"] for block in before.blocks
    ]


def test_long_runs_keep_their_report_small(tmp_path: Path) -> None:
    """An hour has 3,600 seconds, and a screen a thousand columns."""
    samples = SampleSummary.of([0.01, 0.02])
    intervals = [Interval(n, samples={"request": samples}) for n in range(3600)]
    record = read_run(write_run(tmp_path, intervals))
    assert len(record.windows) == 360
    assert sum(window.samples["request"].count for window in record.windows) == 7200


def test_a_directory_without_a_run_is_refused(tmp_path: Path) -> None:
    """The root of all runs is what people name by mistake."""
    write_run(tmp_path / "20231114-2213")
    with pytest.raises(LogDirectoryError, match="name one of the 1 runs below it"):
        read_run(tmp_path)
    with pytest.raises(LogDirectoryError, match="no such directory"):
        read_run(tmp_path / "none")
    assert newest_run(tmp_path) == tmp_path / "20231114-2213"
