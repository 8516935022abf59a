"""Regular expressions find nothing in compressed bytes: an answer is decoded for those who look."""

from __future__ import annotations

import gzip
import zlib
from random import Random

import pytest

from pytsung.plan import Endpoint
from pytsung.protocols.http import answers as limits
from pytsung.protocols.http.codings import CodingError, decode
from pytsung.protocols.http.room import HttpRoom
from pytsung.protocols.room import RequestContext
from tests.protocols.http.outcomes import GET, OK, Outcome, outcome


def coded(coding: str, body: bytes) -> bytes:
    return OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


TEXT = b"hello hello hello " * 100


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("GZIP", gzip.compress(TEXT[:18]) + gzip.compress(TEXT[18:])),
        ("gzip", gzip.compress(TEXT) + bytes(8)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("identity", TEXT),
        ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
    ],
)
def test_content_is_decoded_for_those_who_look(coding: str, body: bytes) -> None:
    """A regular expression finds nothing in compressed bytes; the header lines stay."""
    data = coded(coding, body)
    got = outcome([data], keep=True)
    assert got.counters == ("200",)
    assert got.answer == data[: -len(body)] + TEXT
    chunks = data.partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"
    chunks += b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    assert outcome([chunks], keep=True).answer.endswith(b"\r\n\r\n" + TEXT)


def test_one_user_looks_and_another_does_not() -> None:
    """What is learned from one answer holds for the next user, coded or not."""
    room = HttpRoom()
    data = coded("gzip", gzip.compress(TEXT))
    seen = []
    for keep in (False, True, False, True):
        conversation = room.converse()
        context = RequestContext(Endpoint("h", 1), Random(1), str, keep_answer=keep)
        conversation.begin(GET, context)
        seen.append(conversation.feed(data).answer[-len(TEXT) :])
    assert seen == [b"", TEXT, b"", TEXT]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"not gzip"),
        ("gzip", gzip.compress(TEXT)[:-9]),
        ("gzip", b""),
        ("deflate", b"\xff\xff"),
        ("rot13", b"uryyb"),
    ],
)
def test_content_that_cannot_be_decoded_is_given_as_it_is(coding: str, body: bytes) -> None:
    """Tsung's user ends with error_unknown; ours goes on, and it is counted."""
    data = coded(coding, body)
    assert outcome([data], keep=True) == Outcome(("200", limits.BAD_CODING), answer=data)
    assert outcome([data]) == Outcome(("200",))


def test_a_bomb_is_not_unpacked() -> None:
    """A small answer must not fill a load host's memory."""
    bomb = gzip.compress(bytes(10**6))
    with pytest.raises(CodingError, match="more than"):
        decode(bomb, ("gzip",), limit=10**5)
    assert decode(bomb, ("gzip",), limit=10**6) == bytes(10**6)


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_rarer_codings_are_decoded_where_the_host_can(coding: str) -> None:
    """Never a failure: decoded, or counted as not decoded."""
    packed: bytes
    if coding == "br":
        packed = pytest.importorskip("brotli").compress(TEXT)
    else:
        packed = pytest.importorskip("zstandard").compress(TEXT)
    data = coded(coding, packed)
    assert outcome([data], keep=True).answer.endswith(b"\r\n\r\n" + TEXT)
    assert outcome([coded(coding, packed[:-4])], keep=True).counters[-1] == limits.BAD_CODING
