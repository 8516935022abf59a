"""A running test from outside: scripts written for Tsung ask for its status, and stop it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import trio

from pytsung.dashboard.local_socket import asking
from tests.end_to_end.command import CLOSE, CONNECT, Result, configuration, think, users, wait_for
from tests.end_to_end.conftest import Start

LONG = (CONNECT, think(60))


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Controllers of this test alone."""
    monkeypatch.setenv("PYTSUNG_RUN_DIR", str(tmp_path / "run"))


def pytsung(*words: str) -> subprocess.CompletedProcess[str]:
    """Another pytsung on the same host."""
    line = [sys.executable, "-m", "pytsung", *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)


def ask(question: dict[str, object], name: str = "") -> dict[str, object]:
    """What the page or another program would ask a controller."""

    async def first() -> dict[str, object]:
        async with asking(name, question) as answers:
            answer: dict[str, object] = await anext(answers)
            return answer

    return trio.run(first)


def test_status_and_stop_speak_as_tsung_does(start: Start, port: int) -> None:
    """To the letter; and a stop leaves a full result, where Tsung's own loses the last seconds."""
    run = start("start", text=configuration(port, *LONG, load=users(15)))
    run.wait_until_started(15)
    status = pytsung("status")
    assert status.returncode == 0
    assert re.fullmatch(
        r"Tsung is running \[OK\]\n"
        r" Current request rate:    \d+\.\d\d req/sec\n"
        r" Current users:           15\n"
        r" Current connected users: 15 \n"
        r" Current phase:           1\n",
        status.stdout,
    )
    stopped = pytsung("stop")
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (0, "", "")
    result = run.wait()
    assert result.status == 0, result.stderr
    assert result.summary["users"]["open"] == 15
    assert result.summary["amended"] is False
    reasons = [event.get("reason") for event in result.events if event["event"] == "stop"]
    assert reasons == ["stopped"]
    result.check_books()


def test_without_a_controller_they_say_so() -> None:
    """Both are no failure: a script that cleans up may find nothing to do."""
    status, stop = pytsung("status"), pytsung("stop")
    assert (status.returncode, status.stdout) == (0, "Tsung is not started\n")
    assert stop.returncode == 0
    assert re.fullmatch(r'"Tsung is not running on [^"]+"\n', stop.stdout)


def test_several_controllers_are_told_apart_by_their_ids(start: Start, port: int) -> None:
    """Stopping one must never stop the other; a taken id is refused before anything is made."""
    text = configuration(port, *LONG, load=users(3))
    first = start("-i", "a", "start", text=text)
    second = start("-i", "b", "start", text=text)
    first.wait_until_started(3)
    second.wait_until_started(3)
    third = start("-i", "a", "start", text=text).wait()
    assert third.status == 2
    assert "-i a: a controller with this id is running" in third.stderr
    assert not list(third.root.glob("*/"))
    assert pytsung("-i", "a", "stop").returncode == 0
    assert first.wait().status == 0
    assert second.process.poll() is None
    assert "running" in pytsung("-i", "b", "status").stdout
    pytsung("stop", "-i", "b")
    assert second.wait().status == 0


def test_a_second_one_without_an_id_is_found_by_its_process_id(start: Start, port: int) -> None:
    """Nobody gave it a name, and yet somebody may want to stop it."""
    text = configuration(port, *LONG, load=users(3))
    first, second = start("start", text=text), start("start", text=text)
    first.wait_until_started(3)
    second.wait_until_started(3)
    names = sorted(p.stem for p in Path(os.environ["PYTSUNG_RUN_DIR"]).glob("*.sock"))
    (number,) = [name.partition("_")[2] for name in names if "_" in name]
    assert int(number) in (first.process.pid, second.process.pid)
    for name in ("", number):
        pytsung(*(["-i", name] if name else []), "stop")
    results = [first.wait(), second.wait()]
    assert [result.status for result in results] == [0, 0]
    assert sum(f"this one is found with -i {number}" in result.stderr for result in results) == 1


def test_a_run_goes_on_where_no_socket_can_be_made(start: Start, port: int) -> None:
    """Somebody else may have made /tmp/pytsung-UID; that is no reason not to test."""
    Path(os.environ["PYTSUNG_RUN_DIR"]).mkdir(mode=0o755)
    text = configuration(port, CONNECT, CLOSE, load=users(3))
    result = start("start", text=text).wait()
    assert result.status == 0
    assert "no pytsung status or stop for this run: " in result.stderr
    assert start("-i", "x", "start", text=text).wait().status == 2


