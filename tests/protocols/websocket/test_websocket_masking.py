"""Every byte that a virtual user sends is masked: a wrong byte here spoils all requests."""

from hypothesis import example, given
from hypothesis import strategies as st

from pytsung.protocols.websocket.masking import (
    TRANSLATE_FROM,
    apply_mask,
    rotate_key,
    translation_tables,
)

keys = st.binary(min_size=4, max_size=4)
payloads = st.one_of(
    st.binary(max_size=40),
    st.binary(min_size=TRANSLATE_FROM - 5, max_size=TRANSLATE_FROM + 40),
)


@given(payloads, keys)
@example(b"", b"\x01\x02\x03\x04")
@example(b"x" * (TRANSLATE_FROM - 1), b"\x00\xff\x00\x80")
@example(b"x" * TRANSLATE_FROM, b"\x00\xff\x00\x80")
def test_masking_is_the_xor_of_the_rfc(data: bytes, key: bytes) -> None:
    """Both ways of computing it must be the definition in RFC 6455, 5.3."""
    assert apply_mask(data, key) == bytes(byte ^ key[n % 4] for n, byte in enumerate(data))


@given(payloads, keys)
def test_masking_twice_gives_the_data_back(data: bytes, key: bytes) -> None:
    """A server undoes what a client did."""
    assert apply_mask(apply_mask(data, key), key) == data


@given(payloads, keys, st.integers(0, 1000))
def test_a_payload_may_be_masked_in_pieces(data: bytes, key: bytes, cut: int) -> None:
    """Frames arrive cut anywhere."""
    rest_key = rotate_key(key, len(data[:cut]))
    pieces = apply_mask(data[:cut], key) + apply_mask(data[cut:], rest_key)
    assert pieces == apply_mask(data, key)


def test_the_tables_are_made_once() -> None:
    """Whoever forks makes them first, so that the children share them."""
    tables = translation_tables()
    assert tables is translation_tables()
    assert tables[0] == bytes(range(256))
    assert all(tables[key][byte] == key ^ byte for key in (1, 127, 255) for byte in range(256))
