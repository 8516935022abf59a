"""The agent's side of pytsung as one zip archive: what is sent to a host that has nothing.

Built from the very modules that this process would import, so that both ends are
always the same version: pytsung's agent side and the pure Python packages below it.
The same sources give the same bytes. Must not know how the archive travels.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pytsung.errors import AgentError

AGENT_SIDE = (
    "pytsung.agent",
    "pytsung.control",
    "pytsung.plan",
    "pytsung.protocols",
    "pytsung.reactor",
    "pytsung.schedule",
    "pytsung.stats",
    "pytsung.user",
)
"""The packages of pytsung that an agent imports; `pytsung/*.py` goes with them."""

PACKAGES = (
    "attr",
    "attrs",
    "cattrs",
    "elementpath",
    "exceptiongroup",  # Python 3.10 has no groups of its own
    "idna",
    "outcome",
    "sniffio",
    "sortedcontainers",
    "trio",
    "typing_extensions",
)
"""What these import from elsewhere, directly or not; every one of them pure Python."""

LEFT_OUT = frozenset({"__pycache__", "_tests", "_tools", "tests"})
_NO_PLUGINS: Mapping[str, bytes] = MappingProxyType({})

STAMP = (1980, 1, 1, 0, 0, 0)  # the earliest that zip knows: no build differs by its date


@dataclass(frozen=True, slots=True)
class Bundle:
    """The archive, and the digest (SHA-256, hexadecimal) that names its contents."""

    archive: bytes
    digest: str


def make_bundle(plugins: Mapping[str, bytes] = _NO_PLUGINS) -> Bundle:
    """The archive of the agent's side, with the files of `plugins` by their places in it.

    Raises AgentError when a package is missing or is not pure Python. Costs some
    200 ms: sources are deflated, not compiled, since each host has its own Python.
    """
    sources = dict(plugins)
    for name in ("pytsung", *AGENT_SIDE, *PACKAGES):
        for inner, path in _modules(name):
            sources[inner] = path.read_bytes()
    archive = _zipped(sources)
    return Bundle(archive, hashlib.sha256(archive).hexdigest())


def _modules(name: str) -> Iterator[tuple[str, Path]]:
    """The source files of a module or package: their places in the archive, and here."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise AgentError(
            f"the agent's archive: package {name} is not installed here; install pytsung anew"
        )
    origin = Path(spec.origin)
    place = name.replace(".", "/")
    if spec.submodule_search_locations is None:
        yield f"{place}.py", _pure(name, origin)
        return
    found = origin.parent.glob("*") if name == "pytsung" else origin.parent.rglob("*")
    for path in found:
        inside = path.relative_to(origin.parent)
        if LEFT_OUT.isdisjoint(inside.parts) and path.suffix in (".py", ".so"):
            yield f"{place}/{inside.as_posix()}", _pure(name, path)


def _pure(name: str, path: Path) -> Path:
    if path.suffix != ".py":
        raise AgentError(
            f"the agent's archive: package {name} has compiled parts ({path.name}), "
            "which another host cannot run; install its pure Python form"
        )
    return path


def _zipped(sources: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(sources):
            entry = zipfile.ZipInfo(name, STAMP)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, sources[name], zipfile.ZIP_DEFLATED, compresslevel=6)
    return buffer.getvalue()
