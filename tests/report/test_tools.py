"""The small tools: percentile, plot, log2tsung, bundle, JUnit, HdrHistogram, gnuplot scripts."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram

from pytsung.cli.main import main
from pytsung.config import read_configuration
from pytsung.logdir.summary import read_summary
from pytsung.report import words
from pytsung.report.at_the_end import GITHUB, after_run
from pytsung.report.checks import junit_xml, markdown
from pytsung.report.hdr_log import to_hdr
from pytsung.report.plotter import curves, read_plots
from pytsung.report.report import Extent, write_report
from pytsung.report.sources import read_run
from pytsung.stats import SampleSummary
from pytsung.stats.thresholds import Crossing
from pytsung.stats.verdict import Verdict
from tests.report.runs import TEXT, write_run

FULLSTATS = """\
[{sample,{cpu,"tsung_controller@localhost"},12.3},
 {sample,{load,"tsung_controller@localhost"},0.01}]
{sample,request,[9.5,8.25,7.0,6.0,
                 5.0,4.0]}
{sample,connect,[184.787]}
[{sum,size_rcv,268},{count,match},{sum,200,3}]
{sample,request,[3.0,2.0,1.0]}
"""


def test_percentiles_of_fullstats_have_tsungs_ranks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nine times: rank floor(0.95 × 8) = 7, counted from 0, is the eighth."""
    path = tmp_path / "tsung-fullstats.log"
    path.write_text(FULLSTATS)
    assert main(["percentile", "--stats", str(path), "--percentiles", "95"]) == 0
    assert capsys.readouterr().out == (
        "Read : tsung-fullstats.log\n"
        "Read : 1 values for sample,connect\nPercentile 95 : 184.787\n"
        "Read : 9 values for sample,request\nPercentile 95 : 8.25\n"
        "Read : 0 values for sample,page\nPercentile 95 : \n"
    )


def test_percentiles_of_a_run_are_those_of_its_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two figures for one thing make both worthless."""
    write_run(tmp_path)
    assert main(["percentile", str(tmp_path), "--percentiles", "50"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line[:7] == "request")
    figure = words.time(read_summary(tmp_path).samples["request"].p50)
    assert line.split() == ["request", "24", *figure.split()]


def test_tsplots_configurations_run_unchanged() -> None:
    """People have these files; names with braces, several factors, Tsung's styles."""
    plots = {plot.name: plot for plot in read_plots(None)}
    blocks = read_run(TEXT).blocks
    (curve,) = curves(plots["request_mean"], [("before", blocks)])
    means = [block.lines["request"] for block in blocks.blocks]
    assert curve.legend == "Requests before"
    assert list(curve.times) == [10, 20, 30]
    assert curve.values[0] * 1000 == pytest.approx(getattr(means[0], "mean", None))


def test_the_plot_command_draws_each_section(tmp_path: Path) -> None:
    """A section is a file, and so is its thumbnail; a configuration may be in latin-1."""
    config = tmp_path / "plots.conf"
    config.write_bytes(
        "[DEFAULT]\nyfactor = 1\ndpi = 40\n[durée]\ntitle = Durée\nstats = request.count 200.count"
        "\nlegend = a, b\nyfactor = 1, 10\n[last]\nplottype = bar\nstats = request.max\n".encode(
            "latin-1"
        )
    )
    line = ["plot", "-c", str(config), "-d", str(tmp_path / "out"), "A", str(TEXT), "B", str(TEXT)]
    assert main(line) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"durée.png", "durée_tn.png", "last.png", "last_tn.png"}
    assert main(["plot", "A"]) == 2


ACCESS = """\
10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /index.html HTTP/1.0" 200 23 "http://r" "UA1"
10.0.0.1 - - [10/Oct/2000:13:55:46 -0700] "GET /x?a=1&b='2' HTTP/1.1" 304 23 "http://r" "UA1"
10.0.0.21 - - [10/Oct/2000:13:55:46 -0700] "POST /z HTTP/1.1" 200 23 "-" "UA1"
10.0.0.1 - - [10/Oct/2000:13:55:46 -0700] "GET /y HTTP/1.1" 200 2326 "http://r" "UA1"
garbage
10.0.0.1 - - [10/Oct/2000:14:25:46 -0700] "GET /a HTTP/1.1" 304 23 "-" "UA1"
10.0.0.1 - - [10/Oct/2000:14:25:46 -0700] "GET /b HTTP/1.1" 200 23 "-" "UA1"
10.0.0.1 - - [10/Oct/2000:14:25:47 -0700] "GET /c HTTP/1.1" 200 23 "-" "UA1"
"""


