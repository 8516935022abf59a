"""Which file an external entity may be read from, and what it holds.

`<!ENTITY sessions SYSTEM "sessions.xml">` names a local file below one of a few
directories; anything else is refused, and the network is never asked (a
configuration may come from a stranger). Must not know an XML parser.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LARGEST_DOCUMENT = 32 * 2**20
"""Bytes that a configuration may have, its entities included: ten times the largest in use."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_DECLARATION = re.compile(r"\s*<\?xml\s([^?]*)\?>")
_ENCODING = re.compile(r"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class EntityError(Exception):
    """An entity cannot be read; `cure` says what to do, `line` where in its file."""

    def __init__(self, text: str, cure: str, line: int = 0) -> None:
        super().__init__(text)
        self.cure = cure
        self.line = line


@dataclass(frozen=True, slots=True)
class EntityFile:
    """An entity's file: the name to show, and its text without an XML declaration."""

    name: str
    text: str


class EntityLibrary:
    """Finds entities' files for a configuration in `home`.

    Files may lie below `home`, below `~/.tsung`, or below one of `more`; symbolic
    links count where they lead. A relative name is looked for in each of them in
    that order, then by its base name, as Tsung does with its own directory.
    """

    def __init__(self, home: Path, more: Sequence[Path] = ()) -> None:
        self._directories = (home, Path("~/.tsung").expanduser(), *more)
        self._left = LARGEST_DOCUMENT

    def read(self, system_id: str) -> EntityFile:
        """The file of a system identifier. Raises EntityError for one that may not be read."""
        try:
            path = self._find(_local_path(system_id))
            data = self._read_bytes(path)
        except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
            raise EntityError(
                f"the entity's file {system_id} cannot be read: {error}", "make it readable"
            ) from error
        return EntityFile(str(path), _decode(path, data))

    def _read_bytes(self, path: Path) -> bytes:
        with path.open("rb") as file:
            data = file.read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise EntityError(
                f"with its entities the configuration has more than {LARGEST_DOCUMENT >> 20} MB",
                "split the test",
            )
        return data

    def _find(self, wanted: Path) -> Path:
        allowed = [directory.resolve() for directory in self._directories]
        candidates = [directory / wanted for directory in self._directories]
        if not wanted.is_absolute():
            candidates += [directory / wanted.name for directory in self._directories]
        outside = None
        for candidate in candidates:
            if not candidate.is_file():
                continue
            if any(candidate.resolve().is_relative_to(directory) for directory in allowed):
                return candidate
            outside = outside or candidate
        if outside is not None:
            raise EntityError(
                f"the entity's file {outside} lies outside the configuration's directory",
                f"allow it with --entity-dir {outside.parent}",
            )
        raise EntityError(
            f"the entity's file {wanted} is not there",
            "put it beside the configuration, or name its directory with --entity-dir",
        )


def _local_path(system_id: str) -> Path:
    scheme = _SCHEME.match(system_id)
    if scheme and scheme[1].lower() != "file":
        raise EntityError(
            f"the entity {system_id} is not a local file, and pytsung fetches nothing",
            "download it and write its file name",
        )
    if not system_id or "\0" in system_id:
        raise EntityError("the entity names no file", "write a file name after SYSTEM")
    return Path(system_id[scheme.end() :] if scheme else system_id)


def _decode(path: Path, data: bytes) -> str:
    """The text of a file, its XML declaration taken off (lines stay where they are)."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "")
    if not encoding:
        declaration = _DECLARATION.match(data[:200].decode("latin-1"))
        named = _ENCODING.search(declaration[1]) if declaration else None
        encoding = named[1] if named else "utf-8"
    try:
        text = data.decode(encoding)
    except LookupError as error:
        raise EntityError(
            f"the entity's file {path} has the unknown encoding {encoding}", "save it as UTF-8"
        ) from error
    except UnicodeError as error:
        line = data.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise EntityError(
            f"{path}:{line}: bytes that are not {encoding}", "save it as UTF-8", line
        ) from error
    declaration = _DECLARATION.match(text[:200])
    if not declaration:
        return text
    return "\n" * declaration[0].count("\n") + text[declaration.end() :]
