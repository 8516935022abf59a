"""Reading an answer: its end must be found in whatever pieces it comes, whoever sends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytsung.plan import RequestStep
from pytsung.protocols.http import answers as limits
from pytsung.protocols.http.heads import MAX_HEAD_BYTES
from tests.protocols.http.outcomes import GET, HEAD, OK, Outcome, outcome
from tests.protocols.http.scripts import asking, browser, http

CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Row:
    """An answer, and the body that is in it. `closes`: the peer closes behind it."""

    name: str
    data: bytes
    counters: tuple[str, ...] = ("200",)
    body: bytes = b""
    close: bool = False
    closes: bool = False
    is_head: bool = False


ROWS = (
    Row("length", OK + b"Content-Length: 5\r\n\r\nhello", body=b"hello"),
    Row("length without a space", OK + b"content-length:5\r\n\r\nhello", body=b"hello"),
    Row("length twice", OK + b"Content-Length: 2, 2\r\nContent-Length:2\r\n\r\nok", body=b"ok"),
    Row("length zero", OK + b"Content-Length: 0\r\n\r\n"),
    Row("length zero, closing", OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n", close=True),
    Row("no content", b"HTTP/1.1 204 No Content\r\n\r\n", ("204",)),
    Row("no content, length", b"HTTP/1.1 204 N\r\nContent-Length: 9\r\n\r\n", ("204",)),
    Row("not modified", b"HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\n", ("304",)),
    Row("not modified, chunked", b"HTTP/1.1 304 N\r\nTransfer-Encoding: chunked\r\n\r\n", ("304",)),
    Row("head", OK + b"Content-Length: 9\r\n\r\n", is_head=True),
    Row("head, chunked", CHUNKED, is_head=True),
    Row("head, closing", OK + b"Connection: close\r\n\r\n", is_head=True, close=True),
    Row("until close", OK + b"\r\nhello", body=b"hello", close=True, closes=True),
    Row("until close, empty", OK + b"\r\n", close=True, closes=True),
    Row(
        "until close, said",
        OK + b"Connection: close\r\n\r\nhello",
        body=b"hello",
        close=True,
        closes=True,
    ),
    Row("1.0", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", body=b"ok", close=True),
    Row(
        "1.0 kept alive",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n\r\nok",
        body=b"ok",
    ),
    Row(
        "1.0 kept alive by a proxy",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nProxy-Connection: keep-alive\r\n\r\nok",
        body=b"ok",
    ),
    Row(
        "close in a list",
        OK + b"Connection: x, CLOSE\r\nContent-Length: 2\r\n\r\nok",
        body=b"ok",
        close=True,
    ),
    Row("chunked", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", body=b"hello"),
    Row(
        "chunks",
        CHUNKED + b"A\r\n0123456789\r\n00b\r\nabcdefghijk\r\n0\r\n\r\n",
        body=b"0123456789abcdefghijk",
    ),
    Row("chunk with spaces", CHUNKED + b"2  \r\nok\r\n0  \r\n\r\n", body=b"ok"),
    Row("chunk extensions", CHUNKED + b"2;a=b\r\nok\r\n0;c\r\n\r\n", body=b"ok"),
    Row("trailers", CHUNKED + b"2\r\nok\r\n0\r\nX: y\r\nZ: z\r\n\r\n", body=b"ok"),
    Row("chunked, no body", CHUNKED + b"0\r\n\r\n"),
    Row(
        "chunked wins over a length",
        OK + b"Content-Length: 3\r\ntransfer-encoding:  Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        body=b"hello",
    ),
    Row(
        "other codings do not count",
        OK + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok",
        body=b"ok",
    ),
    Row(
        "continue",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok",
        ("100", "200"),
        b"ok",
    ),
    Row(
        "early hints",
        b"HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n"
        + OK
        + b"Content-Length: 0\r\n\r\n",
        ("102", "103", "200"),
    ),
    Row("switching protocols", b"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n", ("101",), close=True),
    Row("redirect", b"HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", ("302",)),
    Row("no reason", b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", ("404",)),
    Row(
        "folded",
        OK + b"X: a\r\n b\r\nContent-Length:\r\n 2\r\n\r\nok",
        body=b"ok",
    ),
    Row("bare line feeds", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", body=b"ok"),
    Row("binary", OK + b"Content-Length: 4\r\n\r\n\r\n\r\n", body=b"\r\n\r\n"),
    Row("length wrong", OK + b"Content-Length: x\r\n\r\n", ("200", limits.BAD_LENGTH), close=True),
    Row(
        "lengths at odds",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
        ("200", limits.BAD_LENGTH),
        close=True,
    ),
    Row("chunk malformed", CHUNKED + b"xyz\r\n", ("200", limits.BAD_CHUNK), close=True),
    Row("chunk without a size", CHUNKED + b"\r\n", ("200", limits.BAD_CHUNK), close=True),
    Row(
        "chunk too long",
        CHUNKED + b"2\r\nokay",
        ("200", limits.BAD_CHUNK),
        b"ok",
        close=True,
    ),
    Row("chunk huge", CHUNKED + b"f" * 16 + b"\r\n", ("200", limits.BAD_CHUNK), close=True),
    Row("closed at once", b"", (limits.CLOSED,), close=True, closes=True),
    Row("closed in the head", b"HTTP/1.1 200 O", (limits.CLOSED,), close=True, closes=True),
    Row(
        "closed in the body",
        OK + b"Content-Length: 5\r\n\r\nhe",
        (limits.CLOSED,),
        b"he",
        close=True,
        closes=True,
    ),
    Row(
        "closed in a chunk", CHUNKED + b"5\r\nhe", (limits.CLOSED,), b"he", close=True, closes=True
    ),
    Row(
        "closed after continue",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        ("100", limits.CLOSED),
        close=True,
        closes=True,
    ),
)
BY_NAME = {row.name: row for row in ROWS}


@pytest.mark.parametrize("name", BY_NAME)
def test_an_answer_split_at_every_byte(name: str) -> None:
    """TCP keeps no boundaries: each of the manual's rows, in every two pieces and in bytes."""
    row = BY_NAME[name]
    asked = HEAD if row.is_head else GET
    splits = [[row.data[:at], row.data[at:]] for at in range(len(row.data) + 1)]
    splits.append([row.data[at : at + 1] for at in range(len(row.data))])
    for blocks in splits:
        pieces = [block for block in blocks if block]
        got = outcome(pieces, asked, closes=row.closes)
        assert got == Outcome(row.counters, close=row.close), blocks
        kept = outcome(pieces, asked, keep=True, closes=row.closes)
        if limits.CLOSED not in row.counters:
            start = row.data.rfind(b"HTTP/1.")
            end = row.data.index(b"\n\n" if b"\n\n" in row.data else b"\r\n\r\n", start)
            end += 2 if b"\n\n" in row.data else 4
            assert kept.answer == row.data[start:end] + row.body, blocks


