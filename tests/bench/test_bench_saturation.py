"""Accuracy is claimed by this program: its target must be exact, and others be read right."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.open_loop import DELAYS, GENERATORS, Offer, OpenLoop, Said, Times, read_fullstats
from bench.saturation import Played, fresh_sources, is_betrayed, pace, row, worst
from pytsung.config import read_configuration
from pytsung.plan import RequestStep, Session, Transaction
from pytsung.protocols.http.requests import HttpRequest

ROOT = Path(__file__).parents[2]
OFFER = Offer(8080, 500.0, 5.0, ("127.9.9.1", "127.9.9.2"))


def generator(name: str) -> OpenLoop:
    (found,) = [one for one in GENERATORS if one.name == name]
    return found


def played(said: float, so: float, verdict: str = "clean") -> Played:
    """A run whose p99 of the 10 ms answers was reported, and was, so many ms."""
    return Played(
        500.0,
        499.0,
        Said({10: Times(9, 0.010, 0.010, said / 1e3)}, verdict),
        {10: Times(9, 0.010, 0.010, so / 1e3), 1: Times(9, 0.001, 0.001, 0.001)},
    )


def test_the_target_answers_when_it_should_and_writes_it_down() -> None:
    """Never early, by the kernel's clock; a client that says nothing is no answer."""
    command = [sys.executable, "-m", "bench.exact_target"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as target:
        assert target.stdout is not None
        address = ("127.0.0.1", int(target.stdout.readline()))
        with socket.create_connection(address, timeout=5):
            pass
        for delay in (1, 20):
            with socket.create_connection(address, timeout=5) as client:
                time.sleep(0.01)  # the request comes later than the connection
                began = time.monotonic()
                client.sendall(f"GET /{delay} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                answer = b""
                while data := client.recv(4096):
                    answer += data
                took = time.monotonic() - began
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"ok")
            assert took >= delay / 1e3
        record = json.loads(target.communicate(timeout=10)[0])
    assert sum(record["seconds"]) == 2
    for path in ("1", "20"):
        assert record["taken"][path]["count"] == 1
        assert record["taken"][path]["p50"] == record["taken"][path]["p99"] >= int(path) / 1e3


def _url(session: Session) -> str:
    """Of the one request of a session, in its one transaction."""
    (transaction,) = session.steps
    assert isinstance(transaction, Transaction)
    (step,) = transaction.steps
    assert isinstance(step, RequestStep)
    assert isinstance(step.request, HttpRequest)
    return step.request.url


def test_everybody_gets_the_same_load(tmp_path: Path) -> None:
    """As many users a second, a request of each, a third of them for each delay."""
    for name in ("pytsung", "Tsung"):
        folder = tmp_path / name
        folder.mkdir()
        generator(name).prepare(OFFER, folder)
        plan = read_configuration((folder / "open.xml").read_bytes()).plan
        (phase,) = plan.load.all_phases()
        assert (phase.rate, phase.duration) == (500.0, 5.0)
        assert len(set(phase.weights)) == 1
        assert [_url(session) for session in plan.sessions] == [f"/{delay}" for delay in DELAYS]
    command = generator("k6").prepare(OFFER, tmp_path)
    script = (tmp_path / "open.js").read_text()
    assert "rate: 500," in script
    assert "127.0.0.1:8080" in script
    assert "--local-ips=127.9.9.1-127.9.9.2" in command
    assert not re.search(r"\{\{|\}\}$", script, re.MULTILINE)


def test_tsung_s_values_are_read_in_both_of_their_forms() -> None:
    """One by one, and as a list over several lines; in milliseconds."""
    text = (
        "[{sample,tr_ms1,1.5},\n {sample,tr_ms10,12.0}]\n"
        "{sample,request,[359.902]}\n{sample,tr_ms1,\n        [2.5,3.5,\n         4.5]}\n"
    )
    times = read_fullstats(text)
    assert times[1].count == 4
    assert times[1].mean == pytest.approx(0.003)
    assert times[10] == Times(1, 0.012, 0.012, 0.012)


def test_what_k6_says(tmp_path: Path) -> None:
    """Delays of which it made no request are left out."""
    values = {"count": 3, "avg": 11.0, "med": 10.5, "p(99)": 12.0}
    metrics = {"ms10": {"values": values}, "ms1": {"values": {**values, "count": 0}}}
    (tmp_path / "k6.json").write_text(json.dumps(metrics))
    said = generator("k6").read(tmp_path)
    assert said == Said({10: Times(3, 0.011, 0.0105, 0.012)})


def test_what_pytsung_says(tmp_path: Path) -> None:
    """From its summary, with the verdict."""
    folder = tmp_path / "log" / "20260101-1000"
    folder.mkdir(parents=True)
    sample = {"count": 3, "mean": 0.011, "p50": 0.010, "p99": 0.012}
    summary = {"samples": {"tr_ms10": sample}, "verdict": {"status": "clean"}}
    (folder / "summary.json").write_text(json.dumps(summary))
    said = generator("pytsung").read(tmp_path)
    assert said == Said({10: Times(3, 0.011, 0.010, 0.012)}, "clean")


def test_the_pace_is_that_of_the_steady_seconds() -> None:
    """Neither the first ones nor the last; of a short run all that there is."""
    assert pace([1, 9, 50, 60, 50, 9, 1]) == 50
    assert pace([5]) == 5
    assert pace([]) == 0


@pytest.mark.parametrize(
    ("run", "level", "betrayed"),
    [
        (played(12.1, 10.0), 110, True),
        (played(12.1, 10.0, "degraded"), 110, True),
        (played(12.1, 10.0, "invalid"), 110, False),
        (played(11.9, 10.0), 110, False),
        (played(12.1, 10.0), 90, False),
        (played(7.9, 10.0), 200, True),
        (played(1.9, 1.0), 200, False),
    ],
)
def test_a_lie_must_be_called_invalid(run: Played, level: float, betrayed: bool) -> None:
    """More than 20 % and more than a millisecond off, to either side, beyond saturation."""
    assert is_betrayed(level, run) is betrayed


def test_a_row_says_both() -> None:
    """Said, then true; what nobody said is no figure."""
    run = played(15.0, 10.0, "invalid")
    assert worst(run).what == "p99 of 10 ms"
    cells = [cell.strip() for cell in row(generator("pytsung"), 110.0, run).split("|")[1:-1]]
    assert cells[:5] == ["pytsung", "110 %", "500", "499", "–"]
    assert cells[7] == "15.00 / 10.00"
    assert cells[-2:] == ["50%, p99 of 10 ms", "invalid"]


def test_sources_are_a_row_of_addresses() -> None:
    """k6 takes them as a range."""
    sources = fresh_sources()
    last = [int(source.rpartition(".")[2]) for source in sources]
    assert last == list(range(last[0], last[0] + len(sources)))
    assert last[-1] <= 254


@pytest.mark.parametrize("name", ["saturation", "exact_target"])
def test_a_program_says_what_it_answers(name: str) -> None:
    """`--help` starts it."""
    command = [sys.executable, "-m", f"bench.{name}", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    question = (ROOT / "bench" / f"{name}.py").read_text().removeprefix('"""').partition("\n")[0]
    assert question in " ".join(said.stdout.split())
