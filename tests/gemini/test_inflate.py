"""Laws of the inflater: any split, both headers, small pieces only."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.gemini.inflate import PIECE, Inflater, compressed, supported

Pack = Callable[[bytes], bytes]


def members(data: bytes) -> bytes:
    return gzip.compress(data[:9]) + gzip.compress(data[9:])


def raw(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-zlib.MAX_WBITS)


@given(
    st.binary(max_size=300),
    st.sampled_from([gzip.compress, zlib.compress, raw, members]),
    st.integers(1, 40),
    st.integers(1, 2000),
)
def test_any_split_inflates_alike(data: bytes, how: Pack, size: int, many: int) -> None:
    """Chunks of any size, one member or two, become the same bytes."""
    packed = how(data * many)
    inflater = Inflater("gzip" if how in {gzip.compress, members} else "Deflate")
    out = b"".join(
        piece
        for at in range(0, len(packed), size)
        for piece in inflater.feed(packed[at : at + size])
    )
    assert out == data * many
    assert inflater.whole
    assert not Inflater("gzip").whole


def test_a_second_member_may_begin_with_a_chunk() -> None:
    """Members of gzip are one text, also when a chunk ends between them."""
    inflater = Inflater("gzip")
    pieces = [*inflater.feed(gzip.compress(b"one")), *inflater.feed(b"")]
    assert inflater.whole
    pieces += inflater.feed(gzip.compress(b"two"))
    assert b"".join(pieces) == b"onetwo"


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    "how", [gzip.compress, zlib.compress, members], ids=["gzip", "zlib", "members"]
)
def test_zeros_behind_the_end_are_padding(how: Pack, size: int) -> None:
    """As gzip itself reads them: what fills up a block is no second member."""
    inflater = Inflater("gzip")
    packed = how(b"text" * 99) + bytes(600)
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert b"".join(p for chunk in chunks for p in inflater.feed(chunk)) == b"text" * 99
    assert inflater.whole
    assert b"".join(inflater.feed(gzip.compress(b"more"))) == b"more"


def test_no_piece_is_large() -> None:
    """A thousandfold bomb comes in pieces, and costs one piece of memory."""
    bomb = gzip.compress(bytes(64 << 20))
    inflater = Inflater("gzip")
    tracemalloc.start()
    try:
        sizes = [len(piece) for piece in inflater.feed(bomb)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sizes) == 64 << 20
    assert max(sizes) <= PIECE
    assert peak < 1 << 20


@pytest.mark.parametrize("data", [b"<html>", b"\x1f\x8bxx", b"\x00\xff\xff"])
def test_junk_is_a_zlib_error(data: bytes) -> None:
    """What is not compressed the way it says raises the one error for it."""
    with pytest.raises(zlib.error):
        list(Inflater("gzip").feed(data * 9))


def test_encodings_by_name() -> None:
    """Names are matched without case; two at once are not supported."""
    assert [supported(n) for n in ("", "identity", "GZIP", " x-gzip", "deflate")] == [
        True
    ] * 5
    assert [supported(n) for n in ("br", "gzip, gzip", "zstd")] == [False] * 3
    assert [compressed(n) for n in ("", "identity", "GZIP", "deflate")] == [
        False,
        False,
        True,
        True,
    ]
