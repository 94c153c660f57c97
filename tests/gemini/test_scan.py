"""Laws of the scanner beside its agreement with `json`: bounds, work, memory."""

from __future__ import annotations

import json
import sys
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from functions.gemini.answer import AnswerReader, Bounds
from tests.gemini.doubles import CountingAlbum, answer, b64, inline, read

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20


def test_depth_is_bounded() -> None:
    """A document may nest 64 deep, and no deeper."""
    deep = b"[" * 64 + b"]" * 64
    assert read(deep, 1)[0].body == json.loads(deep)
    contents, _ = read(b"[" * 100_000)
    assert contents.failure == "too_large"
    assert contents.body is not None


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        (b"[" + b"1," * 3000 + b"1]", Bounds(kept=4096)),
        (b'{"text":"' + b"x" * 5000 + b'"}', Bounds(kept=4096)),
        (b'{"' + b"k" * 5000 + b'":1}', Bounds(kept=4096)),
        (b"{" + b" " * 5000 + b"}", Bounds(kept=4096)),
        (answer(*[inline("AAAA")] * 3), Bounds(pictures=2)),
        (answer(inline("A" * 8000)), Bounds(total=4096)),
        (b"plain text " * 900, Bounds(total=4096)),
    ],
)
@pytest.mark.parametrize("size", [1, 64, None])
def test_beyond_its_bounds_an_answer_is_too_large(
    text: bytes, bounds: Bounds, size: int | None
) -> None:
    """Every bound ends the reading with the same name."""
    contents, album = read(text, size, bounds)
    assert contents.failure == "too_large"
    assert not isinstance(contents.body, dict | list)
    assert album.began <= bounds.pictures
    within, _ = read(text, size)
    assert within.failure is None


def test_too_many_pictures_never_reach_the_album() -> None:
    """Pictures beyond the bound are not begun, even inside one chunk."""
    _, album = read(answer(*[inline(b64(b"p"))] * 50), bounds=Bounds(pictures=3))
    assert album.began == 3


@pytest.mark.parametrize("key", ["anything", "data", "thoughtSignature", "text"])
@pytest.mark.parametrize("size", [None, 1000, 7])
def test_long_strings_are_cut_unless_they_are_text(key: str, size: int | None) -> None:
    """A string over 64 KiB leaves the document; text only over 1 MiB."""
    contents, album = read(json.dumps({key: "x" * 65_537, "n": 1}).encode(), size)
    assert contents.body == {key: "x" * 65_537 if key == "text" else "@cut", "n": 1}
    assert album.began == 0
    contents, _ = read(json.dumps({key: "y" * 65_536}).encode(), size)
    assert contents.body == {key: "@cut" if "S" in key else "y" * 65_536}


def test_text_has_a_bound_as_well() -> None:
    """Text over 1 MiB is cut like any other string."""
    contents, _ = read(json.dumps({"text": "x" * (MIB + 1)}).encode(), 65_536)
    assert contents.body == {"text": "@cut"}


def big(size: int) -> Iterator[bytes]:
    """Yield an answer with a picture and a signature of `size` characters each."""
    line = b"ABCDabcd0123+/+/" * 4096
    yield b'{"candidates":[{"content":{"parts":[{"inlineData":{"data":"'
    yield from (line for _ in range(0, size, len(line)))
    yield b'"},"thoughtSignature":"'
    yield from (line for _ in range(0, size, len(line)))
    yield b'"}]},"finishReason":"STOP"}]}'


def test_memory_does_not_grow_with_the_picture() -> None:
    """100 MB pass through in less than half a MiB."""
    album = CountingAlbum()
    tracemalloc.start()
    try:
        reader = AnswerReader(album)
        assert all(reader.feed(chunk) for chunk in big(50 * MIB))
        contents = reader.finish()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert contents.pictures == 1
    assert album.size == 50 * MIB * 3 // 4
    assert album.largest <= 64 * 1024
    assert peak < MIB // 2


HOSTILE = {
    "escaped quotes": rb"\"",
    "backslashes": rb"\\",
    "unicode escapes": rb"\u0041",
    "tiny strings": b'","',
    "empty strings": b'","":["',
    "tiny objects": b'"},{"a":"',
    "split escapes": rb"abc\n",
    "white space": b" ",
}


@pytest.mark.parametrize("key", ["text", "thoughtSignature", "inlineData", "k"])
@pytest.mark.parametrize("filler", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("size", [1, 5, 4096, None])
def test_work_grows_no_faster_than_the_answer(
    key: str, filler: bytes, size: int | None
) -> None:
    """Twice the answer is at most about twice the calls, and twice the copying."""
    opening = b'[{"inlineData":{"data":"' if key == "inlineData" else b'[{"%b":"'
    opening = opening if key == "inlineData" else opening % key.encode()

    def work(times: int) -> tuple[int, int]:
        text = opening + filler * times + b'"}]'
        step = size or len(text)
        chunks = [text[at : at + step] for at in range(0, len(text), step)]
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        reader = AnswerReader(CountingAlbum())
        sys.setprofile(count)
        try:
            for chunk in chunks:
                reader.feed(chunk)
        finally:
            sys.setprofile(None)
        return calls, len(text)

    (few, short), (many, long) = work(300), work(1200)
    assert many / few < long / short * 1.3 + 1


def test_one_mebibyte_of_escapes_needs_little_memory() -> None:
    """The engine that steps over escapes remembers a bounded number of them."""
    reader = AnswerReader(CountingAlbum())
    reader.feed(b'{"thoughtSignature":"' + b"A" * 200)
    chunk = rb"\n" * (MIB // 2)
    tracemalloc.start()
    try:
        reader.feed(chunk)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MIB // 4
