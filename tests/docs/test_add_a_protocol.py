"""The page about new protocols promises that its files work: here against a real Redis."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.docs.test_examples import python_path, written_files

PAGE = ROOT / "docs/how-to/add-a-protocol.md"


@contextmanager
def redis(directory: Path) -> Iterator[int]:
    """A Redis that keeps nothing; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    words = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    process = subprocess.Popen(words, cwd=directory, stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def test_the_room_and_its_test_work(tmp_path: Path) -> None:
    """They are the first thing that is copied from the page."""
    written_files(PAGE, tmp_path)
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    done = subprocess.run(
        [*tests, "test_redis_room.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": python_path(tmp_path), "PYTHONWARNINGS": "error"},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"\b8 passed", done.stdout), done.stdout


def test_its_configuration_runs_against_redis(tmp_path: Path) -> None:
    """Controller, agent and workers all have to find a room that is none of pytsung's own."""
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server: the plug-in of the how-to is not played against a real one")
    written_files(PAGE, tmp_path)
    with redis(tmp_path) as port:
        words = ["-f", "redis.xml", "-l", "log", "--server", f"127.0.0.1:{port}", "--quiet"]
        done = subprocess.run(
            [sys.executable, "-m", "pytsung", *words, "start"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": python_path(tmp_path)},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    (summary,) = (tmp_path / "log").glob("*/summary.json")
    found = json.loads(summary.read_text())
    assert done.returncode == 0, done.stderr
    users = found["users"]["finished"]
    assert users == found["users"]["started"] > 10
    assert found["counters"]["redis_ok"] == 2 * users
    assert found["counters"]["match"] == users
    assert not [name for name in found["counters"] if name.startswith("error")]