@pytest.mark.parametrize("name", ["length", "length zero", "no content", "continue", "1.0"])
def test_a_known_answer_is_recognised(name: str) -> None:
    """The second answer to a request takes the short way, and means the same."""
    row = BY_NAME[name]
    user = browser(http(url="/"))
    (step,) = user.session.steps
    assert isinstance(step, RequestStep)
    for keep in (False, False, True, True):
        user.send(step, keep=keep)
        feedback = user.conversation.feed(row.data)
        assert (feedback.complete, feedback.counters) == (True, row.counters)
        assert feedback.close is row.close
        assert feedback.answer.endswith(row.body if keep else b"")
    user.send(step)
    other = OK + b"Content-Length: 5\r\n\r\nhell"
    assert not user.conversation.feed(other).complete


def test_more_than_announced_costs_the_connection() -> None:
    """Whose bytes those are nobody knows: counted, and the session goes on elsewhere."""
    more = OK + b"Content-Length: 2\r\n\r\nok!"
    assert outcome([more]) == Outcome(("200", limits.BAD_LENGTH), close=True)
    assert outcome([more], quirks=True) == Outcome(("200", limits.BAD_LENGTH))
    assert outcome([CHUNKED + b"0\r\n\r\n!"]) == Outcome(("200", limits.BAD_LENGTH), close=True)
    assert outcome([OK + b"Content-Length: 2\r\n\r\nok"], HEAD).counters == (
        "200",
        limits.BAD_LENGTH,
    )


def test_data_after_an_answer_is_nobodys() -> None:
    """The user decides; in a think time it ends with error_unknown_data."""
    whole = OK + b"Content-Length: 2\r\n\r\nok"
    assert outcome([whole, b"!"]).pushes == 1


