"""How a bare shell becomes an agent: on each Python, past whatever else a host says."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from pytsung.control.codec import MessageCodec
from pytsung.control.encoding import Encoder
from pytsung.control.messages import VERSION, Hello
from pytsung.controller.bootstrap import Bootstrap
from pytsung.controller.bundle import Bundle, make_bundle
from pytsung.controller.connector import ConnectorLauncher, connector_command
from pytsung.errors import AgentError, UsageError
from pytsung.protocols import registry
from tests.end_to_end.command import processes_of, wait_for
from tests.pythons import AGENT_PYTHONS, python

LIMIT = 30.0
ENCODER = Encoder(registry.installed())
BUNDLE = make_bundle()
TOOLS = ("sh", "env", "cat")


@contextmanager
def only(directory: Path, **programs: str) -> Iterator[str]:
    """A PATH with a few tools and these programs, as a connector that has no other."""
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None
        (directory / name).symlink_to(found)
    for name, target in programs.items():
        (directory / name.replace("_", ".")).symlink_to(target)
    yield f"env -i PATH={directory} HOST={{host}}"


def bring_up(connector: str, bootstrap: Bootstrap, run_id: str = "one") -> Hello:
    """Start an agent, hear its first message, and let it go."""

    async def main() -> Hello:
        launcher = ConnectorLauncher("far", connector_command(connector, "far"), bootstrap)
        codec = MessageCodec(ENCODER)
        with trio.fail_after(LIMIT):
            async with launcher.launch(run_id) as connection:
                await connection.stream.send_all(codec.send(Hello(VERSION)))
                while True:
                    data = await connection.stream.receive_some()
                    assert data, "the agent ended"
                    for message in codec.feed(bytes(data)):
                        assert isinstance(message, Hello)
                        return message

    return trio.run(main)


def refused(connector: str, bootstrap: Bootstrap) -> str:
    with pytest.raises(AgentError) as raised:
        bring_up(connector, bootstrap)
    return str(raised.value)


@pytest.mark.parametrize("version", AGENT_PYTHONS)
def test_the_newest_python_of_a_host_becomes_the_agent(version: str, tmp_path: Path) -> None:
    """Found by its name; that an older one is beside it does not matter."""
    names = {f"python{version.replace('.', '_')}": python(version), "python3": "/bin/false"}
    with only(tmp_path, **names) as connector:
        hello = bring_up(connector, Bootstrap(BUNDLE))
    assert hello.python.startswith(f"{version}.")
    assert hello.version == VERSION


def test_a_name_that_leads_to_no_python_is_passed_by(tmp_path: Path) -> None:
    """Version managers have a program for every version, installed or not."""
    with only(
        tmp_path, python3_14="/bin/false", python3_13="/nowhere", python3=python("3.11")
    ) as far:
        assert bring_up(far, Bootstrap(BUNDLE)).python.startswith("3.11.")


def test_agent_python_may_have_several_words(tmp_path: Path) -> None:
    """A launcher before the interpreter, as `uv run python`."""
    with only(tmp_path) as connector:
        asked = Bootstrap(BUNDLE, python=f"env PYTHONUTF8=1 {python('3.11')}")
        assert bring_up(connector, asked).python.startswith("3.11.")


def test_every_process_carries_the_run_and_is_gone_after_it(tmp_path: Path) -> None:
    """Leftovers are found by this variable; there must be none."""
    run_id = f"test-{os.getpid()}"
    with only(tmp_path, python3=python("3.11")) as connector:
        bring_up(connector, Bootstrap(BUNDLE), run_id)
    wait_for(lambda: not processes_of(f"PYTSUNG_RUN_ID={run_id}"), "no process left")


def test_nothing_is_written_without_a_cache(tmp_path: Path) -> None:
    """No home, no directory for temporary files, nothing that may be written."""
    with only(tmp_path, python3=python("3.11")) as connector:
        bare = f"{connector} HOME=/nonexistent TMPDIR=/nonexistent"
        bring_up(f"sh -c 'cd / && exec {bare} sh' {{host}}", Bootstrap(BUNDLE))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*TOOLS, "python3"])


def test_a_cache_is_filled_once_and_then_used(tmp_path: Path) -> None:
    """The archive of another version has a place of its own."""
    cache = tmp_path / "cache"
    tools = tmp_path / "tools"
    tools.mkdir()
    with only(tools, python3=python("3.11")) as connector:
        asked = Bootstrap(BUNDLE, cache=str(cache))
        bring_up(connector, asked)
        (kept,) = cache.iterdir()
        assert (kept / "pytsung/agent/__main__.py").is_file()
        # What is not sent need not be whole: the digest alone says what is wanted.
        bring_up(connector, Bootstrap(Bundle(b"", BUNDLE.digest), cache=str(cache)))
        assert list(cache.iterdir()) == [kept]


def test_a_cache_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    """Whoever can write there would run as the agent's user."""
    tools = tmp_path / "tools"
    tools.mkdir()
    kept = tmp_path / f"pytsung-{BUNDLE.digest[:16]}"
    (kept / "pytsung/agent").mkdir(parents=True)
    (kept / "pytsung/agent/__main__.py").write_text("raise SystemExit('an intruder')")
    kept.chmod(0o777)
    with only(tools, python3=python("3.11")) as connector:
        bring_up(connector, Bootstrap(BUNDLE, cache=str(tmp_path)))


