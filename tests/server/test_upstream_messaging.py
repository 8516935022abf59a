"""Appwrite's unit tests of its messaging adapter, by their names: who is found, and forgotten."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytsung_server.channels import convert, convert_2021, rebind
from pytsung_server.directory import Directory, Membership, Project, Session, User
from pytsung_server.roles import standing_of
from pytsung_server.settings import Profile

from tests.server.appwrite_events import user_event
from tests.server.bench import PEOPLE, Bench, Peer, bench, equal, event
from tests.server.shop import ANNA, BEN, session_of

USERS, CHANNELS_PER_USER = 20, 10
"""Upstream's: each user has a connection for each of ten channels, 200 in all."""


def crowd() -> Directory:
    """Twenty users, in one team of two each."""
    users = {
        f"user{number}": User(
            id=f"user{number}",
            sessions=(Session("s", "x"),),
            memberships=(Membership(f"team{number // 10}", f"m{number}", ("admin",)),),
        )
        for number in range(USERS)
    }
    return Directory({"1": Project(id="1", users=users), "2": Project(id="2")})


@pytest.fixture
def crowded() -> Iterator[tuple[Bench, dict[tuple[int, int], Peer]]]:
    """The crowd, connected."""
    with bench(directory=crowd()) as worker:
        peers = {}
        for user in range(USERS):
            cookie = f"a_session_1={session_of(f'user{user}', 'x')}"
            for channel in range(CHANNELS_PER_USER):
                target = f"project=1&channels[]=channel{channel}"
                peers[user, channel], _ = worker.connect(target, cookie=cookie)
        yield worker, peers


Crowded = tuple[Bench, dict[tuple[int, int], Peer]]


def hearers(peers: dict[tuple[int, int], Peer]) -> set[tuple[int, int]]:
    """Who has heard something, exactly once each."""
    found = set()
    for key, peer in peers.items():
        heard = peer.heard()
        assert len(heard) <= 1
        if heard:
            found.add(key)
    return found


@pytest.mark.parametrize("channel", range(CHANNELS_PER_USER))
def test_wildcard_permission(crowded: Crowded, channel: int) -> None:
    """testWildcardPermission: everybody on the channel, and nobody else."""
    worker, peers = crowded
    worker.publish(event(f"channel{channel}", project="1"))
    assert hearers(peers) == {(user, channel) for user in range(USERS)}
    worker.publish(event(f"channel{channel}", project="2"))
    assert hearers(peers) == set()


def test_role_permission(crowded: Crowded) -> None:
    """testRolePermission: users hear what users may, guests do not."""
    worker, peers = crowded
    guest, _ = worker.connect("project=1&channels[]=channel3")
    worker.publish(event("channel3", project="1", roles=("users",)))
    assert hearers(peers) == {(user, 3) for user in range(USERS)}
    assert guest.heard() == []
    worker.publish(event("channel3", project="1", roles=("guests",)))
    assert hearers(peers) == set()
    assert len(guest.heard()) == 1


def test_user_permission(crowded: Crowded) -> None:
    """testUserPermission: exactly one user's one connection."""
    worker, peers = crowded
    for user in range(USERS):
        roles = (f"user:user{user}", "user:nobody")
        worker.publish(event("channel5", project="1", roles=roles))
        assert hearers(peers) == {(user, 5)}


def test_team_permission(crowded: Crowded) -> None:
    """testTeamPermission: a team, a role within it, and neither twice."""
    worker, peers = crowded
    first = {(user, 7) for user in range(10)}
    for roles in (("team:team0",), ("team:team0/admin",), ("team:team0", "team:team0/admin")):
        worker.publish(event("channel7", project="1", roles=roles))
        assert hearers(peers) == first
    worker.publish(event("channel7", project="1", roles=("team:team0/guest",)))
    assert hearers(peers) == set()


def test_subscriptions(crowded: Crowded) -> None:
    """testSubscriptions: when all have left, nothing of them is left."""
    worker, peers = crowded
    index = worker.shared.index
    assert len(index) == USERS * CHANNELS_PER_USER
    order = list(peers.values())
    random.Random(1).shuffle(order)
    for peer in order:
        peer.leave()
        peer.leave()  # who is unknown is no problem
    assert len(index) == 0
    assert index._listening == {}
    assert index._users == {}


@pytest.mark.parametrize("project", ["console", "shop"])
@pytest.mark.parametrize("person", ["", ANNA, BEN])
def test_user(project: str, person: str) -> None:
    """testUser, MessagingGuest: role × channel × project, and only where all three agree."""
    with bench(directory=PEOPLE) as worker:
        cookie = {"cookie": f"a_session_shop={person}"} if person else {}
        peer, data = worker.connect("project=shop&channels[]=files&channels[]=rows", **cookie)
        user = data["user"]["$id"] if data["user"] else ""
        own = {"guests"} if not user else {"users", f"user:{user}"}
        for role in ("any", "*", "guests", "users", "user:anna", "user:ben", "user:", "team:x"):
            for channel in ("files", "rows", "files.f", "docs"):
                worker.publish(event(channel, project=project, roles=(role,)))
                expected = (
                    project == "shop"
                    and channel in ("files", "rows")
                    and (role in own or role in ("any", "*"))
                )
                assert bool(peer.heard()) is expected, (role, channel)


