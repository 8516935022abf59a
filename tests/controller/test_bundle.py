"""What is sent to hosts: it must run there without anything of theirs but Python."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pytsung.controller import bundle
from pytsung.controller.bundle import make_bundle
from pytsung.errors import AgentError
from tests.pythons import AGENT_PYTHONS, python


def test_the_same_sources_give_the_same_archive() -> None:
    """A cache is known by the archive's digest: a date in it would make it useless."""
    assert make_bundle().archive == make_bundle().archive


def test_nothing_travels_but_the_agents_side() -> None:
    """Neither tests, nor what the controller alone needs."""
    names = zipfile.ZipFile(io.BytesIO(make_bundle().archive)).namelist()
    assert "pytsung/agent/__main__.py" in names
    assert "trio/__init__.py" in names
    left = ("pytsung/config/", "pytsung/controller/", "pytsung/ssh/", "trio/_tests/", "lxml/")
    assert not [name for name in names if name.startswith(left)]
    assert {Path(name).suffix for name in names} == {".py"}


@pytest.mark.parametrize("version", AGENT_PYTHONS)
def test_it_runs_from_itself_alone(version: str, tmp_path: Path) -> None:
    """Every module in it is imported: a package that is missing would be missed in a run."""
    archive = tmp_path / "agent.zip"
    archive.write_bytes(make_bundle().archive)
    names = [name for name in zipfile.ZipFile(archive).namelist() if name.startswith("pytsung/")]
    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in names
    ]
    modules = [name for name in modules if name not in ("pytsung.__main__", "pytsung.py")]
    code = f"import sys; sys.path.insert(0, {str(archive)!r}); import {', '.join(modules)}"
    words = [python(version), "-I", "-S", "-W", "error", "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_package_that_is_not_pure_python_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its parts for this machine would be wrong on another."""
    package = tmp_path / "compiled_thing"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "fast.cpython-311-x86_64-linux-gnu.so").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(bundle, "PACKAGES", ("compiled_thing",))
    with pytest.raises(AgentError, match="compiled_thing has compiled parts"):
        make_bundle()


def test_a_package_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation here, not a fault of any host."""
    monkeypatch.setattr(bundle, "PACKAGES", ("nowhere_to_be_found",))
    with pytest.raises(AgentError, match="nowhere_to_be_found is not installed here"):
        make_bundle()


def test_this_very_python_is_among_those_tried() -> None:
    """The list of versions must not pass by what it is for."""
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in AGENT_PYTHONS
    assert os.access(python(AGENT_PYTHONS[-1]), os.X_OK)
