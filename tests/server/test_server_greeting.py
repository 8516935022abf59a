"""What heads lead to, known ones and new ones: the same."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pytsung_server.admission import Admission, Admitted
from pytsung_server.directory import DEFAULT
from pytsung_server.greeting import MAX_KNOWN, Greeter, Greeting, Outcome
from pytsung_server.ids import Minter
from pytsung_server.index import Index
from pytsung_server.settings import Profile

from pytsung.protocols.websocket.codec import Rules, WebSocketCodec
from pytsung.protocols.websocket.events import Event, Role, TextMessage
from pytsung.protocols.websocket.handshake import accept_of
from tests.server.bench import bench
from tests.server.running import KEY, request


class TestedGreeter(Greeter):
    """A greeter with all that it needs, asked by nobody in particular."""

    __test__ = False

    def __init__(self, profile: Profile) -> None:
        admission = Admission(profile, DEFAULT, limit_connects=False, mask_errors=False)
        super().__init__(admission, Index(), Minter(), close_frames=True)

    def greet(self, head: bytes, address: Callable[[], str] = lambda: "192.0.2.1") -> Greeting:
        return super().greet(head, address)


def key_of(number: int) -> str:
    return f"{number:022d}=="


def test_a_known_head_gets_the_accept_value_of_its_own_key() -> None:
    """Heads are told apart by all but the key; the key must not be remembered."""
    greeter = TestedGreeter(Profile.BENCH2021)
    for number in range(3):
        head = request().replace(KEY.encode(), key_of(number).encode())
        greeting = greeter.greet(head)
        assert greeting.outcome is Outcome.ADMITTED
        assert b"Sec-WebSocket-Accept: " + accept_of(key_of(number).encode()) in greeting.data


@pytest.mark.parametrize(
    "key",
    [b"short", b"0" * 23, b"0" * 25, b"", b"0" * 10 + b"\r\nX-Other: " + b"0", b"0" * 23 + b"\n"],
)
def test_a_known_head_with_a_bad_key_is_still_refused(key: bytes) -> None:
    """The fast path must not let through what the slow one refuses."""
    greeter = TestedGreeter(Profile.BENCH2021)
    assert greeter.greet(request()).outcome is Outcome.ADMITTED
    head = request().replace(KEY.encode(), key)
    assert greeter.greet(head).outcome is Outcome.BAD_REQUEST
    assert greeter.greet(head).outcome is Outcome.BAD_REQUEST


def test_a_key_within_another_header_is_not_taken_for_the_key() -> None:
    """A field's name may stand in a value; only whole fields count."""
    greeter = TestedGreeter(Profile.BENCH2021)
    trap = b"\r\nX-Trap: \r\nSec-WebSocket-Key: " + b"A" * 24
    head = request().replace(b"\r\nOrigin", trap + b"\r\nOrigin")
    for _ in range(2):
        # Two keys: joined by a comma (RFC 9110, 5.3) they have no key's length.
        assert greeter.greet(head).outcome is Outcome.BAD_REQUEST


def test_header_names_are_read_in_any_case() -> None:
    """HTTP/2 gateways write them small."""
    head = request().replace(b"Sec-WebSocket-Key", b"sec-websocket-key")
    head = head.replace(b"Upgrade: websocket", b"upgrade: WebSocket")
    head = head.replace(b"Connection: Upgrade", b"connection: keep-alive, Upgrade")
    assert TestedGreeter(Profile.CURRENT).greet(head).outcome is Outcome.ADMITTED


def test_remembered_heads_are_bounded() -> None:
    """Clients that differ in every head must not fill the memory, nor get wrong answers."""
    greeter = TestedGreeter(Profile.BENCH2021)
    for number in range(2 * MAX_KNOWN + 10):
        head = request(f"/?project=console&channels[]=c{number}")
        assert f'["c{number}"]'.encode() in greeter.greet(head).data
        assert len(greeter._known) <= MAX_KNOWN


def test_ids_differ_between_workers_too() -> None:
    """Each worker counts by itself."""
    first, second = (TestedGreeter(Profile.CURRENT).greet(request()).data for _ in range(2))
    assert first != second


def messages(target: str, profile: Profile = Profile.CURRENT) -> list[Event]:
    """What a client reads after its upgrade."""
    data = TestedGreeter(profile).greet(request(target)).data
    return WebSocketCodec(Role.SERVER, rules=Rules(accept_unmasked=True)).feed(
        data.partition(b"\r\n\r\n")[2]
    )


@pytest.mark.parametrize("size", [1, 20, 27, 28, 29, 10_000, 60_000])
def test_the_frame_around_an_id_is_well_formed_at_every_length(size: int) -> None:
    """Lengths of 126 and of 65,536 change the header that stands before the id."""
    channel = "/" * size  # written in two bytes each
    (message,) = messages(f"/?project=console&channels[]={channel}")
    assert isinstance(message, TextMessage)
    data = json.loads(message.text)["data"]
    assert data["channels"] == [channel]
    assert [len(one) for one in data["subscriptions"]] == [20]


def test_messages_are_encoded_as_php_does() -> None:
    """Byte counts and naive clients depend on it: ASCII only, slashes escaped."""
    (message,) = messages("/?project=console&channels[]=%C3%A4/b", Profile.BENCH2021)
    assert isinstance(message, TextMessage)
    assert '"channels":["\\u00e4\\/b"]' in message.text
    (raw,) = messages("/?project=console&channels[]=ä/b", Profile.BENCH2021)
    assert raw == message


def test_a_guest_keeps_only_what_guests_may_listen_to_of_an_account() -> None:
    """The original drops the rest without a word."""
    names = ["account", "account.create", "account.123", "accounts", "files"]
    target = "/?project=console&" + "&".join(f"channels[]={name}" for name in names)
    with bench() as worker:
        decision = worker.decide(target)
    assert isinstance(decision, Admitted)
    (subscription,) = decision.subscriptions
    assert subscription.channels == ("account", "account.create", "accounts", "files")


@pytest.mark.parametrize(
    ("profile", "header", "query", "admitted"),
    [
        (Profile.CURRENT, "console", "project=unknown", True),
        (Profile.CURRENT, "unknown", "project=console", False),
        (Profile.BENCH2021, "console", "project=unknown", False),
        (Profile.BENCH2021, "unknown", "project=console", True),
        (Profile.CURRENT, "", "project[]=console", False),
    ],
)
def test_header_or_query_names_the_project_by_the_profile(
    profile: Profile, header: str, query: str, admitted: bool
) -> None:
    """Which one wins was turned round between the generations."""
    with bench(profile) as worker:
        decision = worker.decide(f"/?{query}&channels[]=a", x_appwrite_project=header)
    assert isinstance(decision, Admitted) is admitted