def test_an_archive_that_was_changed_on_its_way_is_not_run(tmp_path: Path) -> None:
    """Some connectors translate line ends; half an agent would be worse than none."""
    changed = Bundle(BUNDLE.archive[:-1] + b"x", BUNDLE.digest)
    with (
        only(tmp_path, python3=python("3.11")) as connector,
        pytest.raises(AssertionError, match="the agent ended"),
    ):
        bring_up(connector, Bootstrap(changed))


def test_an_incomplete_python_is_said(tmp_path: Path) -> None:
    """Distributions pack a minimal one; a traceback would not say what to install."""
    shadow = tmp_path / "python3"
    shadow.write_text(
        f'#!/bin/sh\n[ "$5" ] || exec {python("3.11")} "$@"\n'
        f"shift 3\nfar=$1; shift\nexec {python('3.11')} -I -S -c 'import sys; "
        """sys.modules["ssl"] = None; exec(sys.argv.pop(1))' "$far" "$@"\n"""
    )
    shadow.chmod(0o755)
    with only(tmp_path) as connector:
        said = refused(connector, Bootstrap(BUNDLE))
    assert "its Python is not complete" in said
    assert "python3-minimal" in said


@pytest.mark.parametrize(
    ("connector", "words"),
    [
        ("false", "no agent was started there"),
        ("sh -c 'echo no route to host >&2; exit 255'", "(no route to host)"),
        ("/nonexistent/ssh", "/nonexistent/ssh cannot be run"),
    ],
)
def test_a_connector_that_fails_is_said(connector: str, words: str) -> None:
    """What it said itself is the best hint."""
    said = refused(connector, Bootstrap(BUNDLE))
    assert said.startswith("agent host far: ")
    assert words in said


@pytest.mark.parametrize(
    ("connector", "words"),
    [
        ("ssh -A", ["ssh", "-A", "web1", "sh"]),
        ("docker exec -i {host} sh -c", ["docker", "exec", "-i", "web1", "sh", "-c", "sh"]),
        ("srun --nodelist={host}", ["srun", "--nodelist=web1", "sh"]),
    ],
)
def test_how_a_connector_is_run(connector: str, words: list[str]) -> None:
    """CMD HOST COMMAND as in Tsung, or as it is written."""
    assert connector_command(connector, "web1") == words


@pytest.mark.parametrize("connector", ["", "ssh 'half"])
def test_what_is_no_command_is_refused(connector: str) -> None:
    """Before any host is asked."""
    with pytest.raises(UsageError, match="-r"):
        connector_command(connector, "web1")


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox", "zsh", "ksh", "mksh"])
def test_every_shell_that_may_be_sh_reads_the_script(
    shell: str, script: Callable[[], bytes]
) -> None:
    """Some read ahead, some byte by byte: none may take what is meant for Python."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"no {shell} here")
    words = [found, "sh"] if shell == "busybox" else [found]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(script())
    process.stdin.flush()
    assert process.stdout.readline() == b"\n"
    assert b" ready 3." in process.stdout.readline()
    process.stdin.write((2).to_bytes(8, "big") + b"no")
    process.stdin.close()
    assert process.wait(LIMIT) == 1
    process.stdout.close()


@pytest.fixture
def script() -> Callable[[], bytes]:
    """The lines for a shell."""
    return lambda: Bootstrap(BUNDLE, python=python("3.11")).script("one")
