"""What the server does otherwise when it is told to: limits, close frames, masked errors."""

from __future__ import annotations

import time

import pytest
from pytsung_server.abuse import MAX_CONNECTS, MAX_MESSAGES, Window
from pytsung_server.directory import DEFAULT, Directory
from pytsung_server.settings import Profile

from tests.server.appwrite_events import user_event
from tests.server.bench import PEOPLE, bench
from tests.server.conftest import StartServer
from tests.server.running import RunningServer
from tests.server.shop import ANNA, BEN, Client

FILES = "project=console&channels[]=files"


def test_a_window_is_a_minute_of_the_clock() -> None:
    """As upstream: fixed windows, so who comes at the end of one may come again at once."""
    window = Window(2)
    assert [window.allows("a", 119.0) for _ in range(3)] == [True, True, False]
    assert window.allows("b", 119.9)
    assert not window.allows("a", 119.99)
    assert [window.allows("a", 120.0) for _ in range(3)] == [True, True, False]
    assert len(window._counts) == 1


def test_the_33rd_message_of_a_minute_is_refused_and_the_connection_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """32 a minute on a connection; the next minute begins anew."""
    now = [600.0]
    monkeypatch.setattr("pytsung_server.conversation.time", lambda: now[0])
    with bench(abuse_limits=True) as worker:
        peer, _ = worker.connect(FILES)
        other, _ = worker.connect(FILES)
        for _ in range(MAX_MESSAGES):
            assert peer.say(type="ping") == {"type": "pong"}
        refused = peer.say(type="ping")
        assert refused["data"] == {"code": 1013, "message": "Too many messages."}
        assert other.say(type="ping") == {"type": "pong"}
        now[0] += 60
        assert peer.say(type="ping") == {"type": "pong"}


def test_the_129th_connect_of_a_minute_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """128 a minute for one path and address; other paths and a later minute are free."""
    now = [600.0]
    monkeypatch.setattr("pytsung_server.admission.time", lambda: now[0])
    with bench(abuse_limits=True) as worker:
        for _ in range(MAX_CONNECTS):
            worker.connect(FILES)
        assert worker.refuse(FILES) == (1013, "Too many requests")
        assert worker.refuse("project=unknown")[0] == 1008  # which is looked at first
        now[0] += 60
        worker.connect(FILES)


def test_without_abuse_limits_nobody_counts() -> None:
    """A load test sends 7,500 connects a minute from each address."""
    with bench() as worker:
        peer, _ = worker.connect(FILES)
        for _ in range(200):
            worker.connect(FILES)
            assert peer.say(type="ping") == {"type": "pong"}


def test_the_limit_on_connects_knows_addresses_apart(start_server: StartServer) -> None:
    """It asks the kernel who is at the other end, and heads that are known are counted, too."""
    server = start_server("--workers", "1", "--abuse-limits")
    if (left := 60 - time.time() % 60) < 3:  # the window must not change under our hands
        time.sleep(left)
    refused = 0
    for _ in range(MAX_CONNECTS + 5):
        with server.client() as client:
            refused += client.upgrade()["type"] == "error"
    assert refused == 5
    with Client(server.port, source="127.0.0.9") as client:
        assert client.upgrade("/v1/realtime?project=console")["type"] == "connected"


def test_trusted_headers_name_the_client_behind_a_proxy() -> None:
    """All clients of a proxy have its address; its header tells them apart."""
    trusting = Directory(DEFAULT.projects, trusted_headers=("x-forwarded-for",))
    with bench(directory=trusting, abuse_limits=True) as worker:
        for _ in range(MAX_CONNECTS):
            worker.connect(FILES, x_forwarded_for="nonsense, 203.0.113.5, 10.0.0.1")
        refused = worker.refuse(FILES, x_forwarded_for="203.0.113.5")
        assert refused == (1013, "Too many requests")
        worker.connect(FILES, x_forwarded_for="203.0.113.6")
        worker.connect(FILES)


def test_upstream_close_hangs_up_without_a_close_frame(start_server: StartServer) -> None:
    """What Appwrite's clients really see: 1006, and a loop of reconnects."""
    server: RunningServer = start_server("--workers", "1", "--upstream-close")
    with server.client() as client:
        assert client.upgrade("/?project=unknown")["data"]["code"] == 1008
        assert client.read_all() == b""


@pytest.mark.parametrize("masks", [False, True])
def test_masked_errors_name_only_policies_at_connecting(masks: bool) -> None:
    """In production upstream says little: texts of 0 and from 500 on are replaced."""
    masked = "Error: Server Error"
    with bench(directory=PEOPLE, mask_errors=masks, abuse_limits=True) as worker:
        assert worker.refuse("project=x") == (1008, "Missing or unknown project ID")
        code, text = worker.refuse("project=shop&jwt=x")
        assert (code, text.split(".")[0]) == (401, "Failed to verify JWT")
        peer, _ = worker.connect("project=shop")
        error = peer.say(type="unknown")["data"]
        assert error["code"] == 1003
        assert (error["message"] == masked) is masks


def test_in_2021_a_user_logs_in_and_listens_to_the_account() -> None:
    """0.10 converted the stored channels once more."""
    with bench(Profile.BENCH2021, PEOPLE) as worker:
        peer, data = worker.connect("project=shop&channels[]=account&channels[]=files")
        assert data == {"channels": ["account", "files"], "user": None}
        for user, session in (("anna", ANNA), ("ben", BEN)):
            answer = peer.say(type="authentication", data={"session": session})
            assert answer["data"]["user"] == {
                "$id": user,
                "name": "Anna" if user == "anna" else "",
                "registration": 1609459200,
                "status": True,
                "passwordUpdate": 1609459200,
                "email": "anna@shop.example" if user == "anna" else "",
                "emailVerification": user == "anna",
                "prefs": [],
            }
            assert peer.channels() == ["account", "files", f"account.{user}"]
            worker.publish(user_event("anna"))
            worker.publish(user_event("ben"))
            (heard,) = peer.heard()
            assert heard["payload"]["$id"] == user
            assert heard["event"] == f"users.{user}.update"
