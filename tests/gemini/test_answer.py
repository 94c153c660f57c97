"""The reader agrees with `json` and `base64`, however an answer is cut and ordered."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gemini.doubles import MemoryAlbum, answer, b64, inline, read, read_chunks
from tests.gemini.oracle import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.gemini.answer import Contents

PICTURE = hashlib.shake_128(b"picture").digest(301)
SIGNATURE = b64(hashlib.shake_128(b"signature").digest(400))
TINY = hashlib.shake_128(b"tiny").digest(51)  # 68 characters, shorter than the head


def same(text: bytes, got: tuple[Contents, MemoryAlbum]) -> None:
    """Assert that a reader found what the oracle finds."""
    contents, album = got
    body, found = oracle(text)
    assert contents.failure is None
    assert contents.body == body
    assert album.closed == found
    assert album.open is None
    assert contents.pictures == sum(not thought for _, thought in found)


REAL = answer(
    {"text": 'An é "quoted" \\ line\n\U0001f600'},
    inline(b64(PICTURE), thought=True),
    {"thoughtSignature": SIGNATURE, **inline(b64(TINY))},
    {"inline_data": {"data": base64.urlsafe_b64encode(PICTURE).decode().rstrip("=")}},
    {"text": "done", "thought": True, "thought_signature": "short"},
)


def test_split_at_every_position() -> None:
    """One cut, wherever it falls, changes nothing."""
    for at in range(len(REAL) + 1):
        same(REAL, read_chunks(iter((REAL[:at], REAL[at:]))))


def test_every_chunk_size() -> None:
    """Chunks of one byte or of the whole answer read alike."""
    for size in range(1, len(REAL) + 1):
        same(REAL, read(REAL, size))


@pytest.mark.parametrize(
    "text",
    [
        rb'{"parts":[{"inlineData":{"data":"\u0041AA\/\n-_9="},"thought":true}]}',
        rb'[{"inl\u0069neData":{"d\u0061ta":"AAEC"}},{"text":"\\\"\u2028\\"}]',
        rb'{"url":"data:image\/png;base64,AA\u002BA","a":"\\","b64_json":"_-8"}',
    ],
)
def test_two_cuts_through_escapes(text: bytes) -> None:
    """Two cuts through escapes, keys and data URIs change nothing."""
    for a, b in itertools.combinations(range(len(text) + 1), 2):
        same(text, read_chunks(iter((text[:a], text[a:b], text[b:]))))


@pytest.mark.parametrize("thought", [True, False, None])
def test_every_order_of_keys(thought: bool | None) -> None:
    """Flag, type, signature and data may stand in any order."""
    part: dict[str, object] = {"inlineData": None, "thoughtSignature": SIGNATURE}
    part |= {} if thought is None else {"thought": thought}
    part |= {"note": {"thought": not thought, "list": [1, True, None]}}
    data = {"mimeType": "image/png", "data": b64(TINY), "x": "y"}
    for inner in itertools.permutations(data.items()):
        for outer in itertools.permutations({**part, "inlineData": 0}.items()):
            keys = dict(outer) | {"inlineData": dict(inner)}
            text = answer({"text": "a"}, {k: keys[k] for k, _ in outer})
            same(text, read(text, 97))


TEXTS = st.text(max_size=40) | st.text('\\"/u0041\n', max_size=30)
PICTURES = st.binary(min_size=1, max_size=200)


@st.composite
def encodings(draw: st.DrawFn) -> str:
    """Return a picture in one of the spellings of base64."""
    data = draw(PICTURES)
    text = draw(
        st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
    )(data).decode()
    return text if draw(st.booleans()) else text.rstrip("=")


@st.composite
def parts(draw: st.DrawFn) -> dict[str, object]:
    """Return a part with its keys in any order."""
    uri = st.builds("data:image/webp;base64,{}".format, encodings())
    inline_data = st.fixed_dictionaries(
        {"data": encodings()}, optional={"mimeType": st.just("image/png")}
    )
    part: dict[str, object] = draw(
        st.fixed_dictionaries({}, optional={"thought": st.booleans(), "n": st.floats()})
    )
    part |= draw(
        st.one_of(
            st.fixed_dictionaries({"text": TEXTS}),
            st.fixed_dictionaries({"inlineData": inline_data}),
            st.fixed_dictionaries({"inline_data": inline_data}),
            st.fixed_dictionaries({"text": uri}),
            st.fixed_dictionaries({"b64_json": encodings()}),
            st.fixed_dictionaries({"thoughtSignature": TEXTS}),
        )
    )
    if draw(st.booleans()):
        part["thought_signature"] = draw(TEXTS)
    return dict(draw(st.permutations(list(part.items()))))


def pieces(text: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Cut a text into pieces of these sizes, over and over."""
    at = 0
    for size in itertools.cycle(sizes):
        if at >= len(text):
            return
        yield text[at : at + size]
        at += size


@given(
    st.lists(parts(), max_size=4),
    st.lists(st.integers(1, 60), min_size=1, max_size=6),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
    st.booleans(),
)
def test_agrees_with_json_and_base64(
    content: list[dict[str, object]],
    sizes: list[int],
    indent: int | str | None,
    ascii_only: bool,
    slashes: bool,
) -> None:
    """Any real-shaped answer in any chunks reads as the whole document does."""
    tree = {"candidates": [{"content": {"parts": content}, "finishReason": "STOP"}]}
    text = json.dumps(tree, indent=indent, ensure_ascii=ascii_only).encode()
    text = text.replace(b"/", b"\\/") if slashes else text
    contents, album = read_chunks(pieces(text, sizes))
    body, found = oracle(text)
    assert album.closed == found
    assert repr(contents.body) == repr(body)  # repr: a NaN is itself
    assert contents.failure is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.lists(JSON) | st.dictionaries(TEXTS, JSON), st.integers(1, 30))
def test_any_document_without_pictures_is_itself(tree: object, size: int) -> None:
    """JSON of any shape comes out as `json` reads it."""
    text = json.dumps(tree).encode()
    contents, album = read(text, size)
    assert contents.body == json.loads(text)
    assert album.began == 0


@given(st.binary(max_size=60), st.integers(1, 9))
def test_no_bytes_at_all_raise(data: bytes, size: int) -> None:
    """Whatever comes is a document or text, never an exception."""
    for text in (data, b"{" + data, b'{"inlineData":{"data":"' + data):
        contents, _ = read(text, size)
        whole, _ = read(text)
        assert contents == whole


@given(st.integers(0, len(REAL)), st.binary(min_size=1, max_size=3), st.integers(1, 50))
def test_a_damaged_answer_reads_alike_in_any_chunks(
    at: int, junk: bytes, size: int
) -> None:
    """Damage is judged the same way whatever the pieces."""
    text = REAL[:at] + junk + REAL[at + 1 :]
    (one, album), (other, again) = read(text, size), read(text)
    assert (one.failure, one.pictures) == (other.failure, other.pictures)
    assert album.closed == again.closed
    assert type(one.body) is type(other.body)
