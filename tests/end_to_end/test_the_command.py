"""The command as scripts use it: pipes, options, refusals, exit statuses."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests import servers
from tests.end_to_end.command import CLOSE, CONNECT, configuration, users
from tests.end_to_end.conftest import Start

BROKEN = """<?xml version="1.0"?>
<tsung>
  <clients><client host="localhost" use_controller_vm="true"/></clients>
  <servers><server host="127.0.0.1" port="many" type="tcp"/></servers>
  <load>
    <arrivalphase phase="1" duration="1" unit="second">
      <users arrivalrate="1" interarrival="1" unit="second"/>
    </arrivalphase>
  </load>
  <sessions><session name="s" probability="100" type="ts_unheard"/></sessions>
</tsung>
"""


def test_a_broken_configuration_starts_nothing(start: Start) -> None:
    """All faults at once, each with file and line; exit status 2 and no log directory."""
    command = start("start", text=BROKEN)
    result = command.wait()
    assert result.status == 2
    assert result.stdout == ""
    for line in (4, 7, 10):
        assert f"test.xml:{line}" in result.stderr
    assert [path.name for path in command.log_root.iterdir()] == ["test.xml"]
    assert "Traceback" not in result.stderr


def test_a_log_root_that_cannot_be_written(start: Start, tmp_path: Path) -> None:
    """Said before the first user starts: exit status 4."""
    taken = tmp_path / "file"
    taken.touch()
    result = start("-l", str(taken / "log"), "start", text=configuration(1, CONNECT)).wait()
    assert result.status == 4
    assert str(taken) in result.stderr
    assert "Traceback" not in result.stderr


def test_commands_of_later_versions_are_refused(start: Start) -> None:
    """By name, with what serves until then."""
    result = start("record").wait()
    assert result.status == 2
    assert result.stderr.startswith("pytsung: record: not in this version")


def test_check_prints_the_plan_and_sends_nothing(start: Start) -> None:
    """In words, or as JSON; from stdin too."""
    text = configuration(1, CONNECT, CLOSE, load=users(7))
    words = start("check", text=text).wait()
    assert words.status == 0, words.stderr
    assert "7 users" in words.stdout
    result = start("-f", "-", "check", "--json", "--seed", "5").wait(stdin=text)
    assert result.status == 0, result.stderr
    plan = json.loads(result.stdout)
    assert plan["seed"] == 5
    assert plan["load"]["phases"][0]["max_users"] == 7
    assert list(result.root.iterdir()) == []


def test_a_run_through_pipes(start: Start, port: int) -> None:
    """The configuration from stdin, the statistics to stdout, options by variables; then another
    run in the same minute gets a directory of its own."""
    text = configuration(port, CONNECT, CLOSE, load=users(5))
    environment = {"PYTSUNG_SEED": "11", "PYTSUNG_THRESHOLD": "connect: count>4"}
    command = start("start", "-f", "-", "-m", "-", environment=environment)
    result = command.wait(stdin=text)
    assert result.status == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "Starting Tsung"
    assert lines[2].startswith("# stats: dump at ")
    assert "stats: users_count 5 5" in lines
    assert not (result.directory / "tsung.log").exists()
    assert result.events[0]["seed"] == 11
    assert result.summary["thresholds"][0]["kept"]
    assert f'port="{port}"' in (result.directory / "tsung_stdin.xml").read_text()
    # the same log root, as a script would use it
    words = ("start", "-l", str(command.log_root))
    second = start(*words, text=text).wait()
    assert second.status == 0, second.stderr
    assert second.directory != result.directory
    assert second.directory.parent == result.directory.parent


def test_keep_waits_and_keeps_the_runs_own_status(start: Start) -> None:
    """`-k`: Ctrl-C after the end is how one leaves, not a stop of the run."""
    with servers.serving(servers.hang_up) as port:
        text = configuration(port, CONNECT, load=users(3))
        command = start("start", "-k", "--threshold", "connect: count>99", text=text)
        assert command.process.stdout is not None
        said = [command.process.stdout.readline() for _ in range(3)]
        assert said[2].startswith(
            "All slaves have stopped; keep controller and web dashboard alive"
        )
        assert command.process.poll() is None
        command.signal(signal.SIGINT)
        result = command.wait()
    assert result.status == 99, result.stderr
    assert "Traceback" not in result.stderr


def test_a_host_without_an_address_is_said_with_the_cure(start: Start) -> None:
    """A mistyped name must not end in a look at the documentation of SSH."""
    text = configuration(1, CONNECT, client='host="far-away.invalid"')
    result = start("start", text=text).wait()
    assert result.status == 4
    assert "agent host far-away.invalid: its name does not resolve" in result.stderr
    assert "HostName" in result.stderr


def test_local_plays_every_client_here_with_an_address_each(start: Start) -> None:
    """`--local --server`: any configuration of a fleet runs on a laptop."""
    seen: set[str] = set()

    def note(connection: object) -> None:
        seen.add(connection.getpeername()[0])  # type: ignore[attr-defined] # a socket
        servers.upgrade_and_listen(connection)  # type: ignore[arg-type]

    clients = "".join(f'<client host="far-{number}" cpu="4"/>' for number in range(3))
    text = configuration(1, CONNECT, load=users(30)).replace(
        '<client host="localhost" use_controller_vm="true"/>', clients
    )
    with servers.serving(note) as port:
        result = start("start", "--local", "--server", f"127.0.0.1:{port}", text=text).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert result.summary["users"]["finished"] == 30
    assert len(seen) == 3
    assert "127.0.0.1" not in seen
