"""Laws of the policies: which strings are pictures, cut, or kept."""

from __future__ import annotations

import pytest

from functions.gemini.policy import LONG, LONGEST_TEXT, errors, pictures


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
    fate = pictures(path, head)
    assert (fate.kind, fate.up) == (kind, up)
    if fate.kind == "picture" and b"," in head:
        assert head[: fate.skip].endswith(b"base64,")


def test_text_may_be_longer_than_other_strings() -> None:
    """What the model or the error says is kept further than what nobody reads."""
    assert pictures([b"text"], b"x").limit == LONGEST_TEXT
    assert pictures([b"message"], b"x").limit == LONGEST_TEXT
    assert pictures([b"renderedContent"], b"x").limit == LONG


def test_errors_hold_no_pictures() -> None:
    """Outside a success nothing is a picture; signatures stay out all the same."""
    assert errors([b"inlineData", b"data"], b"AAAA").kind == "keep"
    assert errors([b"thoughtSignature"], b"AAAA").kind == "cut"
