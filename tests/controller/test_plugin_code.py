"""A plug-in that is installed here must be found in the same way on a host that has nothing."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from pytsung.controller.plugin_code import plugin_code
from pytsung.errors import UsageError
from tests.packages import declare

ROOT = Path(__file__).parents[2]
ROOM = """
from {package}.words import NAME
class Room:
    session_type = NAME
    element = "far"
    request_types = ()
    bidirectional = False
    read_request = describe = converse = None
"""
ELSEWHERE = """
import sys
sys.path[:0] = [{archive!r}, {root!r}]
from pytsung.protocols import registry
print(registry.installed().room("ts_far").element)
"""


def install(directory: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> Path:
    """A package of two modules; gives its directory."""
    place = directory / package
    place.mkdir()
    (place / "__init__.py").write_text("")
    (place / "words.py").write_text("NAME = 'ts_far'")
    (place / "room.py").write_text(ROOM.format(package=package))
    points = {"pytsung.protocols": {"ts_far": f"{package}.room:Room"}}
    declare(directory, {"name": package, "version": "2", "entry-points": points})
    monkeypatch.syspath_prepend(directory)
    return place


def test_without_plug_ins_nothing_travels() -> None:
    """Every agent would be sent it."""
    assert plugin_code() == {}


def test_an_archive_of_the_files_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents import from an archive, in an interpreter without site-packages."""
    install(tmp_path, monkeypatch, "far_a")
    archive = tmp_path / "agent.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name, data in plugin_code().items():
            file.writestr(name, data)
    code = ELSEWHERE.format(archive=str(archive), root=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == "far\n", done.stderr


def test_compiled_code_does_not_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another host may have another processor: better said here than in a hundred logs."""
    place = install(tmp_path, monkeypatch, "far_b")
    (place / f"fast{EXTENSION_SUFFIXES[0]}").write_bytes(b"\x7fELF")
    with pytest.raises(UsageError, match="compiled for this machine"):
        plugin_code()


def test_large_data_does_not_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every agent keeps a copy in memory."""
    place = install(tmp_path, monkeypatch, "far_c")
    (place / "data.bin").write_bytes(bytes(17 * 2**20))
    with pytest.raises(UsageError, match="leave large data out"):
        plugin_code()
