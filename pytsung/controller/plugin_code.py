"""The files that agents on other hosts need to play the sessions of plug-ins.

Paths as in an archive that an interpreter imports from: a plug-in's top-level package,
and the metadata by which `pytsung.protocols` finds it there again. What a plug-in
imports besides does not travel. Must not know how the files come to a host.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from pytsung.errors import UsageError
from pytsung.protocols.plugins import GROUP, Plugin, plugins

LARGEST = 16 * 2**20
"""Bytes of all plug-ins together, for each agent is sent a copy."""


def plugin_code() -> dict[str, bytes]:
    """The files of all installed plug-ins, by their paths; none if there are no plug-ins.

    Raises UsageError for a plug-in that other hosts cannot run: because a part of it
    is compiled, its files cannot be read, or there is too much of it.
    """
    installed = plugins()
    files: dict[str, bytes] = {}
    for plugin in installed:
        files.update(_source(plugin))
        size = sum(map(len, files.values()))
        if size > LARGEST:
            text = f"the plug-in {plugin} brings the files of all plug-ins to {size} bytes"
            raise UsageError(f"{text}; send at most {LARGEST}: leave large data out of it")
    files.update(_metadata(installed))
    return files


def _source(plugin: Plugin) -> Iterator[tuple[str, bytes]]:
    """A plug-in's own files: one module, or everything in its package."""
    root, paths = _places(plugin)
    for path in paths:
        if path.name.endswith(tuple(EXTENSION_SUFFIXES)):
            text = f"the plug-in {plugin} is compiled for this machine ({path})"
            raise UsageError(f"{text}; use --local, or a version in pure Python")
        try:
            yield path.relative_to(root).as_posix(), path.read_bytes()
        except OSError as error:
            text = f"the plug-in {plugin}: {path} cannot be read: {error.strerror}"
            raise UsageError(f"{text}; install it anew") from error


def _places(plugin: Plugin) -> tuple[Path, list[Path]]:
    """The directory that a plug-in is imported from, and its files there."""
    spec = importlib.util.find_spec(plugin.package)
    if spec is not None and spec.submodule_search_locations:
        package = Path(next(iter(spec.submodule_search_locations)))
        paths = [path for path in sorted(package.rglob("*")) if _belongs(path)]
        return package.parent, paths
    if spec is None or spec.origin is None:
        text = f"the plug-in {plugin}: there is no module {plugin.package}"
        raise UsageError(f"{text}; install it anew, or uninstall it")
    module = Path(spec.origin)
    return module.parent, [module]


def _belongs(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _metadata(installed: Iterable[Plugin]) -> Iterator[tuple[str, bytes]]:
    """What `importlib.metadata` reads: one distribution that has all the entry points."""
    lines = [f"{plugin.session_type} = {plugin.value}\n" for plugin in installed]
    if lines:
        directory = "pytsung_plugins-0.dist-info"
        yield f"{directory}/METADATA", b"Metadata-Version: 2.1\nName: pytsung-plugins\nVersion: 0\n"
        yield f"{directory}/entry_points.txt", f"[{GROUP}]\n{''.join(lines)}".encode()
