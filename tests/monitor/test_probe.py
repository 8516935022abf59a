"""The program that reads a target's host, there: on any Python, with nothing beside it."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from pytsung.monitor import probe
from tests.pythons import python

SOURCE = Path(probe.__file__).read_text("utf-8")


@contextmanager
def running(
    source: str = SOURCE, interpreter: str = sys.executable, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """The probe as a host runs it."""
    process = subprocess.Popen(
        [interpreter, "-I", "-S", "-c", source, "MARK"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def ask(process: subprocess.Popen[str], question: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(question) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def greeting(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    assert process.stdout.readline() == "\n", "a login shell may have stopped in mid-line"
    return process.stdout.readline()


def test_it_is_understood_by_old_pythons() -> None:
    """A target's host is nobody's to upgrade for a load test."""
    ast.parse(SOURCE, feature_version=(3, 6))


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.13"])
def test_it_runs_on_each_python(version: str) -> None:
    """What parses may still ask for a module, or an argument, that came later."""
    access = {"username": "me", "password": "", "port": 3306}
    with running(interpreter=python(version), PATH="/nonexistent") as process:
        assert greeting(process).startswith(f"MARK ready {version}.")
        figures = ask(process, {"mysql": access})
    assert figures["freemem"] > 0
    assert "install the client" in figures["mysql_error"]


def test_it_stands_alone() -> None:
    """There is nothing of pytsung where it runs."""
    modules = {
        alias.name
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {node.module for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.ImportFrom)}
    assert modules <= sys.stdlib_module_names


def test_it_answers_as_often_as_it_is_asked() -> None:
    """The controller's clock counts, not the host's."""
    with running() as process:
        assert greeting(process) == f"MARK ready {sys.version.split()[0]}\n"
        first, second = ask(process, {}), ask(process, {})
    assert set(first) == {"cpu", "freemem", "load", "packets"}
    busy, total = first["cpu"]
    assert 0 <= busy <= total
    assert second["cpu"][1] >= total
    memory = Path("/proc/meminfo").read_text().split()
    assert 0 < first["freemem"] < int(memory[1]) / 1024
    assert first["load"] >= 0
    received, sent = first["packets"]
    assert received >= 0
    assert sent >= 0


def test_it_ends_with_its_stdin() -> None:
    """Nobody is left on a host whose controller has gone."""
    with running() as process:
        greeting(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(5) == 0


def test_it_ends_when_nobody_asks() -> None:
    """A connection may go without a word, and its end then never comes."""
    source = SOURCE.replace("SILENCE = 60", "SILENCE = 0.2")
    assert source != SOURCE
    with running(source) as process:
        greeting(process)
        assert process.wait(5) == 0


def mysqladmin(directory: Path, script: str, name: str = "mysqladmin") -> str:
    """A PATH on which there is only this `mysqladmin`, and what a shell needs."""
    program = directory / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{directory}:/usr/bin:/bin"


def test_mysql_is_asked_as_tsung_asks_it(tmp_path: Path) -> None:
    """User and port are words; the password is not, for every user there can read those."""
    path = mysqladmin(tmp_path, 'echo "Uptime: 5  Threads: 2  Questions: 31 $* [$MYSQL_PWD]"')
    access = {"username": "me", "password": "s3cret", "port": 3307}
    with running(PATH=path) as process:
        greeting(process)
        answer = ask(process, {"mysql": access})
    assert answer["mysql"] == (
        "Uptime: 5  Threads: 2  Questions: 31 -u me -P 3307 status [s3cret]\n"
    )


@pytest.mark.skipif(shutil.which("mysqladmin") is not None, reason="there is a real one here")
def test_mariadb_calls_it_otherwise(tmp_path: Path) -> None:
    """Its packages have MySQL's names only on request, of late."""
    path = mysqladmin(tmp_path, "echo Threads: 2  Questions: 31", "mariadb-admin")
    with running(PATH=path) as process:
        greeting(process)
        answer = ask(process, {"mysql": {"username": "me", "password": "", "port": 3306}})
    assert answer["mysql"] == "Threads: 2 Questions: 31\n"


def test_a_mysql_that_refuses_or_is_not_there(tmp_path: Path) -> None:
    """The host's own figures are worth having."""
    access = {"username": "me", "password": "", "port": 3306}
    with running(PATH=mysqladmin(tmp_path, "echo Access denied >&2; exit 1")) as process:
        greeting(process)
        answer = ask(process, {"mysql": access})
    assert (answer["mysql"], answer["mysql_error"]) == ("", "Access denied\n")
    assert answer["freemem"] > 0
    with running(PATH=str(tmp_path / "none")) as process:
        greeting(process)
        assert "install the client" in ask(process, {"mysql": access})["mysql_error"]


def test_a_mysql_that_hangs_holds_up_nothing(tmp_path: Path) -> None:
    """The other figures come before the controller gives the host up."""
    source = SOURCE.replace("MYSQL_TIME = 4", "MYSQL_TIME = 0.2")
    access = {"username": "me", "password": "", "port": 3306}
    with running(source, PATH=mysqladmin(tmp_path, "exec sleep 20")) as process:
        greeting(process)
        assert "timed out" in ask(process, {"mysql": access})["mysql_error"]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("eth0", True),
        ("ens3", True),
        ("wlp2s0", True),
        ("lo", False),
        ("veth12ab", False),
        ("eth0.100", False),
        ("eth0:1", False),
    ],
)
def test_which_interfaces_lead_out(name: str, counts: bool) -> None:
    """A packet that passes three interfaces on its way is one packet."""
    assert probe.leads_out(name) is counts


def test_a_bridge_is_counted_at_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    """What leaves through a bridge leaves through a card."""
    monkeypatch.setattr(os.path, "isdir", lambda path: path == "/sys/class/net/br0/bridge")
    assert not probe.leads_out("br0")
    assert probe.leads_out("eth0")


def test_old_kernels_do_not_say_what_is_available(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free, buffers and cache are near enough, as in Tsung."""
    text = "MemTotal: 9 kB\nMemFree: 1024 kB\nBuffers: 512 kB\nCached: 512 kB\n"
    monkeypatch.setattr("builtins.open", lambda _: _Lines(text))
    assert probe.free_memory() == 2.0


class _Lines(list[str]):
    def __init__(self, text: str) -> None:
        super().__init__(text.splitlines())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""
