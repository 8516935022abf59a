"""What Tsung's `<websocket>` requests mean on the wire, and which bytes answer them: a row of
Tsung's behaviour (or the repair of one) each."""

import sys
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytsung.plan import Endpoint, Request, Transport
from pytsung.protocols.room import MORE, Ack, Exchange, Feedback, RequestContext, RequestError
from pytsung.protocols.websocket import handshake
from pytsung.protocols.websocket.codec import FrameError, WebSocketCodec
from pytsung.protocols.websocket.conversation import WebSocketConversation
from pytsung.protocols.websocket.events import (
    BinaryMessage,
    Close,
    Event,
    Pong,
    Role,
    TextMessage,
)
from pytsung.protocols.websocket.frames import frame
from pytsung.protocols.websocket.requests import CloseRequest, Connect, Message

TARGET = Endpoint("realtime-1", 9505)
REALTIME = Connect("/v1/realtime?project=console&channels[]=files")
TEXT = Message("hello", is_text=True)
SWOOLE = handshake.response_template(
    [("Sec-WebSocket-Version", "13"), ("Server", "swoole-http-server")]
)
CONNECTED = frame(1, b'{"type":"connected","data":{"channels":["files"],"user":null}}')
PUSH = frame(1, b"news")


class Talk:
    """A conversation, and the server's end of its connection."""

    def __init__(self, *, quirks: bool = False, fill: Callable[[str], str] = str) -> None:
        self.conversation = WebSocketConversation()
        self.context = RequestContext(TARGET, Random(1), fill, quirks)
        self.server = WebSocketCodec(Role.SERVER)

    def begin(self, request: Request) -> Exchange:
        return self.conversation.begin(request, self.context)

    def answer_to(self, exchange: Exchange) -> bytes:
        head = handshake.read_request(exchange.data)
        assert head is not None
        assert head.is_upgrade_request
        return SWOOLE.fill(handshake.accept_of(head.key))

    def opened(self) -> "Talk":
        self.feed(self.answer_to(self.begin(REALTIME)))
        return self

    def feed(self, data: bytes) -> Feedback:
        return self.conversation.feed(data)

    def at_server(self, data: bytes) -> list[Event]:
        return self.server.feed(data)


def context(endpoint: Endpoint, *, quirks: bool = False) -> RequestContext:
    return RequestContext(endpoint, Random(1), str, quirks)


# -- the upgrade ----------------------------------------------------------------------


@pytest.mark.parametrize(("quirks", "size"), [(False, 218), (True, 213)])
def test_the_benchmarks_exchange_has_the_published_size(quirks: bool, size: int) -> None:
    """One million users were published with 213 bytes sent and 248 received each."""
    talk = Talk(quirks=quirks)
    exchange = talk.begin(REALTIME)
    assert (len(exchange.data), exchange.ack) == (size, Ack.ANSWER)
    answer = talk.answer_to(exchange) + CONNECTED
    assert len(answer) == 248
    assert talk.feed(answer) == Feedback(
        complete=True, pushes=1, counters=("websocket_succ",), answer=answer[:184]
    )


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        (Endpoint("h", 80), "h"),
        (Endpoint("h", 443), "h:443"),
        (Endpoint("h", 443, Transport.TLS), "h"),
        (Endpoint("h", 80, Transport.TLS), "h:80"),
        (Endpoint("::1", 80), "[::1]"),
        (Endpoint("::1", 9505), "[::1]:9505"),
    ],
)
def test_host_carries_the_port_unless_it_is_the_schemes_own(endpoint: Endpoint, host: str) -> None:
    """Virtual hosts are chosen by it (RFC 6455, 4.1); Tsung never says the port."""
    data = WebSocketConversation().begin(Connect(), context(endpoint)).data
    assert data.startswith(f"GET / HTTP/1.1\r\nHost: {host}\r\n".encode())
    quirky = WebSocketConversation().begin(Connect(), context(endpoint, quirks=True)).data
    assert quirky.split(b"\r\n")[1] == b"Host: " + endpoint.host.encode()


