"""Laws of the policies: which strings are pictures, cut, or kept."""

from __future__ import annotations

import pytest

from functions.gemini.policy import (
    FIRST,
    LATER,
    LONG,
    LONGEST_TEXT,
    anywhere,
    errors,
    native,
)


@pytest.mark.parametrize(
    ("path", "head", "kind", "up"),
    [
        ([b"parts", b"", b"inlineData", b"data"], b"AAAA", "picture", 1),
        ([b"inline_data", b"data"], b"AAAA", "picture", 1),
        ([b"data", b"", b"b64_json"], b"AAAA", "picture", 0),
        ([b"image_url", b"url"], b"data:image/png;base64,AA", "picture", 0),
        ([b""], b"DATA:image/svg+xml;charset=utf-8;base64,AA", "picture", 0),
        ([b"text"], rb"data:image\/jpeg;base64,AA", "picture", 0),
        ([b"text"], rb"data:image\u002Fsvg\u002bxml;base64,AA", "picture", 0),
        ([b"data"], b"AAAA", "keep", 0),
        ([b"data", b""], b"AAAA", "keep", 0),
        ([b"inlineData", b"mimeType"], b"image/png", "keep", 0),
        ([b"text"], b"see data:image/png;base64,AA", "keep", 0),
        ([b"text"], b"data:text/plain;base64,AA", "keep", 0),
        ([b"text"], b"data:image/png,AA", "keep", 0),
        ([b"thoughtSignature"], b"A", "cut", 0),
        ([b"thought_signature"], b"data:image/png;base64,A", "cut", 0),
    ],
)
def test_pictures_are_found_by_place_or_by_prefix(
    path: list[bytes], head: bytes, kind: str, up: int
) -> None:
    """Google's places, OpenAI's, and a data URI of an image anywhere."""
    fate = anywhere(path, head)
    assert (fate.kind, fate.up) == (kind, up)
    if fate.kind == "picture" and b"," in head:
        assert head[: fate.skip].endswith(b"base64,")


def test_text_may_be_longer_than_other_strings() -> None:
    """What the model or the error says is kept further than what nobody reads."""
    for policy in (anywhere, native):
        assert policy([b"text"], b"x").limit == LONGEST_TEXT
        assert policy([b"message"], b"x").limit == LONGEST_TEXT
        assert policy([b"renderedContent"], b"x").limit == LONG


def test_errors_hold_no_pictures() -> None:
    """Outside a success nothing is a picture; signatures stay out all the same."""
    assert errors([b"inlineData", b"data"], b"AAAA").kind == "keep"
    assert errors([b"thoughtSignature"], b"AAAA").kind == "cut"


PART = [b"candidates", FIRST, b"content", b"parts", FIRST]
URI = b"data:image/png;base64,AA"


@pytest.mark.parametrize("before", [[], [FIRST], [LATER]], ids=["one", "piece", "next"])
@pytest.mark.parametrize("place", [FIRST, LATER])
@pytest.mark.parametrize("key", [b"inlineData", b"inline_data"])
def test_the_native_picture_has_one_place(
    before: list[bytes], place: bytes, key: bytes
) -> None:
    """A part of the first candidate, in either spelling, in one piece or several."""
    part = [*before, *PART[:-1], place]
    own = native([*part, key, b"data"], b"AAAA")
    assert (own.kind, own.up, own.spare) == ("picture", 1, False)
    text = native([*part, b"text"], URI)
    assert (text.kind, text.up, text.spare) == ("picture", 0, True)
    assert URI[: text.skip].endswith(b"base64,")


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ([b"candidates", LATER, *PART[2:], b"inlineData", b"data"], b"AAAA"),
        ([b"candidates", LATER, *PART[2:], b"text"], URI),
        ([b"promptFeedback", b"inlineData", b"data"], b"AAAA"),
        ([*PART, b"functionResponse", b"inlineData", b"data"], b"AAAA"),
        ([*PART, b"inlineData", b"inlineData", b"data"], b"AAAA"),
        ([*PART[:2], b"inlineData", b"data"], b"AAAA"),
        ([*PART[:2], b"groundingMetadata", b"imageUri"], URI),
        ([*PART, b"inlineData", b"note"], URI),
        ([*PART[:-1], b"x", b"text"], URI),
        ([FIRST, FIRST, *PART, b"inlineData", b"data"], b"AAAA"),
        ([b"inlineData", b"data"], b"AAAA"),
        ([b"text"], URI),
        ([FIRST], URI),
        ([*PART, b"thoughtSignature"], URI),
    ],
)
def test_the_native_picture_is_nowhere_else(path: list[bytes], head: bytes) -> None:
    """What looks like one elsewhere is cut: neither taken for it nor kept."""
    assert native(path, head).kind == "cut"


def test_other_words_of_a_native_answer_stay() -> None:
    """A relay's places mean nothing here, and text is text."""
    assert native([b"data", FIRST, b"b64_json"], b"AAAA").kind == "keep"
    assert native([*PART, b"text"], b"see data:image/png;base64,AA").kind == "keep"
    assert native([*PART, b"inlineData", b"mimeType"], b"image/png").kind == "keep"
