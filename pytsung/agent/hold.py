"""The files that came with a plan: one copy in this host's memory, which all workers read.

The agent puts them into a file without a name (memfd), one behind the other; a worker
maps it and takes out what it needs. Nothing is written to this host's disk. Must not
know what the files are for.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator, Mapping

from pytsung.control.messages import FilePart, Hold
from pytsung.errors import AgentError
from pytsung.plan import CarriedFile, digest_of

LARGEST = 1024 * 2**20
"""Bytes of all files of a run; whoever sends more is no controller of ours."""


class FileHold:
    """The agent's end: takes files as they come, part by part."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._size = 0
        self._places: dict[str, tuple[int, int]] = {}
        self._began: tuple[str, int] | None = None  # digest and place of what is not complete

    def take(self, part: FilePart) -> None:
        """Take a part. Raises AgentError for one that is out of order, or not what it says."""
        if part.offset == 0:
            self._began = (part.digest, self._size)
        if self._began is None or self._began[0] != part.digest:
            raise AgentError(f"a part of file {part.digest[:12]} came out of order")
        start = self._began[1]
        if self._size != start + part.offset or self._size + len(part.data) > LARGEST:
            raise AgentError(f"file {part.digest[:12]} is not as it was announced, or too large")
        self._write(part.data)
        if self._size != start + part.size:
            return
        self._began = None
        if digest_of(self._read(start, part.size)) != part.digest:
            raise AgentError(f"file {part.digest[:12]} was changed on its way")
        self._places[part.digest] = (start, part.size)

    def contents(self) -> Hold:
        """Where workers find the files that are complete."""
        return Hold(self._path, dict(self._places))

    @property
    def _path(self) -> str:
        # Workers are this process's grandchildren: they may look into its descriptors.
        return "" if self._descriptor is None else f"/proc/{os.getpid()}/fd/{self._descriptor}"

    def _write(self, data: bytes) -> None:
        if self._descriptor is None:
            self._descriptor = os.memfd_create("pytsung", os.MFD_CLOEXEC)
        rest = memoryview(data)
        while rest:
            written = os.write(self._descriptor, rest)
            self._size += written
            rest = rest[written:]

    def _read(self, start: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, start) if self._descriptor is not None else b""


class HeldFiles(Mapping[str, bytes]):
    """A worker's end: the bytes of a file by its digest, copied out when asked for.

    Raises AgentError when the agent's copy cannot be read.
    """

    def __init__(self, hold: Hold) -> None:
        self._places = hold.places
        self._path = hold.path
        self._map: mmap.mmap | None = None

    def __getitem__(self, digest: str) -> bytes:
        start, size = self._places[digest]
        if not size:
            return b""
        if self._map is None:
            end = max(start + size for start, size in self._places.values())
            self._map = _mapped(self._path, end)
        return self._map[start : start + size]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def named(self, files: Iterable[CarriedFile]) -> Mapping[str, bytes]:
        """Some of the files, by the names that the plan gives them."""
        return _NamedFiles({file.name: file.digest for file in files}, self)


class _NamedFiles(Mapping[str, bytes]):
    """Files by name, each read when it is asked for: there may be thousands."""

    def __init__(self, digests: Mapping[str, str], held: HeldFiles) -> None:
        self._digests = digests
        self._held = held

    def __getitem__(self, name: str) -> bytes:
        return self._held[self._digests[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._digests)

    def __len__(self) -> int:
        return len(self._digests)


def _mapped(path: str, size: int) -> mmap.mmap:
    """The agent's file, for reading."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise AgentError(f"files of the plan: {path}: {error.strerror}") from error
    try:
        return mmap.mmap(descriptor, size, prot=mmap.PROT_READ)
    finally:
        os.close(descriptor)
