"""The Pythons that agents are tested on: each version from 3.10 on that is found here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

AGENT_PYTHONS = ("3.10", "3.11", "3.12", "3.13")


@cache
def _found(version: str) -> str:
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return sys.executable
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in [*map(str, reversed(pyenv)), shutil.which(f"python{version}")]:
        if candidate is None:
            continue
        words = [candidate, "-c", "import ssl, sys; print('%d.%d' % sys.version_info[:2])"]
        said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        if said.strip() == version:
            return candidate
    return ""


def python(version: str) -> str:
    """The interpreter of a version; the test is skipped where there is none."""
    found = _found(version)
    if not found:
        pytest.skip(f"no Python {version} here (pyenv install {version})")
    return found
