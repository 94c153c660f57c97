from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.gemini.gather import gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECES = st.lists(st.binary(max_size=40), max_size=30)


@given(PIECES, st.integers(1, 100))
def test_the_same_bytes_in_larger_pieces(pieces: list[bytes], least: int) -> None:
    """Nothing lost, nothing reordered, only the last one small."""
    found = list(gathered(pieces, least))
    assert b"".join(found) == b"".join(pieces)
    assert all(len(piece) >= least for piece in found[:-1])


@given(PIECES)
def test_what_is_held_goes_on_before_an_error_does(pieces: list[bytes]) -> None:
    """A line that breaks takes nothing along that had arrived."""

    def breaking() -> Iterator[bytes]:
        yield from pieces
        raise ConnectionError

    seen: list[bytes] = []
    with pytest.raises(ConnectionError):
        seen.extend(gathered(breaking(), 64))  # a list keeps what came before
    assert b"".join(seen) == b"".join(pieces)
