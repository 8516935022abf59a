"""Agents on what a host happens to have: each Python from 3.10 on, and nothing of ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import servers
from tests.docs.pages import ROOT
from tests.docs.test_add_a_protocol import PAGE, redis
from tests.docs.test_examples import python_path, written_files
from tests.end_to_end.command import Command
from tests.fleet.plans import plan
from tests.pythons import AGENT_PYTHONS, python

BARE = "env -i PATH=/usr/bin:/bin HOST={host}"
"""A connector to a host that is this one, with nothing in its environment."""


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Command]:
    """Starts `pytsung` on a fleet of bare hosts."""

    def start_command(text: str, version: str) -> Command:
        command = Command(tmp_path / "log")
        request.addfinalizer(command.kill)
        words = ("-r", BARE, "--agent-python", python(version), "--no-report", "start")
        return command.start(*words, text=text)

    return start_command


@pytest.mark.parametrize("version", AGENT_PYTHONS)
def test_a_run_on_each_python(version: str, start: Callable[..., Command]) -> None:
    """Agents, zygotes and workers all live from the archive alone; warnings of theirs are said."""
    with servers.serving(servers.upgrade_and_listen) as port:
        result = start(plan(f"127.0.0.1:{port}", ["a", "b"], attributes='cpu="2"'), version).wait()
    assert result.status == 0, result.stderr
    result.check_books()
    assert [agent["started"] for agent in result.summary["agents"]] == [10, 10]
    assert "Warning" not in result.stderr


def test_a_plug_in_travels_with_the_agent(tmp_path: Path) -> None:
    """The room of the how-to plays on hosts where nobody has installed it."""
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server: the plug-in of the how-to is not played against a real one")
    written_files(PAGE, tmp_path)
    path = tmp_path / "redis.xml"
    text = path.read_text("utf-8")
    assert text.count('<client host="localhost"') == 1
    path.write_text(text.replace('<client host="localhost"', '<client host="far"'), "utf-8")
    with redis(tmp_path) as port:
        words = ["-f", "redis.xml", "-l", "log", "--server", f"127.0.0.1:{port}", "--quiet"]
        words += ["-r", BARE, "--agent-python", python(AGENT_PYTHONS[0]), "start"]
        done = subprocess.run(
            [sys.executable, "-m", "pytsung", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": python_path(tmp_path)},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    (summary,) = (tmp_path / "log").glob("*/summary.json")
    found = json.loads(summary.read_text())
    assert found["counters"]["redis_ok"] == 2 * found["users"]["finished"] > 20


def test_the_plug_in_is_not_installed_anyhow() -> None:
    """Else the test before would say nothing."""
    assert not list(ROOT.glob("redis_room*"))
