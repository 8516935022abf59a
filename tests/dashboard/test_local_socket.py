"""Other processes find the controller, nobody else does, and a dead one is in nobody's way."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trio

from pytsung.dashboard.local_socket import DIRECTORY, answering, asking, claim, socket_path
from pytsung.errors import UsageError


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sockets of this test alone."""
    monkeypatch.setenv(DIRECTORY, str(tmp_path / "run"))
    return tmp_path / "run"


async def echo(question: Mapping[str, Any]) -> AsyncGenerator[str, None]:
    yield json.dumps({"heard": question.get("ask")})
    if question.get("ask") == "all":
        yield '{"heard": "more"}'


def test_a_question_is_answered_line_by_line() -> None:
    """Status needs one line; who watches a run gets them until its end."""

    async def converse() -> list[Any]:
        claimed = claim("one")
        assert claimed is not None
        async with answering(claimed, echo), asking("one", {"ask": "all"}) as answers:
            heard = [answer async for answer in answers]
        claimed.release()
        return heard

    assert trio.run(converse) == [{"heard": "all"}, {"heard": "more"}]


def test_an_id_belongs_to_one_controller_at_a_time() -> None:
    """Else `pytsung stop` would end another test than the one that was meant."""
    first = claim("x")
    assert first is not None
    assert claim("x") is None
    other = claim("y")
    assert other is not None
    first.release()
    again = claim("x")
    assert again is not None
    for claimed in (again, other):
        claimed.release()


def test_what_a_killed_controller_left_is_no_controller(directory: Path) -> None:
    """A socket without a process refuses; the next controller takes the id over."""
    claimed = claim("")
    assert claimed is not None

    async def die() -> None:
        listening = trio.socket.socket(trio.socket.AF_UNIX)
        await listening.bind(os.fspath(claimed.path))
        listening.close()
        with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
            async with asking("", {}):
                pass

    trio.run(die)
    os.close(claimed.lock)  # as the kernel does when a process ends
    assert claimed.path.exists()
    again = claim("")
    assert again is not None
    again.release()


def test_only_its_user_can_enter(directory: Path) -> None:
    """Whoever can connect can stop the test."""
    claimed = claim("")
    assert claimed is not None
    assert directory.stat().st_mode & 0o777 == 0o700
    claimed.release()
    directory.chmod(0o755)
    with pytest.raises(UsageError, match="not a directory of yours alone"):
        claim("")
    directory.chmod(0o700)
    for name in ("lock", "sock"):
        directory.joinpath(f"controller.{name}").unlink(missing_ok=True)
    directory.rmdir()
    directory.symlink_to("/")
    with pytest.raises(UsageError, match="not a directory of yours alone"):
        claim("")


@pytest.mark.parametrize("name", ["a/b", "..\n", "x" * 41, "ü"])
def test_an_id_is_no_path(name: str) -> None:
    """It comes from a command line and becomes part of a file's name."""
    with pytest.raises(UsageError, match="no id of a controller"):
        socket_path(name)


def test_rubbish_and_silence_cost_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stray program that talks to the socket must not disturb the run."""
    monkeypatch.setattr("pytsung.dashboard.local_socket.PATIENCE", 0.05)

    async def converse() -> None:
        claimed = claim("")
        assert claimed is not None
        async with answering(claimed, echo):
            for words in (b"GET / HTTP/1.1\r\n\r\n", b"[1]\n", b"x" * 200_000, b"", b"{"):
                async with await trio.open_unix_socket(os.fspath(claimed.path)) as stream:
                    with trio.fail_after(5), suppress(trio.BrokenResourceError):
                        await stream.send_all(words)
                        assert await stream.receive_some() == b""
            async with asking("", {"ask": "still there"}) as answers:
                assert await anext(answers) == {"heard": "still there"}
        claimed.release()

    trio.run(converse)
