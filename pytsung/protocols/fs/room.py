"""Everything about `ts_fs` sessions that the rest of pytsung asks a room.

Must not know how a configuration is found, nor lxml: elements are duck-typed.
"""

from __future__ import annotations

from pytsung.plan import Request
from pytsung.protocols.fs.conversation import FileConversation
from pytsung.protocols.fs.requests import FileRequest
from pytsung.protocols.fs.vocabulary import MARKS, VOCABULARY
from pytsung.protocols.local import FileAction, OpenMode
from pytsung.protocols.room import Element, Reader

_NEEDS_NO_PATH = (FileAction.READ_CHUNK, FileAction.WRITE_CHUNK, FileAction.CLOSE)
_NEEDS_DESTINATION = (FileAction.MAKE_SYMLINK, FileAction.COPY)
_NEEDS_SIZE = (FileAction.WRITE, FileAction.READ_CHUNK, FileAction.WRITE_CHUNK)
_DEFAULT_SIZE = 1024


class FileRoom:
    """The room of `ts_fs`."""

    session_type = "ts_fs"
    element = "fs"
    request_types: tuple[type[Request], ...] = (FileRequest,)
    bidirectional = False
    vocabulary = VOCABULARY
    marks = MARKS
    needs_no_server = True

    def read_request(self, element: Element, reader: Reader, *, substitute: bool) -> Request | None:
        """The request that an `<fs>` asks for; None after a fault was reported."""
        reader.known(element, VOCABULARY["fs"])
        commands = tuple(action.value for action in FileAction)
        action = FileAction(reader.choice(element, "cmd", commands, FileAction.WRITE.value))
        modes = tuple(mode.value for mode in OpenMode)
        mode = OpenMode(reader.choice(element, "mode", modes, OpenMode.WRITE.value))
        path = reader.text(element, "path")
        destination = reader.text(element, "dest")
        if action not in _NEEDS_NO_PATH:
            reader.required(element, "path")
        if action in _NEEDS_DESTINATION:
            reader.required(element, "dest")
        for text in (path, destination):
            if not substitute and "%%_" in text:
                reader.warn(element, "%%_…%% stays as it stands", "write <request subst='true'>")
        position = None
        if element.get("position") is not None:
            position = reader.integer(element, "position", 0)
        size = _read_size(element, reader, substitute=substitute)
        return FileRequest(action, path, destination, size, position, mode)

    def describe(self, request: Request) -> str:
        """A request in a few words, for `pytsung check`."""
        assert isinstance(request, FileRequest)
        words = [request.action.value.replace("_", " ")]
        if request.action in _NEEDS_SIZE:
            words.append(f"{request.size} bytes")
        if request.action not in _NEEDS_NO_PATH:
            words.append(request.path)
        if request.action in _NEEDS_DESTINATION:
            words.append(f"to {request.destination}")
        if request.action is FileAction.OPEN:
            words.append(f"to {request.mode.value}")
        return f"on the agent host: {' '.join(words)}"

    def converse(self) -> FileConversation:
        """A new user's conversation, with no file open."""
        return FileConversation()


def _read_size(element: Element, reader: Reader, *, substitute: bool) -> str:
    """A number of bytes, or the variable that will hold one."""
    text = reader.text(element, "size", str(_DEFAULT_SIZE)).strip()
    if substitute and text.startswith("%%"):
        return text
    return str(reader.integer(element, "size", _DEFAULT_SIZE))
