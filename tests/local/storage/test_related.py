"""Laws of the multipart reader: exact bytes, however they are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.local.storage.errors import ApiError
from functions.local.storage.related import Related, boundary_of

_NEAR = st.lists(
    st.sampled_from([b"\r\n", b"--", b"-", b"b", b"\r", b"\n", b"\r\n--", b"x", b"\0"]),
    max_size=40,
).map(b"".join)


@given(media=_NEAR | st.binary(max_size=300), cuts=st.lists(st.integers(0, 600)))
def test_the_media_comes_out_exactly(media: bytes, cuts: list[int]) -> None:
    """Whatever the bytes and the cuts, what is between the parts comes out."""
    media = media.replace(b"\r\n--bb", b"")
    if b"\r\n--bb" in media:
        return
    body = b'--bb\r\nx: y\r\n\r\n{"name": "a"}\r\n--bb\r\ncontent-type: image/png'
    body += b"\r\n\r\n" + media + b"\r\n--bb--\r\n"
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    related = Related(b"bb")
    pieces = [related.feed(body[a:b]) for a, b in itertools.pairwise(edges)]
    assert b"".join(pieces) == media
    assert related.close() == {"name": "a"}
    assert related.content_type == "image/png"


def test_little_is_held() -> None:
    """Of the media never more than a delimiter's length waits in memory."""
    related = Related(b"bb")
    related.feed(b"--bb\r\n\r\n{}\r\n--bb\r\n\r\n")
    fed = sum(len(related.feed(b"x" * 1000)) for _ in range(100))
    assert 100_000 - fed < len(b"\r\n--bb")


def test_a_head_without_end_is_refused() -> None:
    """Metadata of more than a megabyte is refused instead of collected."""
    related = Related(b"bb")
    for _ in range(10):
        related.feed(b"x" * 100_000)
    with pytest.raises(ApiError, match="too long"):
        related.feed(b"x" * 100_000)


def test_a_body_that_ends_early_is_refused() -> None:
    """Without the closing delimiter there is no upload."""
    related = Related(b"bb")
    related.feed(b"--bb\r\n\r\n{}\r\n--bb\r\n\r\nmedia")
    with pytest.raises(ApiError, match="ends before"):
        related.close()


@pytest.mark.parametrize(
    "quoted", ["multipart/related; boundary=b", "multipart/x; boundary='b'"]
)
def test_the_boundary_is_found(quoted: str) -> None:
    """The boundary may be quoted."""
    assert boundary_of(quoted).strip(b"'") == b"b"
