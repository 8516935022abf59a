"""The Autobahn test suite: found or installed, described, started, and its verdicts read.

It is the WebSocket world's own judge, but it runs on Python 2.7 only. Its environment
is made once, in build/conformance or in the directory that PYTSUNG_CONFORMANCE_CACHE
names. Must not know what is tested.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AGENT = "pytsung"
COMPRESSION = ["12.*", "13.*"]
"""The cases of permessage-deflate, which pytsung does not speak."""

PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}

_TEST_SUITE = "autobahntestsuite<20"
_VIRTUALENV = "virtualenv<20.22"  # the last that makes environments for Python 2.7
_PROBE = "import sys; sys.exit(sys.version_info[:2] != (2, 7))"


class Python2MissingError(Exception):
    """There is no Python 2.7 on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "The Autobahn suite needs Python 2.7 and none was found on PATH or under pyenv, so the "
            "WebSocket codec has NOT been checked; install one (pyenv install 2.7.18), or name it "
            "in PYTSUNG_PYTHON2"
        )


def command() -> list[str]:
    """How to start `wstest`; installs it at the first call.

    Raises:
        Python2MissingError: with the cure.
        subprocess.CalledProcessError: an installation failed; pip's own words are on stderr.
    """
    environment = _cache() / "autobahn"
    if not (environment / "installed").exists():
        _install(environment, _find_python2())
    return [
        str(environment / "bin" / "python"),
        "-W",
        "ignore",
        str(environment / "bin" / "wstest"),
    ]


def _cache() -> Path:
    default = Path(__file__).parents[2] / "build" / "conformance"
    return Path(os.environ.get("PYTSUNG_CONFORMANCE_CACHE", default))


def _find_python2() -> str:
    for candidate in filter(None, _candidates()):
        probe = subprocess.run([candidate, "-c", _PROBE], check=False, capture_output=True)
        if probe.returncode == 0:
            return candidate
    raise Python2MissingError


def _candidates() -> Iterator[str | None]:
    yield os.environ.get("PYTSUNG_PYTHON2")
    # pyenv's versions before PATH, where its shims stand whether or not they work.
    roots = {os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv"), "/opt/pyenv"}
    for root in sorted(roots - {""}):
        yield from sorted(str(path) for path in Path(root).glob("versions/2.7*/bin/python2.7"))
    yield shutil.which("python2.7")
    yield shutil.which("python2")


def _install(environment: Path, python2: str) -> None:
    tools = environment.with_name("virtualenv")
    _run(sys.executable, "-m", "venv", str(tools))
    _run(str(tools / "bin" / "pip"), "install", "-q", _VIRTUALENV)
    _run(str(tools / "bin" / "virtualenv"), "-q", "-p", python2, str(environment))
    _run(str(environment / "bin" / "pip"), "install", "-q", _TEST_SUITE)
    (environment / "installed").touch()


def _run(*arguments: str) -> None:
    subprocess.run(arguments, check=True)


@dataclass(frozen=True)
class Report:
    """The suite's verdict on one end: case number → behaviour."""

    behaviours: dict[str, str]
    closings: dict[str, str]

    @classmethod
    def read(cls, directory: Path) -> Report:
        """The report that a run has left in `directory`."""
        index: dict[str, Any] = json.loads((directory / "index.json").read_text("utf-8"))
        (cases,) = index.values()
        return cls(
            {case: result["behavior"] for case, result in cases.items()},
            {case: result["behaviorClose"] for case, result in cases.items()},
        )

    @property
    def failures(self) -> dict[str, str]:
        """Cases that were not passed, by their messages or by how they were closed."""
        return {
            case: f"{behaviour}, closing {self.closings[case]}"
            for case, behaviour in self.behaviours.items()
            if not {behaviour, self.closings[case]} <= PASSED
        }

    def table(self, title: str) -> str:
        """How often each behaviour was seen."""
        rows = Counter(self.behaviours.values()).most_common()
        closings = Counter(self.closings.values()).most_common()
        return "\n".join(
            [
                f"\nAutobahn, {title}: {len(self.behaviours)} cases",
                *(f"  {count:4} {behaviour}" for behaviour, count in rows),
                *(f"  {count:4} {behaviour} when closing" for behaviour, count in closings),
            ]
        )


def write_specification(directory: Path, url: str, options: dict[str, Any]) -> Path:
    """What to test, in the suite's own form; every case but those of compression."""
    path = directory / "specification.json"
    common = {"outdir": str(directory / "report"), "cases": ["*"], "exclude-cases": COMPRESSION}
    server = {"agent": AGENT, "url": url}
    path.write_text(json.dumps(common | server | {"servers": [server]} | options), "utf-8")
    return path