def test_headers_of_the_configuration_follow_in_its_order() -> None:
    """What the handshake makes itself is left out; Host may be overridden."""
    headers = (
        ("X-B", "1"),
        ("Upgrade", "h2c"),
        ("Host", "virtual"),
        ("Sec-Websocket-Key", "mine"),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
        ("X-A", "2"),
    )
    request = Connect("/", "http://o", "chat, superchat", headers)
    _, *lines = WebSocketConversation().begin(request, context(TARGET)).data.split(b"\r\n")
    assert [line for line in lines if not line.startswith(b"Sec-WebSocket-Key: ")] == [
        b"Host: virtual",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Origin: http://o",
        b"Sec-WebSocket-Version: 13",
        b"X-B: 1",
        b"X-A: 2",
        b"Sec-WebSocket-Protocol: chat, superchat",
        b"",
        b"",
    ]


def test_variables_are_filled_into_every_text() -> None:
    """Path, header values, origin and subprotocols, for each user anew."""
    names = iter(range(100))
    talk = Talk(fill=lambda text: text.replace("%%_x%%", str(next(names))))
    request = Connect("/%%_x%%", "%%_x%%", "%%_x%%", (("A", "%%_x%%"),))
    first = talk.begin(request).data
    second = talk.begin(request).data
    assert first.startswith(b"GET /")
    assert first.split(b"\r\n")[0] != second.split(b"\r\n")[0]
    assert b"%%" not in first + second


def test_users_share_what_is_the_same_but_not_the_key() -> None:
    """The template is cached by request and target; a key must be fresh (RFC 6455, 4.1)."""
    talk, other = Talk(), Talk()
    other.context = talk.context
    first, second = talk.begin(REALTIME).data, other.begin(REALTIME).data
    assert first != second
    assert len(first) == len(second)


@given(st.integers(1, 260), st.integers(1, 260))
@settings(deadline=None)
def test_the_answer_may_come_in_pieces(first: int, second: int) -> None:
    """Tsung crashes on a head in two blocks, and loses frames that come with it."""
    talk = Talk()
    answer = talk.answer_to(talk.begin(REALTIME)) + CONNECTED
    low, high = sorted((first, second))
    chunks = [chunk for chunk in (answer[:low], answer[low:high], answer[high:]) if chunk]
    feedbacks = [talk.feed(chunk) for chunk in chunks]
    assert sum(feedback.complete for feedback in feedbacks) == 1
    assert sum(feedback.pushes for feedback in feedbacks) == 1
    assert [feedback.counters for feedback in feedbacks if feedback.counters] == [
        ("websocket_succ",)
    ]


def test_a_server_that_answers_differently_each_time_is_understood() -> None:
    """The last answer is remembered for speed; a new Date, or another spelling, is no failure."""
    for number in range(3):
        talk = Talk()
        answer = talk.answer_to(talk.begin(REALTIME))
        answer = answer.replace(b"Server: swoole-http-server", b"Date: %d" % number)
        answer = answer.replace(b"Connection: Upgrade", b"Connection: keep-alive, Upgrade")
        assert talk.feed(answer).counters == ("websocket_succ",)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\n",
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
        ),
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
    ],
)
def test_a_refused_upgrade_is_counted_and_the_session_goes_on(answer: bytes) -> None:
    """As in Tsung: `websocket_fail`, the request is complete, the connection closed."""
    talk = Talk()
    talk.begin(REALTIME)
    feedback = talk.feed(answer + b"bad")
    assert (feedback.complete, feedback.close, feedback.error) == (True, True, "")
    assert feedback.counters == ("websocket_fail",)
    with pytest.raises(RequestError, match="error_websocket_not_connected"):
        talk.begin(TEXT)
    talk.conversation.disconnected()
    assert talk.begin(REALTIME).data