def test_an_access_log_becomes_a_configuration_that_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tsung's own converter mixes visitors, and writes a file that Tsung refuses."""
    path = tmp_path / "access.log"
    path.write_text(ACCESS)
    assert main(["log2tsung", str(path), "--verbose"]) == 0
    out, err = capsys.readouterr()
    assert err == "3 visits, 7 requests, 1 bad lines\n"
    sessions = ET.fromstring(out).findall("sessions/session")
    assert [s.get("name") for s in sessions] == ["10.0.0.1-1", "10.0.0.1-2"]
    assert [s.get("probability") for s in sessions] == ["50.000", "50.000"]
    assert [t.get("value") for t in sessions[0].findall("thinktime")] == ["10"]
    urls = [h.get("url") for h in sessions[0].iter("http")]
    assert urls == ["/index.html", "/x?a=1&b='2'", "/y"]
    assert sessions[1].findall("request/http")[0].get("if_modified_since")
    assert len(read_configuration(out.encode()).plan.sessions) == 2


def test_a_bundle_has_what_is_needed_and_no_more(tmp_path: Path) -> None:
    """Somebody else must be able to make the report again from it."""
    run = write_run(tmp_path / "run")
    write_report(read_run(run), extent=Extent(images=False))
    (run / "tsung.dump").write_text("x")
    output = tmp_path / "b.tar.gz"
    assert main(["bundle", str(run), "-o", str(output)]) == 0
    with tarfile.open(output) as archive:
        names = set(archive.getnames())
        archive.extractall(tmp_path, filter="data")
    assert "run/tsung.dump" not in names
    assert {"run/summary.json", "run/intervals.jsonl", "run/report-single.html"} <= names
    assert read_run(tmp_path / "run").status == "clean"


SECRETS = b"""<tsung><clients><client host="load7.example.org"/></clients>
<servers><server host="10.1.2.3" port="80"/></servers>
<http url="/?token=abc123"><www_authenticate userid="u" passwd="geheim"/></http>
<snmp community="inner"/><http_header name="Authorization" value="x"/></tsung>"""


def test_a_masked_bundle_names_no_host_and_no_secret(tmp_path: Path) -> None:
    """Runs are sent to vendors and to public trackers."""
    run = write_run(tmp_path / "load7-run", host="load7.example.org", monitored=True)
    (run / "small.xml").write_bytes(SECRETS)
    write_report(read_run(run), extent=Extent(images=False))
    output = tmp_path / "b.tar.gz"
    assert main(["bundle", "--mask", str(run), "-o", str(output)]) == 0
    with tarfile.open(output) as archive:
        names = archive.getnames()
        text = b"".join(archive.extractfile(name).read() for name in names)  # type: ignore[union-attr] # all are files
    for word in (
        b"load7",
        b"10.1.2.3",
        b"geheim",
        b"abc123",
        b"inner",
        b"@bench",
        b"web1",
        b"cache",
    ):
        assert word not in text
    assert not any("load7" in name or "bench" in name for name in names)
    assert b"127.0.0.1" in text


CROSSED = (
    Crossing("connect: p(95)<0.1", 0.0003, "s", kept=False),
    Crossing("200: count>0", 24.0, "", kept=True),
)


def test_junit_has_a_case_for_the_verdict_and_each_threshold(tmp_path: Path) -> None:
    """Build servers show what they find there, and nothing else."""
    summary = replace(read_summary(write_run(tmp_path)), thresholds=CROSSED)
    suite = ET.fromstring(junit_xml(summary))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "0")
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["connect: p(95)<0.1"]
    invalid = replace(summary, verdict=Verdict("invalid", ("a & b",)))
    error = ET.fromstring(junit_xml(invalid)).find("testcase/error")
    assert error is not None
    assert error.text == "a & b"


def test_the_step_summary_is_markdown_that_says_the_verdict(tmp_path: Path) -> None:
    """It is read in a hurry, below a red cross."""
    summary = replace(read_summary(write_run(tmp_path)), thresholds=CROSSED)
    text = markdown(summary)
    assert text.startswith("### Load test: clean\n")
    assert r"| connect: p(95)\<0.1 | 0.3 ms | ❌ crossed |" in text


def test_what_follows_a_run_cannot_spoil_it(tmp_path: Path) -> None:
    """A full disk after the run must not turn a good result into a failed one."""
    run = write_run(tmp_path / "run")
    summary = read_summary(run)
    said: list[str] = []
    (run / "intervals.jsonl").write_text("nonsense\n")
    (run / "csv").write_text("in the way")
    after_run(run, summary, said.append, junit=str(tmp_path / "no" / "junit.xml"), environment={})
    assert len(said) == 2
    assert all("not written" in line for line in said)