def test_a_connection_has_the_union_of_its_channels_and_outlives_the_last() -> None:
    """Several subscriptions are one connection; each goes by itself, and it stays."""
    with bench() as worker:
        peer, data = worker.connect("project=console&channels[]=a")
        (first,) = data["subscriptions"]
        peer.subscribe({"channels": ["b"], "subscriptionId": "two"}, {"channels": ["a", "b"]})
        assert sorted(peer.channels()) == ["a", "a", "b", "b"]
        worker.publish(event("b", "a"))
        (heard,) = peer.heard()
        assert len(heard["subscriptions"]) == 3
        third = (set(heard["subscriptions"]) - {first, "two"}).pop()
        for name in (first, first, "two", third):
            peer.say(type="unsubscribe", data=[{"subscriptionId": name}])
        worker.publish(event("a", "b"))
        assert peer.heard() == []
        assert peer.group is not None
        peer.subscribe({"channels": ["b"], "subscriptionId": "two"})
        worker.publish(event("b"))
        assert peer.heard()[0]["subscriptions"] == ["two"]


def test_clients_of_the_same_kind_are_one_group() -> None:
    """A hundred thousand guests on one channel must not be a hundred thousand lists."""
    with bench() as worker:
        peers = [worker.connect("project=console&channels[]=files")[0] for _ in range(10)]
        assert len({id(peer.group) for peer in peers}) == 1
        rows = {"channels": ["files"], "subscriptionId": "x", "queries": [equal("a", 1)]}
        for peer in peers:
            peer.subscribe(rows)
        assert len(worker.shared.index) == 1
        for peer in peers:
            peer.leave()
        again, _ = worker.connect("project=console&channels[]=files")
        worker.publish(event("files"))
        assert len(again.heard()) == 1


def test_convert_channels_guest() -> None:
    """testConvertChannelsGuest: others' accounts are dropped, the rest passes."""
    names = ["files", "documents", "documents.789", "account", "account.456", "account.create"]
    assert convert(names, "") == (
        "files",
        "documents",
        "documents.789",
        "account",
        "account.create",
    )


def test_convert_channels_user() -> None:
    """testConvertChannelsUser: the own account comes last."""
    names = ["account", "files", "account.456", "account.update.name", "files"]
    assert convert(names, "123") == ("account", "files", "account.123")


@pytest.mark.parametrize("action", ["create", "update", "upsert", "delete"])
def test_convert_channels_with_action(action: str) -> None:
    """testConvertChannels…Action: an action on the account is one on the own account."""
    assert convert([f"account.{action}"], "123") == (f"account.123.{action}",)
    assert convert([f"account.{action}"], "") == (f"account.{action}",)
    assert convert_2021([f"account.{action}", "a"], "123") == ("a",)


@pytest.mark.parametrize(
    ("channel", "old", "new", "expected"),
    [
        ("account.update", "", "anna", "account.anna.update"),
        ("account", "", "anna", "account"),
        ("account.anna", "anna", "ben", "account.ben"),
        ("account.anna.create", "anna", "ben", "account.ben.create"),
        ("account.carl", "anna", "ben", "account.carl"),
        ("account.anna.other", "anna", "ben", "account.anna.other"),
        ("files", "anna", "ben", "files"),
        ("account.anna", "anna", "anna", "account.anna"),
        ("account.anna", "anna", "", "account.anna"),
    ],
)
def test_rebind_account_channels(channel: str, old: str, new: str, expected: str) -> None:
    """testRebindAccountChannels…: only what stood for the old user stands for the new one."""
    assert rebind(channel, old, new) == expected


@given(names=st.lists(st.text() | st.text().map("account.{}".format)), user=st.text(alphabet="abc"))
def test_no_name_leads_to_another_account(names: list[str], user: str) -> None:
    """Whatever is asked for, of all accounts only the own one is listened to."""
    for channel in convert(names, user):
        if channel.startswith("account."):
            assert channel.removeprefix("account.").split(".")[0] in {
                user or "create", "create", "update", "upsert", "delete"
            }  # fmt: skip


def test_re_authentication_life_cycle() -> None:
    """A guest logs in, then as somebody else: ids and filters stay, the account follows."""
    with bench(directory=PEOPLE) as worker:
        peer, data = worker.connect("project=shop")
        (sub,) = peer.subscribe(
            {"channels": ["account.update", "files"], "queries": [equal("$id", "anna", "ben")]}
        )
        name = sub["subscriptionId"]
        assert data["user"] is None
        for user, session in (("anna", ANNA), ("ben", BEN)):
            worker.publish(user_event(user))
            assert peer.heard() == []
            answer = peer.say(type="authentication", data={"session": session})
            assert answer["data"]["user"]["$id"] == user
            worker.publish(user_event(user))
            worker.publish(user_event(user, name="x"))
            assert [one["subscriptions"] for one in peer.heard()] == [[name], [name]]
        worker.publish(user_event("anna"))
        assert peer.heard() == []
        worker.publish(event("files", project="shop", payload={"$id": "carl"}))
        assert peer.heard() == []  # the guest's filter survived both log-ins


@pytest.mark.parametrize("profile", list(Profile))
def test_roles(profile: Profile) -> None:
    """Auth::getRoles: what a user is, in the words of each generation."""
    anna = PEOPLE.user("shop", "anna")
    guest = standing_of(profile, "shop", None)
    roles = standing_of(profile, "shop", anna).roles
    if profile is Profile.CURRENT:
        assert guest.roles == ("guests",)
        assert roles == (
            "user:anna",
            "users",
            "user:anna/verified",
            "users/verified",
            "team:staff",
            "member:m1",
            "team:staff/owner",
            "label:vip",
        )
    else:
        assert guest.roles == ("role:guest",)
        assert roles == ("user:anna", "role:member", "team:staff", "team:staff/owner")


def test_a_membership_counts_once_it_is_confirmed() -> None:
    """An invitation is not an entry."""
    user = User(id="u", memberships=(Membership("t", "m", ("r",), confirmed=False),))
    roles: Any = standing_of(Profile.CURRENT, "p", user).roles
    assert roles == ("user:u", "users", "user:u/unverified", "users/unverified")