def test_a_right_answer_to_another_key_is_refused() -> None:
    """The remembered answer must not let a replayed one pass."""
    replayed = SWOOLE.fill(handshake.accept_of(b"dGhlIHNhbXBsZSBub25jZQ=="))
    Talk().opened()
    talk = Talk()
    talk.begin(REALTIME)
    assert talk.feed(replayed).counters == ("websocket_fail",)


def test_a_server_that_hangs_up_instead_of_answering_is_a_failed_upgrade() -> None:
    """Accepting without upgrading must show in the result."""
    talk = Talk()
    talk.begin(REALTIME)
    assert talk.conversation.peer_closed() == Feedback(
        complete=True, close=True, counters=("websocket_fail",)
    )


def test_a_connect_may_be_tried_again_but_not_twice() -> None:
    """A refused TCP connection is retried with the same request; an open WebSocket is not lost."""
    talk = Talk()
    talk.begin(REALTIME)
    talk.opened()
    with pytest.raises(RequestError, match="error_websocket_already_connected"):
        talk.begin(REALTIME)


# -- messages -------------------------------------------------------------------------


@pytest.mark.parametrize("quirks", [False, True])
def test_messages_carry_their_text(quirks: bool) -> None:
    """UTF-8; Tsung's one byte for each character up to U+00FF on demand."""
    talk = Talk(quirks=quirks).opened()
    assert talk.at_server(talk.begin(TEXT).data) == [TextMessage("hello")]
    expected = b"\xe9" if quirks else b"\xc3\xa9"
    assert talk.at_server(talk.begin(Message("é")).data) == [BinaryMessage(expected)]
    assert talk.at_server(talk.begin(Message("€")).data) == [BinaryMessage("€".encode())]
    assert talk.at_server(talk.begin(Message("")).data) == [BinaryMessage(b"")]


def test_a_message_that_wants_no_answer_gets_none() -> None:
    """`ack="no_ack"`: what comes later is a push."""
    talk = Talk().opened()
    assert talk.begin(Message("x", ack=Ack.NONE)).ack is Ack.NONE
    assert talk.feed(PUSH) == Feedback(pushes=1)


def test_the_next_message_answers_and_all_others_are_pushes() -> None:
    """No correlation exists; what came before the request was sent does not count."""
    talk = Talk().opened()
    assert talk.feed(PUSH + PUSH) == Feedback(pushes=2)
    talk.begin(TEXT)
    answer = talk.feed(frame(2, b"\x00answer") + PUSH)
    assert answer == Feedback(complete=True, pushes=1, answer=b"\x00answer")
    assert talk.feed(PUSH) == Feedback(pushes=1)


def test_pings_are_answered_in_every_state_and_answer_nothing() -> None:
    """Tsung takes a ping as the reply and never answers it, so servers drop its users."""
    talk = Talk()
    answer = talk.answer_to(talk.begin(REALTIME))
    ping = frame(9, b"are you there?")
    pong = Pong(b"are you there?")
    upgraded = talk.feed(answer + ping)
    assert talk.at_server(upgraded.reply) == [pong]
    assert upgraded.pushes == 0
    thinking = talk.feed(ping + ping)
    assert talk.at_server(thinking.reply) == [pong, pong]
    assert (thinking.complete, thinking.pushes) == (False, 0)
    talk.begin(TEXT)
    awaiting = talk.feed(ping)
    assert talk.at_server(awaiting.reply) == [pong]
    assert not awaiting.complete
    assert talk.feed(frame(10, b"")) == MORE


def test_fragments_and_pieces_make_one_message() -> None:
    """Tsung waits for ever on a fragmented message."""
    talk = Talk().opened()
    talk.begin(TEXT)
    stream = b"\x01\x03one" + frame(9, b"") + b"\x00\x00" + frame(0, b" two")
    feedbacks = [talk.feed(bytes([byte])) for byte in stream]
    assert [feedback.answer for feedback in feedbacks if feedback.complete] == [b"one two"]
    assert sum(feedback.pushes for feedback in feedbacks) == 0


