from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.local.model import encoding
from functions.local.model.blob import Blob, Style, Text


def joined(pieces: list[Text]) -> bytes:
    return b"".join(piece.plain for piece in pieces)


def test_blobs_become_base64_in_their_places() -> None:
    """A dumped document reads as the same document with strings for blobs."""
    document = {"a": Blob(b"one"), "b": [Blob(b"two"), "\u00fc"]}
    for pretty in (False, True):
        text = joined(encoding.dump(document, Style(), pretty=pretty))
        assert json.loads(text) == {"a": "b25l", "b": ["dHdv", "\u00fc"]}
        assert (b"\n" in text) is pretty


def test_what_is_no_json_is_refused() -> None:
    """A stray object in an answer is a programming error, found at once."""
    with pytest.raises(TypeError):
        encoding.dump({"a": object()}, Style())


@given(st.lists(st.binary(max_size=40), max_size=9), st.integers(1, 17))
def test_chunks_lose_nothing(parts: list[bytes], size: int) -> None:
    """Chunks join to the body, and all but the last have the size asked for."""
    chunks = list(encoding.chunks(parts, size))
    assert b"".join(chunks) == b"".join(parts)
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert all(chunks)


@given(st.lists(st.binary(max_size=2000), max_size=6))
def test_gzip_is_gzip(parts: list[bytes]) -> None:
    """What goes out compressed is one valid gzip member."""
    pieces = [Text(part) for part in parts]
    assert gzip.decompress(b"".join(encoding.gzipped(pieces))) == b"".join(parts)


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1), st.floats(0, 1))
def test_a_cut_is_a_true_prefix(parts: list[bytes], share: float) -> None:
    """A truncated body is never whole and never something else."""
    pieces = [Text(part) for part in parts]
    whole = joined(pieces)
    short = joined(encoding.cut(pieces, share))
    assert whole.startswith(short)
    assert len(short) == min(int(len(whole) * share), len(whole) - 1)


DOCUMENT = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "a"}, {"text": "b"}]},
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 9},
    "modelVersion": "m",
}


@pytest.mark.parametrize("seed", ["reverse", "1", "2", "3"])
def test_reordering_changes_order_and_nothing_else(seed: str) -> None:
    """Key order is the only difference."""
    other = encoding.reorder(DOCUMENT, seed)
    assert other == DOCUMENT
    if seed == "reverse":
        assert list(other)[-1] == "candidates"


def test_a_stream_says_what_the_answer_says() -> None:
    """One part an event; the reason and the whole bill only in the last."""
    told = encoding.events(DOCUMENT)
    parts: list[Any] = [one["candidates"][0]["content"]["parts"] for one in told]
    assert parts == [[{"text": "a"}], [{"text": "b"}]]
    assert "finishReason" not in told[0]["candidates"][0]
    assert told[0]["usageMetadata"] == {"promptTokenCount": 3, "totalTokenCount": 3}
    assert told[1]["usageMetadata"] == DOCUMENT["usageMetadata"]
    assert encoding.events({"promptFeedback": {}}) == [{"promptFeedback": {}}]


def test_the_two_streams_carry_the_same_documents() -> None:
    """alt=sse and the JSON list differ in their frame only."""
    dumped = [encoding.dump(one, Style()) for one in ({"n": 1}, {"n": 2})]
    lines = joined(encoding.server_sent(dumped)).decode().split("\r\n\r\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    assert events == json.loads(joined(encoding.listed(dumped))) == [{"n": 1}, {"n": 2}]
