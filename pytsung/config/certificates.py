"""The files that sessions show on TLS connections: read here, sent along with the plan.

A name with variables in it stands for every file that it may become. Must not know
TLS: what is in a file is looked at when it is used.
"""

from __future__ import annotations

import glob
from pathlib import Path

from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader
from pytsung.plan import CarriedFile
from pytsung.user.substitution import with_each_replaced

_NAMES = ("certfile", "keyfile", "cacertfile")
MOST = 10_000
"""Files that one name with variables in it may stand for."""


def read_certificates(
    root: SourceElement, home: Path, reader: ConfigurationReader
) -> tuple[CarriedFile, ...]:
    """Every file that a `<certificate>` names; each that cannot be read is a fault."""
    files: dict[str, CarriedFile] = {}
    for element in _all_certificates(root):
        for attribute in _NAMES:
            text = element.get(attribute) or ""
            names = _files_of(text, home) if text else []
            if text and not names:
                cure = "write a part of its name, such as certificates/%%_name%%.pem"
                reader.fault(element, f'{attribute}="{text}" may be any file', cure)
            for name in names:
                if name not in files:
                    files[name] = _read(element, name, home, reader)
    return tuple(files.values())


def _all_certificates(element: SourceElement) -> list[SourceElement]:
    found = [element] if element.tag == "certificate" else []
    for child in element:
        found += _all_certificates(child)
    return found


def _files_of(text: str, home: Path) -> list[str]:
    """The names that a text may become; itself if there are none, for then it is a fault."""
    pattern = with_each_replaced(glob.escape(text), "*")
    if pattern == glob.escape(text):
        return [text]
    if not pattern.strip("*/."):
        return []  # every file there is: nothing of the kind is sent to anybody
    # Path.glob knows no absolute patterns.
    found = glob.glob(pattern, root_dir=home)  # noqa: PTH207
    return sorted(name for name in found if (home / name).is_file())[:MOST] or [text]


def _read(
    element: SourceElement, name: str, home: Path, reader: ConfigurationReader
) -> CarriedFile:
    try:
        return reader.carry(element, name, (home / name).read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        cure = "put it beside the configuration"
        reader.fault(element, f"the file {name} cannot be read: {reason}", cure)
        return CarriedFile.of(name, b"")
