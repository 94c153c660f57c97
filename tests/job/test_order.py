from __future__ import annotations

import pytest

from functions.job.order import mismatch
from functions.job.ports import PictureFacts
from functions.job.request import Request


def facts(
    width: int | None, height: int | None, kind: str = "image/png"
) -> PictureFacts:
    return PictureFacts(content_type=kind, width=width, height=height, c2pa=False)


@pytest.mark.parametrize(
    ("ratio", "size", "got", "wrong"),
    [
        ("16:9", "1K", facts(1376, 768), ()),
        ("16:9", "1K", facts(1408, 768), ()),  # recorded for 16:9
        ("16:9", "1K", facts(1024, 1024), ("aspect_ratio",)),
        ("16:9", "1K", facts(2752, 1536), ("image_size",)),
        ("16:9", "1K", facts(688, 384), ("image_size",)),
        ("16:9", "1K", facts(None, None), ("aspect_ratio", "image_size")),
        ("16:9", "1K", facts(1376, 768, "text/html"), ("content_type",)),
        (None, None, facts(7, 5), ()),
        ("wide", None, facts(7, 5), ()),  # unknown word: the model took it
        ("0:0", None, facts(7, 5), ()),
    ],
)
def test_what_is_otherwise_is_named(
    ratio: str | None, size: str | None, got: PictureFacts, wrong: tuple[str, ...]
) -> None:
    """A few percent are nominal; another shape or size class is not."""
    order = Request(id="j", prompt="p", aspect_ratio=ratio, image_size=size)
    assert mismatch(order, got, (1376, 768)) == wrong


def test_without_a_table_no_size_is_claimed() -> None:
    """An unknown model's sizes cannot be checked."""
    order = Request(id="j", prompt="p", image_size="4K")
    assert mismatch(order, facts(10, 10), None) == ()
