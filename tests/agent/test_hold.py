"""A file of the plan must reach a user as it left the controller, with one copy on each host."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytsung.agent import hold
from pytsung.agent.hold import FileHold, HeldFiles
from pytsung.control.messages import FilePart, Hold
from pytsung.controller.cargo import PART, parts_of
from pytsung.errors import AgentError
from pytsung.plan import CarriedFile, digest_of

LARGE = bytes(range(256)) * (PART // 256 + 100)


def held(*files: bytes) -> HeldFiles:
    """What a worker finds of files that came to its agent."""
    agent = FileHold()
    for part in parts_of({digest_of(data): data for data in files}):
        agent.take(part)
    return HeldFiles(agent.contents())


@given(st.lists(st.binary(max_size=30), max_size=5))
def test_files_come_as_they_were(files: list[bytes]) -> None:
    """Any number of them, empty ones too."""
    assert dict(held(*files)) == {digest_of(data): data for data in files}


def test_large_files_come_in_parts() -> None:
    """Heartbeats have to find their way between them."""
    assert [len(part.data) for part in parts_of({"a": LARGE})] == [PART, len(LARGE) - PART]
    assert held(b"before", LARGE, b"after")[digest_of(LARGE)] == LARGE


def test_files_are_found_by_the_names_of_the_plan() -> None:
    """Two names may stand for the same bytes."""
    files = [CarriedFile.of("a.pem", b"pem"), CarriedFile.of("b.pem", b"pem")]
    found = held(b"pem").named(files)
    assert dict(found) == {"a.pem": b"pem", "b.pem": b"pem"}
    assert "c.pem" not in found


def test_a_plan_without_files_needs_none() -> None:
    """Most plans are like that."""
    assert FileHold().contents() == Hold()
    assert not HeldFiles(Hold())


GOOD = FilePart(digest_of(b"abcd"), 0, 4, b"ab")


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ([replace(GOOD, offset=2)], "out of order"),
        ([GOOD, replace(GOOD, offset=3)], "not as it was announced"),
        ([GOOD, replace(GOOD, digest="00", offset=2)], "out of order"),
        ([GOOD, replace(GOOD, offset=2, data=b"xy")], "changed on its way"),
    ],
)
def test_what_is_not_the_file_is_refused(parts: list[FilePart], complaint: str) -> None:
    """A test with other data than the user's is worse than none."""
    *before, last = parts
    agent = FileHold()
    for part in before:
        agent.take(part)
    with pytest.raises(AgentError, match=complaint):
        agent.take(last)


def test_what_an_agent_keeps_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is memory, of a host that others may share."""
    monkeypatch.setattr(hold, "LARGEST", 3)
    with pytest.raises(AgentError, match="too large"):
        held(b"abcd")


def test_an_agent_that_is_gone_is_said() -> None:
    """Its copy went with it."""
    with pytest.raises(AgentError, match="No such file"):
        HeldFiles(Hold("/proc/self/fd/987654", {"a": (0, 1)}))["a"]
