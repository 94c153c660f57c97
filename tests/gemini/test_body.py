"""Laws of a request body that is sent in pieces."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.gemini.body import Body
from functions.job.errors import (
    NeighbourUnavailableError,
    PlantainError,
    ReferenceRefusedError,
    UnsentError,
)
from tests.gemini.doubles import BreakingReference, MemoryReference

CHUNKS = st.lists(st.binary(max_size=20), max_size=5).map(tuple)


def send(body: Body, sent: bytearray) -> None:
    for piece in body:
        sent += piece


@given(st.binary(max_size=9), CHUNKS, CHUNKS)
def test_the_length_is_known_before_the_first_byte(
    head: bytes, first: tuple[bytes, ...], second: tuple[bytes, ...]
) -> None:
    """What is sent is what was announced, and can be sent again."""
    one, two = MemoryReference(first), MemoryReference(second)
    body = Body((head, one, b",", two))
    whole = b"".join(body)
    pictures = [base64.b64encode(b"".join(chunks)) for chunks in (first, second)]
    assert whole == head + pictures[0] + b"," + pictures[1]
    assert body.size == len(whole)
    assert b"".join(body) == whole


@pytest.mark.parametrize("announced", [0, 1, 5, 7, 100])
def test_a_reference_that_changed_its_length_stops_the_body(announced: int) -> None:
    """A body never becomes longer than announced, and never ends short."""
    body = Body((b"{", MemoryReference((b"abc", b"def"), announced=announced), b"}"))
    sent = bytearray()
    with pytest.raises(UnsentError) as broken:
        send(body, sent)
    assert len(sent) < body.size
    assert broken.value.refused is None


@pytest.mark.parametrize(
    "error", [NeighbourUnavailableError("gone"), ReferenceRefusedError("r", "gone")]
)
def test_a_reference_that_breaks_is_told_apart_from_all_else(
    error: PlantainError,
) -> None:
    """The walk learns that no whole request left, and whether to try again."""
    body = Body((b"{", BreakingReference((b"abc", b"def"), error=error), b"}"))
    sent = bytearray()
    with pytest.raises(UnsentError, match="gone") as broken:
        send(body, sent)
    assert 0 < len(sent) < body.size
    refused = error if isinstance(error, ReferenceRefusedError) else None
    assert broken.value.refused is refused
    assert broken.value.__cause__ is error