def test_tsungs_answers_without_a_length() -> None:
    """With `--tsung-quirks` they end with the block in which their head ends."""
    assert outcome([OK + b"\r\n"], quirks=True) == Outcome(("200",))
    assert outcome([OK + b"\r\nhello"], quirks=True) == Outcome(("200", limits.BAD_LENGTH))
    assert not outcome([OK + b"Connection: close\r\n\r\n"], quirks=True).complete


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n",
        b"http/1.1 200",
        b"\r\n",
        b"HTTP/1.1 20\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2000 x\r\n\r\n",
    ],
)
def test_what_is_not_http_ends_the_user(data: bytes) -> None:
    """Counted under one name, however it is cut."""
    for blocks in ([data], [data[at : at + 1] for at in range(len(data))]):
        assert outcome(blocks) == Outcome((), False, True, limits.BAD_STATUS)


def test_an_endless_head_ends_the_user() -> None:
    """A hostile server costs one user and a quarter of a megabyte."""
    line = b"X-Filler: " + b"x" * 1000 + b"\r\n"
    endless = [OK] + [line] * (MAX_HEAD_BYTES // len(line) + 2)
    assert outcome(endless) == Outcome((), False, True, limits.HEAD_TOO_LONG)
    whole = b"".join(endless) + b"\r\n"
    assert outcome([whole]) == Outcome((), False, True, limits.HEAD_TOO_LONG)
    assert outcome([b"HTTP/1.1 100 C\r\n\r\n"] * 200).error == limits.BAD_STATUS


def test_endless_lines_between_chunks_end_the_answer() -> None:
    """Neither extensions nor trailers are kept, and each has a limit."""
    extension = [CHUNKED, b"1;"] + [b"x" * 1000] * 20
    assert outcome(extension).counters == ("200", limits.BAD_CHUNK)
    trailers = [CHUNKED, b"0\r\n"] + [b"a: b\r\n" * 100] * 20
    assert outcome(trailers).counters == ("200", limits.BAD_CHUNK)


def test_a_body_that_nobody_looks_at_is_not_kept() -> None:
    """A download of a gigabyte takes no memory."""
    conversation = asking(GET)
    assert not conversation.feed(OK + b"Content-Length: 1000000000\r\n\r\n").complete
    block = bytes(100_000)
    feedback = [conversation.feed(block) for _ in range(10_000)]
    assert [each.complete for each in feedback[-2:]] == [False, True]
    answer = asking(GET)
    answer.feed(CHUNKED + b"fffffffffffff\r\n" + block)
    assert answer._answer is not None
    assert len(answer._answer._kept) == 0


def test_a_body_that_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matches see its beginning; it is counted that they do not see all."""
    monkeypatch.setattr(limits, "MAX_KEPT_BYTES", 10)
    head = OK + b"Content-Length: 20\r\n\r\n"
    got = outcome([head, b"0123456", b"78901234567", b"89"], keep=True)
    assert got.answer == head + b"0123456789"
    assert got.counters == ("200", limits.BODY_TOO_LONG)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    at = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(at)]


@given(st.sampled_from(ROWS), st.lists(st.integers(0, 10_000), max_size=6))
@example(BY_NAME["continue"], [3, 25, 26, 60])
def test_any_chunking_gives_the_same_answer(row: Row, places: list[int]) -> None:
    """The general rule behind the table."""
    asked = HEAD if row.is_head else GET
    whole = outcome([row.data] if row.data else [], asked, keep=True, closes=row.closes)
    assert outcome(cut(row.data, places), asked, keep=True, closes=row.closes) == whole


@given(st.binary(max_size=200), st.lists(st.integers(0, 10_000), max_size=4), st.booleans())
def test_garbage_never_raises(data: bytes, places: list[int], after_head: bool) -> None:
    """Whatever a peer sends costs its user at most."""
    for start in (b"", OK, OK + b"Content-Encoding: gzip\r\n", CHUNKED if after_head else b"HTTP/"):
        outcome(cut(start + data, places), keep=True, closes=True)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.lists(st.integers(0, 10_000)))
def test_what_is_chunked_is_put_together(parts: list[bytes], places: list[int]) -> None:
    """Any body, in any chunks, in any blocks."""
    coded_body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    data = CHUNKED + coded_body + b"0\r\n\r\n"
    assert outcome(cut(data, places), keep=True).answer == CHUNKED + b"".join(parts)
