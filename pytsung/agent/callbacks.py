"""Python functions that sessions call, from modules that came with the plan.

They are imported from memory: nothing is written to, or read from, this host's disk.
Must not know users.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Iterable, Mapping, Sequence

from pytsung.errors import AgentError
from pytsung.user.world import Callback


def load_callbacks(names: Iterable[str], modules: Mapping[str, bytes]) -> dict[str, Callback]:
    """The functions called `package.module:function`, from modules by their paths.

    Raises AgentError when one cannot be imported.
    """
    if not any(finder.modules is modules for finder in _finders()):
        sys.meta_path.append(_Finder(modules))
    return {name: _load(name) for name in sorted(names)}


def _finders() -> list[_Finder]:
    return [finder for finder in sys.meta_path if isinstance(finder, _Finder)]


def _load(name: str) -> Callback:
    module, _, function = name.partition(":")
    try:
        found: Callback = getattr(importlib.import_module(module), function)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise AgentError(f"the Python function {name} cannot be loaded: {reason}") from error
    return found


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds modules in a dictionary of sources."""

    def __init__(self, modules: Mapping[str, bytes]) -> None:
        self.modules = modules

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - names are whole here
        target: types.ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """The module of that name, a package, or a directory that only holds some."""
        if self._path(fullname) is not None:
            return importlib.util.spec_from_loader(fullname, self)
        prefix = fullname.replace(".", "/") + "/"
        if any(name.startswith(prefix) for name in self.modules):
            return importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        return None

    def get_source(self, fullname: str) -> str | None:
        """The module's text."""
        path = self._path(fullname)
        return importlib.util.decode_source(self.modules[path]) if path is not None else None

    def is_package(self, fullname: str) -> bool:
        """Whether other modules are inside it."""
        return str(self._path(fullname)).endswith("__init__.py")

    def _path(self, fullname: str) -> str | None:
        inside = fullname.replace(".", "/")
        for path in (f"{inside}.py", f"{inside}/__init__.py"):
            if path in self.modules:
                return path
        return None
