"""Answers in another encoding than the one asked for, over real sockets."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.gemini.test_client import GOOD, PICTURE, ask, sends

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("Deflate", lambda data: zlib.compress(data, wbits=-15)),
        ("identity", bytes),
        ("", bytes),
    ],
)
def test_a_compressed_answer_is_read_all_the_same(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    """Who compresses in spite of the request costs CPU, not the picture."""
    got, album, _ = ask(sends(pack(GOOD), encoding))
    assert got.failure is None
    assert album.closed == [(PICTURE, False)]


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd"])
def test_an_encoding_nobody_asked_for_is_malformed(encoding: str) -> None:
    """What cannot be read has a name; the status is kept."""
    got, album, _ = ask(sends(GOOD, encoding))
    assert (got.status, got.failure, got.body) == (200, "malformed", None)
    assert album.began == 0


@pytest.mark.parametrize(
    "body",
    [b"\x1f\x8bjunk" * 99, b"{}", gzip.compress(GOOD)[:-8] + b"checksum"],
)
def test_an_answer_that_only_claims_to_be_gzip_is_malformed(body: bytes) -> None:
    """Junk under a gzip header, or a wrong checksum, is not an exception."""
    got, _, _ = ask(sends(body, "gzip"))
    assert (got.status, got.failure) == (200, "malformed")


@pytest.mark.parametrize("behind", [bytes(16), bytes(100_000), b"\0junk", b"<html>"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_stands_behind_a_whole_answer_costs_no_paid_picture(
    behind: bytes, encoding: str
) -> None:
    """Padding is none of it; junk behind it came after all of the answer had."""
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    got, album, _ = ask(sends(pack(GOOD) + behind, encoding))
    assert got.failure is None
    assert album.closed == [(PICTURE, False)]