@pytest.mark.parametrize("request_", [TEXT, CloseRequest()])
def test_nothing_is_sent_without_a_websocket(request_: Request) -> None:
    """Tsung sends the frame on a fresh TCP connection, or crashes."""
    talk = Talk()
    for prepare in (lambda: None, lambda: talk.begin(REALTIME), talk.conversation.disconnected):
        prepare()
        with pytest.raises(RequestError) as caught:
            talk.begin(request_)
        assert caught.value.counter == "error_websocket_not_connected"


# -- the end --------------------------------------------------------------------------


def test_a_close_waits_for_the_servers_close() -> None:
    """Its bytes are Tsung's: 1000 and the word `close`; a push does not answer it."""
    talk = Talk().opened()
    exchange = talk.begin(CloseRequest())
    assert talk.at_server(exchange.data) == [Close(1000, "close")]
    assert len(exchange.data) == 13
    assert exchange.ack is Ack.ANSWER
    assert talk.feed(PUSH + frame(9, b"")) == Feedback(pushes=1)
    assert talk.feed(frame(8, b"\x03\xe8")) == Feedback(complete=True, close=True)


def test_the_end_of_the_stream_answers_a_close_too() -> None:
    """Many servers just hang up."""
    talk = Talk().opened()
    talk.begin(CloseRequest())
    assert talk.conversation.peer_closed() == Feedback(complete=True, close=True)


@pytest.mark.parametrize("awaiting", [False, True])
def test_a_servers_close_is_answered_and_ends_the_connection(awaiting: bool) -> None:
    """Tsung never answers; and a message after it would have gone out without a handshake."""
    talk = Talk().opened()
    if awaiting:
        talk.begin(TEXT)
    feedback = talk.feed(frame(9, b"?") + frame(8, b"\x03\xf0policy"))
    server = WebSocketCodec(Role.SERVER)
    assert server.feed(feedback.reply) == [Pong(b"?"), Close(1008)]
    assert (feedback.close, feedback.complete, feedback.error) == (True, awaiting, "")
    assert talk.feed(PUSH) == MORE
    with pytest.raises(RequestError):
        talk.begin(TEXT)


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (frame(1, b"masked", Random(1)), 1002),
        (b"\xc1\x00", 1002),
        (b"\x81\x01\xff", 1007),
        (b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 1009),
    ],
)
def test_a_server_that_breaks_the_protocol_costs_one_user(stream: bytes, code: int) -> None:
    """It is told why; the user ends under a name of its own. Tsung waits for the timeout."""
    talk = Talk().opened()
    talk.begin(TEXT)
    feedback = talk.feed(PUSH + stream)
    assert feedback.complete
    assert feedback.answer == b"news"
    assert (feedback.error, feedback.close) == ("error_websocket_protocol", True)
    server = WebSocketCodec(Role.SERVER)
    assert server.feed(feedback.reply) == [Close(code)]


@given(st.lists(st.binary(max_size=100), max_size=6), st.booleans(), st.booleans())
@settings(deadline=None)
def test_no_peer_can_make_it_raise(chunks: list[bytes], opened: bool, closing: bool) -> None:
    """`feed` promises so; an exception here would end the worker's other users too."""
    talk = Talk().opened() if opened else Talk()
    if not opened:
        talk.begin(REALTIME)
    elif closing:
        talk.begin(CloseRequest())
    for chunk in chunks:
        feedback = talk.feed(chunk)
        try:
            talk.at_server(feedback.reply)
        except FrameError as error:
            pytest.fail(f"our reply breaks the protocol: {error}")
        assert not feedback.error or feedback.close


def test_between_two_frames_a_user_costs_64_bytes() -> None:
    """A million users are held at once."""
    talk = Talk().opened()
    talk.feed(PUSH[:3])
    talk.feed(PUSH[3:] + frame(9, b""))
    conversation = talk.conversation
    held = [getattr(conversation, name) for name in WebSocketConversation.__slots__]
    assert [part for part in held if not isinstance(part, (int, Random, type(None)))] == []
    assert sys.getsizeof(conversation) <= 64
