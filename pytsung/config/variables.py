"""`<setdynvars>`: where a session's variables get their values from.

What comes from outside (files, Python functions) is noted, for whoever checks that it
is there. Must not know how a value is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader
from pytsung.config.substitutions import cure_for
from pytsung.plan import (
    BuiltIn,
    CarriedFile,
    Constant,
    ErlangCode,
    FileLine,
    JsonPart,
    PythonCall,
    RandomNumber,
    RandomText,
    ServerAddress,
    SetVariables,
    VariableSource,
)
from pytsung.user.erlang.code import compile_code
from pytsung.user.jsonpath import compile_path
from pytsung.user.substitution import FUNCTIONS

LOCAL = "local:"
"""What stands before the id of a `local_file_server`: it is another than a `file_server`'s."""

_URANDOM = "qxvmvtglimieyhemzlxc"
"""What Tsung's `urandom_string` repeats: every user has the same text, made once."""

_LONGEST_TEXT = 16 * 2**20
_WRITE_PYTHON = 'write the function in Python: sourcetype="python" callback="module:function", -X'
"""The cure for Erlang that we do not know; `-X` names the directory of the module."""


class VariableReader:
    """Reads the `<setdynvars>` of a configuration. `files` are those that any of them uses."""

    def __init__(self, reader: ConfigurationReader) -> None:
        self.files: dict[str, SourceElement] = {}
        self._reader = reader
        self._sources: Mapping[str, Callable[[SourceElement], VariableSource | None]] = {
            "random_number": self._random_number,
            "random_string": lambda element: RandomText(self._length(element)),
            "urandom_string": self._fixed_text,
            "value": lambda element: Constant(reader.text(element, "value")),
            "file": self._file,
            "local_file": self._local_file,
            "server": lambda _: ServerAddress(),
            "jsonpath": self._json_part,
            "erlang": self._erlang,
            "eval": self._eval,
            "python": self._python,
        }

    def read(self, element: SourceElement) -> SetVariables | None:
        """The step of a `<setdynvars>`; None after a fault."""
        kind = self._reader.choice(element, "sourcetype", tuple(self._sources), "")
        if element.get("sourcetype") is None:
            kind = "erlang"
        names = tuple(self._reader.required(var, "name") for var in element.all("var"))
        if not names:
            self._reader.fault(element, "<setdynvars> sets no variable", 'add <var name="…"/>')
        source = self._sources[kind](element) if kind else None
        return SetVariables(names, source) if source is not None and names else None

    def python_modules(self) -> tuple[CarriedFile, ...]:
        """All modules of the directories of `-X`, if any function of them is called."""
        first_call = self._reader.first_call
        if first_call is None:
            return ()
        carry = partial(self._reader.carry, first_call)
        return tuple(carry(*module) for module in self._reader.code.modules().items())

    def _random_number(self, element: SourceElement) -> RandomNumber:
        first = self._reader.integer(element, "start", 1)
        last = self._reader.integer(element, "end", 10)
        if first > last:
            text = f"<setdynvars> draws a number from {first} to {last}"
            self._reader.fault(element, text, "let end be at least start")
        return RandomNumber(first, last)

    def _length(self, element: SourceElement) -> int:
        return self._reader.integer(element, "length", 20, 0, _LONGEST_TEXT)

    def _fixed_text(self, element: SourceElement) -> Constant:
        length = self._length(element)
        repeated = _URANDOM * (length // len(_URANDOM) + 1)
        return Constant(repeated[:length], for_all=True)

    def _file(self, element: SourceElement) -> FileLine:
        order = self._reader.choice(element, "order", ("iter", "random"), "iter")
        return self._line(element, "", in_order=order == "iter")

    def _local_file(self, element: SourceElement) -> FileLine:
        return self._line(element, LOCAL, in_order=False)

    def _line(self, element: SourceElement, prefix: str, *, in_order: bool) -> FileLine:
        name = prefix + self._reader.text(element, "fileid", "default").strip().strip("'")
        self.files.setdefault(name, element)
        return FileLine(name, in_order, self._reader.text(element, "delimiter", ";") or ";")

    def _json_part(self, element: SourceElement) -> JsonPart | None:
        path = self._reader.required(element, "jsonpath")
        try:
            compile_path(path)
        except ValueError as error:
            text = f"<setdynvars> has the jsonpath “{path[:60]}”: {error}"
            self._reader.fault(element, text, "correct the path")
            return None
        return JsonPart(self._reader.atom(element, "from"), path)

    def _erlang(self, element: SourceElement) -> BuiltIn | PythonCall | None:
        """One of Tsung's functions; or one in Python that has the name of an Erlang one."""
        name = self._reader.required(element, "callback").strip()
        if name and name not in FUNCTIONS:
            if self._reader.finds_python(element, name):
                return PythonCall(name)
            text = f"the Erlang function {name} cannot be called"
            self._reader.fault(element, text, cure_for(name))
            return None
        if name.startswith("ts_file_server:"):
            self.files.setdefault("default", element)
        return BuiltIn(name) if name else None

    def _eval(self, element: SourceElement) -> ErlangCode | None:
        code = self._reader.required(element, "code")
        if not code:
            return None
        try:
            compile_code(code)
        except ValueError as error:
            text = f"<setdynvars> has Erlang code that we do not know: {error}"
            self._reader.fault(element, text, _WRITE_PYTHON)
            return None
        return ErlangCode(code)

    def _python(self, element: SourceElement) -> PythonCall | None:
        callback = self._reader.required(element, "callback").strip()
        if not callback:
            return None
        trouble = self._reader.code.trouble_with(callback)
        if trouble:
            text = f"the Python function {callback} cannot be called: {trouble}"
            cure = 'write callback="package.module:function", and -X with the directory of it'
            self._reader.fault(element, text, cure)
            return None
        self._reader.finds_python(element, callback)
        return PythonCall(callback)
