"""The benches' arithmetic decides what is claimed in public: it is tested like the product's."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from hashlib import sha1
from pathlib import Path

import pytest

from bench import accuracy, connect, machine, memory, processes, target
from bench import bytes as upgrades
from bench.bare_epoll import REQUEST, has_first_frame
from bench.delaying_server import answer
from bench.priority import put_first
from bench.processes import Family, Memory
from bench.sessions import ALL_AT_ONCE, Load, fresh_sources
from pytsung.config import read_configuration


def sample(at: float, connections: int, cpu: float) -> connect.Sample:
    return connect.Sample(at, connections, cpu)


def test_cost_is_counted_from_the_first_arrival_until_the_last_answer() -> None:
    """What starting up and holding cost would otherwise be called cost of connecting."""
    samples = [
        sample(0.0, 0, 5.0),
        sample(0.1, 0, 6.0),  # still starting: not counted
        sample(0.2, 400, 6.5),
        sample(0.3, 1000, 7.0),
        sample(0.3 + connect.SETTLE, 1000, 8.0),
        sample(1.5 + connect.SETTLE, 1000, 50.0),  # holding: not counted
    ]
    assert connect.cost_of(samples, 1000) == pytest.approx(2.0 / 1000)


def test_a_run_that_did_not_connect_everybody_gives_no_cost() -> None:
    with pytest.raises(ValueError, match="999 of 1000"):
        connect.cost_of([sample(0, 0, 0), sample(1, 999, 1), sample(2, 999, 2)], 1000)
    with pytest.raises(ValueError, match="after the last connection"):
        connect.cost_of([sample(0, 0, 0), sample(1, 1000, 1)], 1000)


def test_ratios_are_taken_within_rounds() -> None:
    """A slow spell of the machine makes both slow; their ratio stays."""
    costs = {"pytsung": [2e-5, 2e-4, 3e-5], "bare epoll loop": [1e-5, 1e-4, 1e-5]}
    assert connect.ratio(costs, "pytsung", "bare epoll loop") == pytest.approx(2.0)
    assert connect.rows("flat out", costs) == [
        "| flat out | pytsung | 30 µs | 2.00 | 1.00 | 20, 200, 30 |",
        "| flat out | bare epoll loop | 10 µs | 1.00 | 0.50 | 10, 100, 10 |",
    ]


def test_cpu_time_has_children_and_any_program_name() -> None:
    tick = 1 / os.sysconf("SC_CLK_TCK")
    text = "7 (a) b ( c) S 1 7 7 0 -1 4194304 1 2 3 4 100 20 3 4 20 0 1 0 99"
    assert processes.read_stat(text) == pytest.approx(127 * tick)


def test_memory_is_read_in_bytes_and_adds_up() -> None:
    text = "55d0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  20 kB\nPss:  12 kB\nPss_Anon: 3 kB\n"
    one = processes.read_rollup(text)
    assert one == Memory(20480, 12288)
    assert one + Memory(1, 2) == Memory(20481, 12290)


def test_memory_of_a_user_is_growth_over_users() -> None:
    growth = memory.Growth(1000, Memory(1_000_000, 500_000), Memory(1_600_000, 900_000))
    assert (growth.rss, growth.pss) == (600, 400)
    assert memory.row("pytsung", growth).startswith("| pytsung | 1,000 | 600 B | 400 B |")


def test_a_family_is_found_by_its_mark_and_ended() -> None:
    """What is missed is neither counted nor stopped."""
    family, other = Family(), Family()
    burn = "import time\nwhile time.process_time() < 0.05: pass\n"
    command = [sys.executable, "-c", burn + "print(flush=True); time.sleep(30)"]
    with subprocess.Popen(command, env=family.environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()  # it has its own environment from here on
            family.find()
            other.find()
            assert family.pids == [process.pid]
            assert family.leaves("PYTSUNG_BENCH") == [process.pid]
            assert family.leaves("PYTSUNG_RUN_ID") == []
            assert other.pids == []
            assert family.cpu() >= 0.04  # told in ticks of 10 ms
            assert family.memory().rss > 1_000_000
        finally:
            family.kill()
    family.find()
    assert family.pids == []


def test_open_descriptors_are_counted() -> None:
    before = processes.open_descriptors(os.getpid())
    read, write = os.pipe()
    assert processes.open_descriptors(os.getpid()) == before + 2
    os.close(read)
    os.close(write)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may ask for real-time priority")
def test_a_run_and_what_it_starts_are_served_first() -> None:
    """What is printed beside the figures is so, and the bench itself stays where it was."""
    words = "import os; input(); print(os.system('chrt --pid $$'))"
    child = subprocess.Popen(
        [sys.executable, "-c", words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert put_first(child.pid).startswith("Served before other processes")
    said, _ = child.communicate("\n", timeout=20)
    assert "SCHED_RR" in said
    assert os.sched_getscheduler(0) != os.SCHED_RR


def test_without_the_right_to_it_a_run_is_served_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so: figures of a busy machine are to be read with that in mind."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert put_first(os.getpid()).startswith("Served like all other processes")


def test_the_port_is_read_from_what_the_server_says() -> None:
    line = "pytsung-server listening on ws://127.0.0.1:9505 (1 workers, profile current)\n"
    assert target.listening_port(line) == 9505


def test_everybody_gets_the_same_load(tmp_path: Path) -> None:
    load = Load(
        port=9505, sources=("127.64.1.2", "127.64.1.3"), users=300, rate=100, workers=2, hold=5
    )
    file = tmp_path / "bench.xml"
    file.write_text(load.configuration())
    plan = read_configuration(file).plan
    (phase,) = plan.load.phases
    (host,) = plan.agent_hosts
    assert (phase.users, phase.rate) == (300, 100)
    assert (host.workers, host.source_addresses) == (2, ("127.64.1.2", "127.64.1.3"))
    assert (
        f'arrivalrate="{ALL_AT_ONCE:.0f}"'
        in Load(port=1, sources=("127.64.1.2",), users=1, rate=float("inf")).configuration()
    )


def test_sources_are_loopback_addresses_beside_the_usual_ones() -> None:
    for _ in range(50):
        one, other = fresh_sources()
        assert one != other
        for source in (one, other):
            first, second, _, last = map(int, source.split("."))
            assert first == 127
            assert second >= 64
            assert 1 <= last <= 254


def test_the_bare_loop_waits_for_the_first_frame() -> None:
    """Otherwise it would be compared for less work than the others do."""
    head = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    assert not has_first_frame(head[:-1])
    assert not has_first_frame(head)
    assert not has_first_frame(head + b"\x81")
    assert has_first_frame(head + b"\x81\x02hi")


def test_the_delaying_server_agrees_to_the_key() -> None:
    key = b"dGhlIHNhbXBsZSBub25jZQ=="
    accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    assert key in REQUEST
    assert b"Sec-WebSocket-Accept: " + accept + b"\r\n" in answer(REQUEST)
    with pytest.raises(ValueError, match="subsection not found"):
        answer(b"GET / HTTP/1.1\r\n\r\n")


def test_accuracy_is_request_without_connect_against_the_server() -> None:
    samples = {
        "request": {"count": 3.0, "mean": 0.0112, "p50": 0.011, "p99": 0.013},
        "connect": {"count": 3.0, "mean": 0.0010, "p50": 0.001, "p99": 0.002},
    }
    rows = accuracy.rows(samples, [0.0100, 0.0100, 0.0103])
    assert rows[0] == "| server: accept to answer | 3 | 10.100 | 10.000 | 10.294 |"
    assert rows[-1] == "| **difference to the server** | | **+0.100** | | |"


def test_bytes_are_right_only_when_both_ends_agree() -> None:
    log = "stats: size_sent 1 1\n# stats: dump at 2\nstats: size_sent 0 213\nstats: size_rcv 0 248"
    sent, received = upgrades.logged_total(log, "size_sent"), upgrades.logged_total(log, "size_rcv")
    assert (sent, received, upgrades.logged_total(log, "size")) == (213, 248, 0)
    right = upgrades.Exchange("pytsung", (213, 248), 213.0, 248.0, sent, received)
    assert right.is_right
    assert right.row == "| pytsung | 213 / 248 | 213 / 248 | 213 / 248 | yes |"
    assert not upgrades.Exchange("pytsung", (213, 248), 213.0, 248.0, 212.9, 248.0).is_right


def test_a_processor_has_a_name_or_an_architecture() -> None:
    assert machine.processor("processor\t: 0\nmodel name\t: AMD EPYC\nflags\t: x\n") == "AMD EPYC"
    assert machine.processor("processor\t: 0\n")