def test_after_a_run_everything_is_where_it_was_said_to_be(tmp_path: Path) -> None:
    """The report's line is clicked on, the others are read by programs."""
    run = write_run(tmp_path / "run")
    said: list[str] = []
    step = tmp_path / "step.md"
    junit = str(tmp_path / "junit.xml")
    environment = {GITHUB: str(step)}
    after_run(run, read_summary(run), said.append, junit=junit, environment=environment)
    assert len(said) == 1
    assert Path(said[0].split()[1]).exists()
    assert "made in" in said[0]
    assert step.read_text().startswith("### Load test")
    assert ET.parse(junit).getroot().tag == "testsuite"


def shapes() -> dict[str, np.typing.NDArray[np.float64]]:
    chance = np.random.default_rng(7)
    return {
        "log-normal": chance.lognormal(-5, 1.0, 1_000_000),
        "exponential": chance.exponential(0.2, 1_000_000),
        "two humps": np.concatenate(
            [chance.normal(0.02, 0.002, 700_000), chance.normal(1.5, 0.1, 300_000)]
        ),
    }


@pytest.mark.parametrize("shape", ["log-normal", "exponential", "two humps"])
def test_percentiles_are_within_one_percent_of_a_million_exact_values(shape: str) -> None:
    """From the samples to the exported histogram: 64 agents' parts, merged, are one."""
    values = np.abs(shapes()[shape])
    whole = SampleSummary()
    for part in np.array_split(values, 64):
        whole.merge(SampleSummary.of(part.tolist()))
    exported = to_hdr(whole)
    assert whole.histogram == SampleSummary.of(values.tolist()).histogram
    for percent in (50, 75, 90, 95, 99, 99.9):
        exact = float(np.percentile(values, percent, method="inverted_cdf"))
        assert whole.percentile(percent) == pytest.approx(exact, rel=0.01)
        assert exported.get_value_at_percentile(percent) / 1e9 == pytest.approx(exact, rel=0.01)


def test_the_histogram_log_is_read_by_the_library(tmp_path: Path) -> None:
    """The format is somebody else's, and so is the reader."""
    run = write_run(tmp_path / "run")
    path = tmp_path / "run.hlog"
    assert main(["report", str(run), "--noplot", "--nohtml", "--hdr", str(path)]) == 0
    lines = [line.split(",") for line in path.read_text().splitlines() if line[:4] == "Tag="]
    connects = [line for line in lines if line[0] == "Tag=connect"]
    counts = [HdrHistogram.decode(line[4]).get_total_count() for line in connects]
    assert sum(counts) == 24
    assert [line[1] for line in lines if line[0] == "Tag=session"] == ["20.000"]


def test_gnuplot_accepts_the_scripts(tmp_path: Path) -> None:
    """They are there to be changed and run again."""
    gnuplot = shutil.which("gnuplot")
    if gnuplot is None:
        pytest.skip("no gnuplot here: apt-get install --no-install-recommends gnuplot-nox")
    write_report(read_run(write_run(tmp_path)), extent=Extent(images=False))
    (tmp_path / "images").mkdir()
    for script in sorted((tmp_path / "gnuplot_scripts").iterdir()):
        done = subprocess.run(
            [gnuplot, str(script)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "line " not in done.stderr
    assert (tmp_path / "images" / "graphes-Users-simultaneous.png").stat().st_size > 1000


def test_pytsung_stats_takes_tsungs_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts call it with one dash, and shorten its options."""
    shutil.copy(TEXT, tmp_path / "tsung.log")
    monkeypatch.chdir(tmp_path)
    from pytsung.cli import stats_main

    monkeypatch.setattr("sys.argv", ["pytsung-stats", "-dygraph", "--noext", "--title", "Mine"])
    assert stats_main() == 0
    assert "creating subdirectory csv_data" in capsys.readouterr().out
    lines = (tmp_path / "csv_data" / "graphes-Users-simultaneous.csv").read_text().splitlines()
    assert lines[0] == "time,connected,users "
    assert lines[1] == "0,3,3 "
    assert not (tmp_path / "images").exists()
    assert "<title>Mine - " in (tmp_path / "report.html").read_text()


def test_a_summary_of_a_report_is_json_still(tmp_path: Path) -> None:
    """The report reads a run and leaves its files as they were."""
    write_run(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_report(read_run(tmp_path), extent=Extent(images=False))
    assert all((tmp_path / name).read_bytes() == data for name, data in before.items())
    json.loads((tmp_path / "summary.json").read_text())
