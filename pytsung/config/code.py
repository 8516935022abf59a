"""The directories of `-X`: Python modules whose functions a session may call.

They are looked at, never imported here: what a stranger's module does when it is
imported belongs in a worker. Must not know who calls them.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

LARGEST = 16 * 2**20
"""Bytes of all modules together; every worker is sent a copy."""


class CodeLibrary:
    """Finds modules in directories, the first that has one wins."""

    def __init__(self, directories: Sequence[Path] = ()) -> None:
        self._directories = directories

    def trouble_with(self, callback: str) -> str:
        """Why `package.module:function` cannot be called; empty if it can."""
        module, colon, function = callback.partition(":")
        if not (
            colon and function.isidentifier() and all(map(str.isidentifier, module.split(".")))
        ):
            return "it is not written package.module:function"
        path = self._find(module)
        if path is None:
            where = ", ".join(map(str, self._directories)) or "no directory, for there is no -X"
            return f"{module.replace('.', '/')}.py was looked for in {where}"
        try:
            tree = ast.parse(path.read_bytes(), str(path))
        except (OSError, SyntaxError, ValueError) as error:
            return str(error)
        if function not in _names_of(tree):
            return f"{path} has no {function}"
        return ""

    def modules(self) -> dict[str, bytes]:
        """All modules, by the path that their names give: `package/module.py`."""
        found: dict[str, bytes] = {}
        for directory in self._directories:
            for path in sorted(directory.rglob("*.py")):
                name = path.relative_to(directory).as_posix()
                if name not in found and path.is_file():
                    found[name] = path.read_bytes()
        return found

    def _find(self, module: str) -> Path | None:
        inside = Path(*module.split("."))
        for directory in self._directories:
            for path in (directory / inside.with_suffix(".py"), directory / inside / "__init__.py"):
                if path.is_file():
                    return path
        return None


def _names_of(tree: ast.Module) -> set[str]:
    """What a module defines, imports or assigns at its outermost level."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return names
