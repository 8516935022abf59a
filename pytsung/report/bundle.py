"""A run in one file: what another person needs to look at it, or to repeat it.

With masking, host names, addresses and secrets are replaced before anything is
packed, the same name always by the same word. Must not know what the files are for.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable
from pathlib import Path

from pytsung.errors import LogDirectoryError

_LARGE = ("tsung.dump", "tsung-fullstats.log")
_TEXT = (".xml", ".json", ".jsonl", ".log", ".txt", ".csv")
_SECRETS = re.compile(
    rb"""(?P<head>\b(?:passwd|password|userpwd|secret|token|api_?key|authorization|community|cookie)
    ["']?\s*[=:]\s*["']?)(?P<secret>[^"'\s&<>;,]+(?:\ [A-Za-z0-9+/=._-]+)?)""",
    re.VERBOSE | re.IGNORECASE,
)
_HOST = re.compile(rb"""\b(?:host|targets?|address)["']?\s*[=:]\s*\[?\s*["']([^"']+)["']""")
_NODE = re.compile(
    rb"""(?:(?:tsung_controller|os_mon)@|\{\w+,\\?"(?!tsung_controller@|os_mon@))([A-Za-z0-9.-]+)"""
)
"""A host in a statistic's name: `{cpu,"os_mon@web1"}`, `{cpu,"db"}`, quotes escaped or not."""
_ADDRESS = re.compile(rb"\b(?!127\.)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b")
_NUMBERS = re.compile(rb"[0-9a-fA-F.:\[\]]+")
_PUBLIC = {b"localhost", b"127.0.0.1", b"::1"}


def write_bundle(directory: Path, output: Path, *, mask: bool = False) -> list[str]:
    """Pack a log directory into `output` (.tar.gz); gives the names of what is in it.

    What `pytsung report` makes anew is left out, and so are dumps of traffic. A
    masked bundle has no page and no dump of a response either: what is in them
    cannot be masked for sure. Raises LogDirectoryError.
    """
    files = sorted(_wanted(directory, mask=mask))
    if not files:
        raise LogDirectoryError(f"{directory}: nothing of a run in it; name its log directory")
    contents = {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}
    if mask:
        hide = Mask(contents.values())
        contents = {hide.name(name): hide.text(data) for name, data in contents.items()}
    folder = "run" if mask else directory.resolve().name
    try:
        with tarfile.open(output, "w:gz") as archive:
            for name, data in contents.items():
                entry = tarfile.TarInfo(f"{folder}/{name}")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    except OSError as error:
        raise LogDirectoryError(
            f"{output}: cannot be written: {error.strerror or error}"
        ) from error
    return list(contents)


def _wanted(directory: Path, *, mask: bool) -> Iterable[Path]:
    for path in directory.iterdir():
        if not path.is_file() or path.name in _LARGE or path.suffix in (".dump", ".gz"):
            continue
        if path.suffix in _TEXT or (path.suffix == ".html" and not mask):
            yield path


class Mask:
    """Replaces secrets, and hosts that any of the files names."""

    def __init__(self, contents: Iterable[bytes]) -> None:
        found: set[bytes] = set()
        for data in contents:
            found.update(_HOST.findall(data), _NODE.findall(data), _ADDRESS.findall(data))
        names = {name.rsplit(b":", 1)[0] if name.count(b":") == 1 else name for name in found}
        names |= {name.partition(b".")[0] for name in names if not _NUMBERS.fullmatch(name)}
        hosts = sorted(name for name in names if len(name) > 1 and name not in _PUBLIC)
        self._words = {name: f"host-{n}".encode() for n, name in enumerate(hosts, start=1)}
        longest_first = sorted(map(re.escape, hosts), key=len, reverse=True)
        pattern = rb"(?<![A-Za-z0-9.-])(?:" + b"|".join(longest_first) + rb")(?![A-Za-z0-9-])"
        self._pattern = re.compile(pattern) if hosts else None

    def text(self, data: bytes) -> bytes:
        """A file's content without them."""
        data = _SECRETS.sub(rb"\g<head>masked", data)
        if self._pattern is None:
            return data
        return self._pattern.sub(lambda found: self._words[found[0]], data)

    def name(self, name: str) -> str:
        """A file's name without them."""
        return self.text(name.encode()).decode()
