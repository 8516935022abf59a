"""What an `<fs>` element asks for. Must not know XML or files."""

from __future__ import annotations

from dataclasses import dataclass

from pytsung.plan import Request
from pytsung.protocols.local import FileAction, OpenMode


@dataclass(frozen=True, slots=True)
class FileRequest(Request):
    """One operation; `path`, `destination` and `size` may hold variables.

    `position` is where a chunk begins, None for behind the one before.
    """

    action: FileAction
    path: str = ""
    destination: str = ""
    size: str = "0"
    position: int | None = None
    mode: OpenMode = OpenMode.WRITE
