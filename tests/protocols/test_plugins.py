"""Which room plays a session must never be chance, and a broken plug-in must say whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytsung.errors import UsageError
from pytsung.protocols import registry
from pytsung.protocols.plugins import plugins
from tests.packages import declare

ROOM = """
class Room:
    session_type = "ts_tiny"
    element = "tiny"
    request_types = ()
    bidirectional = False
    read_request = describe = converse = None
"""


def install(
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str = "tiny",
    session_type: str = "ts_tiny",
    code: str = ROOM,
) -> None:
    """A package `name` whose module of that name claims a session type."""
    place = directory / name
    place.mkdir()
    (place / f"{name}_room.py").write_text(code)
    points = {"pytsung.protocols": {session_type: f"{name}_room:Room"}}
    declare(place, {"name": name, "version": "1.0", "entry-points": points})
    monkeypatch.syspath_prepend(place)


def test_an_installed_room_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the package's own metadata tells of it."""
    install(tmp_path, monkeypatch, "tiny_a")
    assert registry.installed().room("ts_tiny").element == "tiny"
    assert [str(plugin) for plugin in plugins()] == ["tiny_a (tiny_a_room:Room)"]


def test_two_packages_cannot_claim_one_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever installed both learns which two, and what to do."""
    install(tmp_path, monkeypatch, "tiny_b")
    install(tmp_path, monkeypatch, "tiny_c")
    with pytest.raises(UsageError) as caught:
        registry.installed()
    message = str(caught.value)
    assert message.startswith("two protocols call themselves ts_tiny")
    assert "tiny_b (tiny_b_room:Room)" in message
    assert "tiny_c (tiny_c_room:Room)" in message
    assert message.endswith("uninstall one of them")


def test_nobody_replaces_a_room_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result must not depend on what else happens to be installed."""
    code = ROOM.replace("ts_tiny", "ts_http")
    install(tmp_path, monkeypatch, "tiny_d", "ts_http", code)
    with pytest.raises(UsageError, match="ts_http: pytsung itself and tiny_d"):
        registry.installed()


@pytest.mark.parametrize(
    ("name", "code", "complaint"),
    [
        ("tiny_e", "import nothing_of_that_name", "cannot be loaded: ModuleNotFoundError"),
        ("tiny_f", "", "cannot be loaded: AttributeError"),
        ("tiny_g", ROOM.replace("element =", "elephant ="), "is no room: it has no element"),
        ("tiny_h", ROOM.replace("ts_tiny", "ts_other"), "plays ts_other"),
    ],
)
def test_a_broken_plug_in_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str, complaint: str
) -> None:
    """The user of pytsung has not written it, and must know whom to ask."""
    install(tmp_path, monkeypatch, name, code=code)
    with pytest.raises(UsageError) as caught:
        registry.installed()
    assert complaint in str(caught.value)
    assert f"ts_tiny of {name} ({name}_room:Room)" in str(caught.value)
