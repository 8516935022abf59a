"""The file of projects and users: what it may say, and every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytsung_server.directory import DEFAULT, Membership, Session, User
from pytsung_server.directory_file import read_directory

from pytsung.errors import UsageError
from tests.server.shop import SHOP

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "server.md"


def read(tmp_path: Path, text: str) -> str:
    """The path of a file with this text."""
    path = tmp_path / "projects.toml"
    path.write_text(text)
    return str(path)


def test_all_that_a_file_can_say_is_read(tmp_path: Path) -> None:
    """Whoever writes it must get what was written."""
    directory = read_directory(read(tmp_path, SHOP))
    assert directory.region == "fra"
    assert directory.hosts == ("realtime.example",)
    assert list(directory.projects) == ["console", "shop", "closed", "far"]
    shop = directory.projects["shop"]
    assert shop.origins == ("localhost", "*.shop.example")
    assert shop.schemes == ("exp",)
    assert shop.jwt_key == "a key"
    assert shop.users["anna"] == User(
        id="anna",
        name="Anna",
        email_verified=True,
        sessions=(Session("laptop", "s3cret"),),
        memberships=(Membership("staff", "m1", ("owner",)),),
    )
    assert directory.projects["closed"].realtime is False
    assert directory.user("shop", "carl") is None
    assert directory.user("nowhere", "anna") is None


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    """The console is there whether it is named or not."""
    assert read_directory(read(tmp_path, "")).projects == dict(DEFAULT.projects)


def test_every_fault_is_said_at_once_with_its_place(tmp_path: Path) -> None:
    """Found one by one, they would take as many starts."""
    text = """
colour = "blue"
[[projects]]
origins = "localhost"
realtime = "no"
[[projects.users]]
id = "anna"
session = []
preferences = 5
[[projects.users]]
id = "anna"
[[projects.teams]]
id = "staff"
members = [{ user = "carl" }, 5]
[[projects.teams]]
id = ""
members = [{ user = "carl", roles = [1] }]
[[projects]]
id = "a"
[[projects]]
id = "a"
"""
    path = read(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        read_directory(path)
    faults = [line.removeprefix(f"{path}: ") for line in str(refused.value).splitlines()]
    assert sorted(fault.split()[0] for fault in faults) == [
        "colour",
        "projects[0].id",
        "projects[0].origins",
        "projects[0].realtime",
        "projects[0].teams[0].members",
        "projects[0].teams[1].id",
        "projects[0].teams[1].members[0].roles",
        "projects[0].teams[1].members[0].user",
        "projects[0].users",
        "projects[0].users[0].preferences",
        "projects[0].users[0].session",
        "projects[2].id",
    ]
    assert any("known are" in fault and "sessions" in fault for fault in faults)


def test_what_is_no_toml_is_said_with_line_and_column(tmp_path: Path) -> None:
    """Python's parser knows where; the message passes it on."""
    with pytest.raises(UsageError, match=r"line 2, column \d"):
        read_directory(read(tmp_path, "a = 1\nb c\n"))
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"binary\.toml"):
        read_directory(str(binary))


def test_the_example_in_the_reference_is_right(tmp_path: Path) -> None:
    """People copy it."""
    page = REFERENCE.read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    directory = read_directory(read(tmp_path, example))
    assert directory.projects["shop"].users
