from __future__ import annotations

import pytest

from functions.local.model import catalogue
from functions.local.model.catalogue import MODELS, Row


def test_the_sizes_are_those_of_googles_tables() -> None:
    """Spot checks against the published tables: every size, both ends of the ratios."""
    newest = catalogue.find("gemini-nano-banana-2.1")
    assert newest is not None
    assert newest.sizes["2K"]["16:9"] == (2752, 1536)
    assert newest.sizes["4K"]["8:1"] == (12_288, 1536)
    assert newest.sizes["4K"]["4:5"] == (3712, 4608)
    second = catalogue.find("gemini-3.1-flash-image")
    assert second is not None
    assert second.sizes["512"]["9:16"] == (384, 688)
    first = catalogue.find("gemini-2.5-flash-image")
    assert first is not None
    assert first.sizes["1K"]["4:3"] == (1184, 864)


@pytest.mark.parametrize("row", MODELS, ids=lambda row: row.id)
def test_every_row_is_whole(row: Row) -> None:
    """Every size of a row has every ratio and a price in tokens."""
    for size, table in row.sizes.items():
        assert tuple(table) == row.ratios
        assert row.tokens[size] > 0
    assert set(row.tokens) == set(row.sizes)


@pytest.mark.parametrize("row", MODELS, ids=lambda row: row.id)
def test_the_nearest_ratio_of_a_nominal_size_is_its_own(row: Row) -> None:
    """An input picture of a nominal size keeps its ratio."""
    for table in row.sizes.values():
        for ratio, pixels in table.items():
            assert row.nearest(pixels) == ratio


def test_the_dead_previews_are_not_served() -> None:
    """The preview ids that were shut down are unknown; the one alias is not."""
    assert catalogue.find("gemini-3-pro-image-preview") is None
    alias = catalogue.find("nano-banana-pro-preview")
    assert alias is not None
    assert alias.id == "gemini-3-pro-image"