def test_a_killed_controller_leaves_no_trace_for_the_next(start: Start, port: int) -> None:
    """Out of memory, say; its id is free at once."""
    text = configuration(port, *LONG, load=users(3))
    first = start("-i", "x", "start", text=text)
    first.wait_until_started(3)
    first.signal(signal.SIGKILL)
    first.process.wait()
    assert pytsung("-i", "x", "status").stdout == "Tsung is not started\n"
    again = start("-i", "x", "start", text=text)
    again.wait_until_started(3)
    assert pytsung("-i", "x", "stop").returncode == 0
    assert again.wait().status == 0


def test_the_load_is_changed_while_the_test_runs(start: Start, port: int) -> None:
    """Pause, resume, a new rate: in events.jsonl, in the summary, and in the books."""
    load = (
        '<arrivalphase phase="1" duration="9" unit="second">'
        '<users arrivalrate="20" unit="second"/></arrivalphase>'
    )
    run = start("start", text=configuration(port, CONNECT, load=load))
    run.wait_until_started(20)
    assert ask({"ask": "order", "action": "pause", "by": "test"}) == {"done": True}
    assert "paused" in str(ask({"ask": "order", "action": "pause"})["error"])
    wait_for(lambda: _quiet_seconds(run.log_root) >= 2, "nobody arrives", run)
    assert ask({"ask": "order", "action": "resume", "by": "test"}) == {"done": True}
    assert ask({"ask": "order", "action": "rate", "rate": 60, "by": "test"}) == {"done": True}
    result: Result = run.wait()
    assert result.status == 0, result.stderr
    assert result.summary["amended"] is True
    assert result.verdict != "invalid", result.reasons
    orders = [(e["action"], e.get("rate")) for e in result.events if e["event"] == "order"]
    assert orders == [("pause", None), ("resume", None), ("rate", 60.0)]
    busiest = max(interval["users_started"] for interval in result.intervals)
    assert busiest > 40
    assert result.summary["users"]["started"] > 250
    result.check_books()


def test_a_user_with_a_fixed_time_waits_in_a_pause(start: Start, port: int) -> None:
    """Also when all phases are over, and nobody but that user is to come."""
    load = (
        '<arrivalphase phase="1" duration="1" unit="second">'
        '<users maxnumber="1" arrivalrate="50" unit="second"/></arrivalphase>'
        '<user session="s" start_time="10" unit="second"/>'
    )
    run = start("start", text=configuration(port, CONNECT, CLOSE, load=load))
    run.wait_until_started(1)
    wait_for(lambda: "last, waiting" in pytsung("status").stdout, "the end of the phase", run)
    assert ask({"ask": "order", "action": "pause", "by": "test"}) == {"done": True}
    assert "arrivals are paused" in str(ask({"ask": "order", "action": "rate", "rate": 9})["error"])
    wait_for(lambda: _quiet_seconds(run.log_root) >= 7, "nobody arrives", run)
    assert ask({"ask": "order", "action": "resume", "by": "test"}) == {"done": True}
    result: Result = run.wait()
    assert result.status == 0, result.stderr
    started = [interval["users_started"] for interval in result.intervals]
    assert sum(started) == 2
    assert started.index(1, 7) >= 12  # ten seconds, and the pause
    assert result.summary["amended"] is True
    assert result.verdict != "invalid", result.reasons
    result.check_books()


def _quiet_seconds(root: Path) -> int:
    """How many of the last seconds nobody arrived in."""
    (path,) = root.glob("*/intervals.jsonl")
    *lines, _ = path.read_text().split("\n")
    quiet = 0
    for line in reversed(lines):
        if json.loads(line)["merged"]["users_started"]:
            break
        quiet += 1
    return quiet


def test_what_is_kept_ends_by_ctrl_c_with_the_runs_own_status(start: Start, port: int) -> None:
    """`-k`: the page stays, with the final figures, until somebody has seen enough."""
    text = configuration(port, CONNECT, load=users(5))
    run = start("-k", "-i", "k", "--web-port", "0", "start", text=text, environment=WITH_PAGE)
    wait_for(lambda: list(run.log_root.glob("*/summary.json")) != [], "a summary", run)
    url = str(ask({"ask": "status"}, "k")["url"])
    with urllib.request.urlopen(url + "es/ts_api:status", timeout=10) as answer:
        status = json.loads(answer.read())
    assert (status["users"], status["request_rate"], status["active_beams"]) == (0, 0.0, 0)
    with urllib.request.urlopen(url + "metrics", timeout=10) as answer:
        assert b"\npytsung_users_started_total 5\n" in answer.read()
    wait_for(lambda: "phase" in pytsung("-i", "k", "status").stdout, "status", run)
    run.signal(signal.SIGINT)
    result = run.wait()
    assert result.status == 0, result.stderr
    assert "All slaves have stopped; keep controller and web dashboard alive. \n" in result.stdout


