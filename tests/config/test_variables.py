"""Where variables get their values is read for every source that Tsung knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytsung.config import Configuration, read_configuration
from pytsung.errors import ConfigurationError
from pytsung.plan import (
    BuiltIn,
    Constant,
    ErlangCode,
    FileLine,
    JsonPart,
    PythonCall,
    RandomNumber,
    RandomText,
    RowFile,
    ServerAddress,
    SetVariables,
    VariableSource,
)
from tests.config.configurations import CONNECT, document, fault, plan

ERLANG = "fun({Pid, DynVars}) -> 6 end."


def variables(attributes: str, names: str = "a") -> str:
    inner = "".join(f'<var name="{name}"/>' for name in names)
    return f"<setdynvars {attributes}>{inner}</setdynvars>"


@pytest.mark.parametrize(
    ("attributes", "source"),
    [
        ('sourcetype="random_number"', RandomNumber(1, 10)),
        ('sourcetype="random_number" start="3" end="32"', RandomNumber(3, 32)),
        ('sourcetype="random_string"', RandomText(20)),
        ('sourcetype="random_string" length="13"', RandomText(13)),
        ('sourcetype="urandom_string" length="22"', Constant("qxvmvtglimieyhemzlxcqx", True)),
        ('sourcetype="value" value="x y"', Constant("x y")),
        ('sourcetype="value"', Constant("")),
        ('sourcetype="server"', ServerAddress()),
        ('sourcetype="jsonpath" from="v" jsonpath="a[0]"', JsonPart("v", "a[0]")),
        ('callback="ts_msg_server:get_id"', BuiltIn("ts_msg_server:get_id")),
        (f'sourcetype="eval" code="{ERLANG}"', ErlangCode(ERLANG)),
    ],
)
def test_every_source_is_read(attributes: str, source: VariableSource) -> None:
    """With Tsung's defaults; without a word it is an Erlang function."""
    _, step = plan(steps=CONNECT + variables(attributes)).sessions[0].steps
    assert step == SetVariables(("a",), source)


def read_beside(
    directory: Path, steps: str, options: str = "", code: tuple[Path, ...] = ()
) -> Configuration:
    path = directory / "test.xml"
    path.write_bytes(document(steps=CONNECT + steps, options=options))
    return read_configuration(path, code_directories=code)


def test_files_are_found_beside_the_configuration(tmp_path: Path) -> None:
    """Of two with one id the last counts, and what nobody uses is not kept."""
    for name in ("first.csv", "second.csv", "unused.csv"):
        (tmp_path / name).write_text("a;b\n")
    options = "".join(
        f'<option name="{option}" value="{name}" id="{identity}"/>'
        for option, name, identity in (
            ("file_server", "first.csv", "u"),
            ("file_server", "second.csv", "u"),
            ("file_server", "unused.csv", "unused"),
            ("local_file_server", "first.csv", "u"),
        )
    )
    steps = variables('sourcetype="file" fileid="u" delimiter=","', "ab")
    steps += variables('sourcetype="file" fileid="u" order="random"')
    steps += variables('sourcetype="local_file" fileid="u"')
    found = read_beside(tmp_path, steps, options).plan
    assert found.sessions[0].steps[1:] == (
        SetVariables(("a", "b"), FileLine("u", True, ",")),
        SetVariables(("a",), FileLine("u", False, ";")),
        SetVariables(("a",), FileLine("local:u", False, ";")),
    )
    assert found.row_files == (
        RowFile("u", str(tmp_path / "second.csv")),
        RowFile("local:u", str(tmp_path / "first.csv")),
    )


def test_python_functions_are_looked_for_in_the_directories_of_x(tmp_path: Path) -> None:
    """Only looked at: importing is for workers, where a stranger's code may fail."""
    code = tmp_path / "code"
    (code / "mine").mkdir(parents=True)
    (code / "mine" / "names.py").write_text("raise SystemExit\n\ndef pick(user):\n    return 1\n")
    steps = variables('sourcetype="python" callback="mine.names:pick"')
    found = read_beside(tmp_path, steps, code=(code,)).plan
    assert found.sessions[0].steps[1] == SetVariables(("a",), PythonCall("mine.names:pick"))
    for callback, words in (
        ("mine.names:other", "has no other"),
        ("mine.gone:pick", "mine/gone.py was looked for"),
        ("mine", "package.module:function"),
    ):
        steps = variables(f'sourcetype="python" callback="{callback}"')
        with pytest.raises(ConfigurationError) as caught:
            read_beside(tmp_path, steps, code=(code,))
        assert words in str(caught.value)


def test_an_erlang_function_may_be_there_in_python(tmp_path: Path) -> None:
    """The configuration stays as it is: only the module is written anew."""
    (tmp_path / "tms.py").write_text("def move_first(user): ...\ndef url(user): ...\n")
    steps = variables('sourcetype="erlang" callback="tms:move_first"')
    steps += "<request subst='true'><websocket type='message'>%%tms:url%%</websocket></request>"
    found = read_beside(tmp_path, steps, code=(tmp_path,)).plan
    assert found.sessions[0].steps[1] == SetVariables(("a",), PythonCall("tms:move_first"))
    assert [module.name for module in found.python_modules] == ["tms.py"]
    with pytest.raises(ConfigurationError) as caught:
        read_beside(tmp_path, steps)
    assert "write move_first in Python, in tms.py" in str(caught.value)
    assert "write url in Python, in tms.py" in str(caught.value)


def test_only_requests_call_functions_in_python(tmp_path: Path) -> None:
    """Nobody else can end the user in order when one fails."""
    (tmp_path / "tms.py").write_text("def url(user): ...\n")
    with pytest.raises(ConfigurationError, match="no function for %%tms:url%%"):
        read_beside(tmp_path, "<thinktime value='%%tms:url%%'/>", code=(tmp_path,))


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ('sourcetype="random_number" start="9" end="3"', "from 9 to 3"),
        ('sourcetype="dice"', 'sourcetype="dice"'),
        ('sourcetype="file"', "there is no file_server with the id default"),
        ('sourcetype="local_file" fileid="u"', "there is no local_file_server with the id u"),
        ('sourcetype="jsonpath" from="v" jsonpath="$"', "jsonpath"),
        ('sourcetype="eval" code="fun({A, B}) -> os:cmd(A) end."', "os:cmd is not supported"),
        ('callback="tms:move_first"', "the Erlang function tms:move_first cannot be called"),
        ('sourcetype="python" callback="a:b"', "there is no -X"),
    ],
)
def test_what_has_no_equal_is_refused_by_name(attributes: str, words: str) -> None:
    """With its place; what is Erlang's has a cure in Python."""
    found = fault(steps=CONNECT + variables(attributes))
    assert words in found
    assert "callback=" not in attributes or "-X" in found


def test_variables_without_a_name_are_refused() -> None:
    """Nothing would be set."""
    assert "sets no variable" in fault(steps=CONNECT + '<setdynvars sourcetype="server"/>')


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """Its users would end one after the other."""
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ConfigurationError, match="is empty"):
        read_beside(
            tmp_path,
            variables('sourcetype="file"'),
            '<option name="file_server" value="empty.csv"/>',
        )
