"""Reads attributes, and collects every fault with its place.

Each method gives a usable value even after a fault, so that reading goes on and
all faults are reported at once. Must not know what an attribute is for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pytsung.config.code import CodeLibrary
from pytsung.config.element import SourceElement
from pytsung.config.unsupported import has_row
from pytsung.errors import Fault, Place
from pytsung.plan import CarriedFile
from pytsung.protocols.room import Element, Scene

UNITS: Mapping[str, float] = {
    "millisecond": 0.001,
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
}
"""Tsung's units of time, in seconds."""

LARGEST_FILE = 64 * 2**20
"""Bytes of a file that goes with the plan, which every agent is sent."""

LARGEST_CARGO = 256 * 2**20
"""Bytes of all of them together: each agent host keeps a copy in memory."""

# Eighteen digits are more than any quantity here needs, and keep arithmetic finite.
_MOST_DIGITS = 18
_INTEGER = re.compile(r"\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}(\.\d{0,18})?|\.\d{1,18}", re.ASCII)

_TEMPLATE = re.compile(r"\$\{|\{\{|<%|(?<!%)%\w+%(?!%)|@\w+@|#[A-Z_]{3}", re.ASCII)
"""What somebody's script should have replaced; `%%…%%` is Tsung's own."""


class ConfigurationReader:
    """The `Reader` of `pytsung.protocols.room`, and what the sections need besides."""

    def __init__(
        self, file: str, home: Path | None = None, code: CodeLibrary | None = None
    ) -> None:
        self._file = file
        self._home = Path() if home is None else home
        self.scene = Scene()
        self.code = CodeLibrary() if code is None else code
        self.first_call: Element | None = None  # of a function in Python
        self.cargo: dict[str, bytes] = {}  # what goes with the plan, by digest
        self._faults: dict[Fault, None] = {}
        self._warnings: dict[Fault, None] = {}

    @property
    def faults(self) -> list[Fault]:
        """What was found wrong; an entity that is used twice is wrong once."""
        return list(self._faults)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What is worth knowing, in file order."""
        return tuple(sorted(self._warnings))

    def fault(self, element: Element, text: str, cure: str = "") -> None:
        """Report that the element cannot be run as it stands."""
        self._faults[Fault(self._place(element), text, cure)] = None

    def warn(self, element: Element, text: str, cure: str = "") -> None:
        """Report something worth knowing that does not stop the run."""
        self._warnings[Fault(self._place(element), text, cure)] = None

    def known(self, element: Element, attributes: tuple[str, ...]) -> None:
        """Warn of every attribute that is not one of these."""
        if not isinstance(element, SourceElement):
            return
        for name in element.attributes:
            if name not in attributes:
                self.warn(element, f"<{element.tag}> has no attribute {name}; it is ignored")

    def finds_python(self, element: Element, function: str) -> bool:
        """Whether a function `module:function` is there in Python; it is called from here."""
        is_there = not self.code.trouble_with(function)
        if is_there and self.first_call is None:
            self.first_call = element
        return is_there

    def text(self, element: Element, name: str, default: str = "") -> str:
        """A text attribute."""
        value = element.get(name)
        return default if value is None else value

    def required(self, element: Element, name: str) -> str:
        """A text attribute that must be there and not empty; a fault if it is not."""
        value = element.get(name)
        if not value:
            self.fault(element, f"<{element.tag}> needs the attribute {name}", f'write {name}="…"')
            return ""
        return value

    def atom(self, element: Element, name: str) -> str:
        """A required name. Where Tsung wants an Erlang atom any text will do, quoted or not."""
        return self.required(element, name).strip().strip("'")

    def choice(self, element: Element, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of `choices`, quoted or not; anything else is a fault."""
        value = element.get(name)
        if value is None or has_row(element, name):
            return default
        value = value.strip().strip("'")
        if value not in choices:
            self.wrong(element, name, value, f"write one of {', '.join(choices)}")
            return default
        return value

    def flag(self, element: Element, name: str, default: bool = False) -> bool:
        """`true` or `false`."""
        return self.choice(element, name, ("true", "false"), str(default).lower()) == "true"

    def integer(
        self, element: Element, name: str, default: int, least: int = 0, most: int | None = None
    ) -> int:
        """An unsigned decimal integer between two bounds."""
        value = element.get(name)
        if value is None:
            return default
        if not _INTEGER.fullmatch(value.strip()):
            self.wrong(element, name, value, _cure(value, "write a whole number, such as 10"))
            return default
        number = int(value)
        if number < least or (most is not None and number > most):
            limits = f"at least {least}" if most is None else f"between {least} and {most}"
            self.wrong(element, name, value, f"write a number {limits}")
            return default
        return number

    def number(self, element: Element, name: str, default: float) -> float:
        """An unsigned decimal number; empty is zero, as in Tsung."""
        value = element.get(name)
        if value is None:
            return default
        if not value.strip():
            return 0.0
        if not _NUMBER.fullmatch(value.strip()):
            self.wrong(element, name, value, _cure(value, "write a number, such as 10 or 0.5"))
            return default
        return float(value)

    def seconds(self, element: Element, name: str) -> float:
        """A required length of time, counted in the element's own `unit`."""
        unit = self.choice(element, "unit", tuple(UNITS), "second")
        return (
            self.number(element, name, 0.0) * UNITS[unit] if self.required(element, name) else 0.0
        )

    def file(self, element: Element, name: str) -> bytes:
        """What the file named by an attribute holds; a fault if it cannot be read.

        Looked for beside the configuration, then in the current directory, as Tsung does.
        """
        value = element.get(name) or ""
        path = self._found(value)
        try:
            if path.stat().st_size > LARGEST_FILE:
                self.wrong(element, name, value, f"a file may have {LARGEST_FILE} bytes")
                return b""
            return path.read_bytes()
        except (OSError, ValueError) as error:
            self._unreadable(element, value, error)
            return b""

    def carried(self, element: Element, name: str) -> CarriedFile:
        """The file named by an attribute, which goes with the plan; a fault if it cannot."""
        return self.carry(element, element.get(name) or "", self.file(element, name))

    def carry(self, element: Element, name: str, data: bytes) -> CarriedFile:
        """A file of these bytes, which goes with the plan, once for all who need it."""
        file = CarriedFile.of(name, data)
        if file.digest not in self.cargo:
            self.cargo[file.digest] = data
            size = sum(map(len, self.cargo.values()))
            if size > LARGEST_CARGO:
                text = f"with {name or 'this file'} there are {size} bytes to send to every host"
                self.fault(element, text, f"let all files have {LARGEST_CARGO} bytes at most")
                del self.cargo[file.digest]
        return file

    def find_file(self, element: Element, path: str) -> Path | None:
        """A file that will be read when the run starts; a fault if it cannot be.

        Looked for beside the configuration, then in the current directory, as Tsung does.
        """
        found = self._found(path)
        try:
            with found.open("rb") as file:
                is_empty = not file.read(1)
        except (OSError, ValueError) as error:
            self._unreadable(element, path, error)
            return None
        if is_empty:
            self.fault(element, f"the file {path} is empty", "put a line into it")
        return found

    def _found(self, path: str) -> Path:
        beside = self._home / path
        try:
            return beside if beside.exists() else Path(path)
        except (OSError, ValueError):  # a name that no file can have
            return Path(path)

    def _unreadable(self, element: Element, path: str, error: OSError | ValueError) -> None:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        cure = "correct the name, or put it there"
        if not Path(path).is_absolute():
            cure = "put it beside the configuration, or correct the name"
        self.fault(element, f"the file {path} cannot be read: {reason}", cure)

    def content(self, element: Element) -> str:
        """The element's own text up to its first child, outer spaces (only) stripped.

        Comments are gone already and the text around them is joined; Tsung would
        stop at the first one.
        """
        return (element.text or "").strip(" ")

    def wrong(self, element: Element, name: str, value: str, cure: str) -> None:
        """Report that an attribute has a value that it cannot have."""
        shown = value if len(value) <= 40 else f"{value[:40]}…"
        if _TEMPLATE.search(value):
            cure = "fill in the template"
        self.fault(element, f'<{element.tag}> has {name}="{shown}"', cure)

    def _place(self, element: Element) -> Place:
        return element.place if isinstance(element, SourceElement) else Place(self._file)


def _cure(value: str, usual: str) -> str:
    """What helps where a number is wanted: a number that is too long is one all the same."""
    whole = value.strip().partition(".")[0]
    if whole.isdecimal() and len(whole) > _MOST_DIGITS:
        return f"write a number of {_MOST_DIGITS} digits at most"
    return usual