def test_a_taken_port_is_refused_if_asked_for_and_passed_by_if_not(
    start: Start, port: int, listener: object
) -> None:
    """8091 may be another run's; but who names a port has told somebody of it."""
    text = configuration(port, CONNECT, load=users(3))
    asked = start("--web-port", str(port), "start", text=text, environment=WITH_PAGE).wait()
    assert asked.status == 2
    assert f"port {port} is taken; choose another one with --web-port" in asked.stderr


WITH_PAGE = {"PYTSUNG_NO_WEB": "0"}


def test_a_run_is_watched_without_a_terminal(start: Start, port: int) -> None:
    """In a pipe `watch` writes lines, and ends with the run; without a run it says so."""
    nobody = pytsung("watch")
    assert nobody.returncode == 2
    assert "no controller is running on this host" in nobody.stderr
    run = start("-i", "w", "start", text=configuration(port, *LONG, load=users(8)))
    run.wait_until_started(8)
    line = [sys.executable, "-m", "pytsung", "-i", "w", "watch"]
    watcher = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert watcher.stdout is not None
        assert re.match(r"\d:\d\d 8 users, 8 connected, ", watcher.stdout.readline())
        run.signal(signal.SIGTERM)
        run.wait()
        said, complaints = watcher.communicate(timeout=30)
    finally:
        watcher.kill()
    assert watcher.returncode == 0, complaints
    assert re.search(r"\(ended, \w+\)$", said.splitlines()[-1])


def test_a_run_is_watched_by_its_url_to_its_end(start: Start, port: int) -> None:
    """From another host, with nothing but what `start` printed; a killed controller is said."""
    run = start(
        *("-i", "u", "--web-port", "0", "start"),
        text=configuration(port, *LONG, load=users(8)),
        environment=WITH_PAGE,
    )
    run.wait_until_started(8)
    url = str(ask({"ask": "status"}, "u")["url"])
    line = [sys.executable, "-m", "pytsung", "watch", url]
    watcher = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    beside = subprocess.Popen(
        [*line[:-1], "-i", "u"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        for one in (watcher, beside):
            assert one.stdout is not None
            assert re.match(r"\d:\d\d 8 users, 8 connected, ", one.stdout.readline())
        run.signal(signal.SIGKILL)
        said, _ = beside.communicate(timeout=30)
        assert said.splitlines()[-1].startswith("the controller is gone, and the test with it;")
        assert watcher.poll() is None  # a tunnel may have broken: it goes on trying
    finally:
        watcher.kill()
        watcher.communicate()
        beside.kill()
        beside.communicate()


def test_an_old_run_is_viewed_from_its_directory(start: Start, port: int) -> None:
    """Weeks later, from the files; the newest of several, or the one that is named."""
    result = start("start", text=configuration(port, CONNECT, CLOSE, load=users(8))).wait()
    assert pytsung("-l", str(result.root / "nowhere"), "view").returncode == 2
    words = ["-l", str(result.root), "--web-port", "0", "view"]
    line = [sys.executable, "-m", "pytsung", *words]
    viewer = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert viewer.stdout is not None
        found = re.fullmatch(r"Starting Tsung web only on port (\d+)\n", viewer.stdout.readline())
        assert found is not None
        url = f"http://127.0.0.1:{found[1]}"
        with urllib.request.urlopen(url + "/live/stream", timeout=10) as stream:
            news = json.loads(stream.readline().removeprefix(b"data: "))
        assert news["now"]["state"] == "ended"
        assert news["now"]["users"]["started"] == 8
        assert news["now"]["verdict"]["status"] == result.verdict
        with urllib.request.urlopen(url + "/summary.json", timeout=10) as answer:
            assert json.loads(answer.read()) == result.summary
        viewer.send_signal(signal.SIGINT)
        assert viewer.wait(timeout=30) == 0
    finally:
        viewer.kill()
        viewer.communicate()
