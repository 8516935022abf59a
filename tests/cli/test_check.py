"""What `pytsung check` reads: a file, a pipe, standard input; and what it says of the rest."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from pytsung.cli.main import main

EXAMPLE = Path("examples/bench.xml")


def test_a_pipe_is_as_good_as_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`pytsung check <(make-configuration)`: who generates a configuration needs no file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(EXAMPLE.read_bytes()))
    writer.start()
    assert main(["check", str(pipe)]) == 0
    writer.join()
    assert capsys.readouterr().out.startswith("pipe: ")


@pytest.mark.parametrize(
    ("name", "words"), [("", "a directory; name"), ("missing.xml", "no such configuration file")]
)
def test_what_is_no_file_is_called_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    """The commonest slip of all: a wrong name."""
    assert main(["check", str(tmp_path / name)]) == 2
    assert words in capsys.readouterr().err
