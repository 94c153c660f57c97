"""The catalogue's figures are those that were read from the named sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from functions.gemini.catalog import expected_pixels
from functions.gemini.catalog_data import (
    AS_OF,
    DEFAULT_MODEL,
    MIGRANTS,
    MODELS,
    SCALE,
    TIERS,
    Model,
)

# The notes that the catalogue was built from: each leaf is {value, source, note}.
READ = json.loads((Path(__file__).parent / "models_as_read.json").read_text("utf-8"))
PAIRS = [
    pytest.param(model, row, id=model.id)
    for model in MODELS
    for row in READ["models"]
    if row["id"] == model.id
]


def test_every_model_that_was_read_is_there() -> None:
    """No model of the notes is missing, none was invented."""
    assert {x.id for x in MODELS} == {x["id"] for x in READ["models"]}
    assert READ["as_of"] == AS_OF
    assert DEFAULT_MODEL in {x.id for x in MODELS}


@pytest.mark.parametrize(("model", "row"), PAIRS)
def test_figures_are_the_ones_that_were_read(model: Model, row: dict[str, Any]) -> None:
    """Tokens, sizes, rates, limits and prices equal the dated notes."""
    assert dict(model.tokens) == row["output_tokens_per_image"]["value"]
    assert list(model.sizes) == row["sizes"]["value"]
    assert dict(model.rates) == row["rates_per_mtok"]["value"]
    assert model.references == row["max_reference_images"]["value"]["total"]
    assert list(model.mime) == row["output_mime"]["value"]
    assert list(model.thinking) == row["thinking"]["value"]["levels"]
    told = {k: v["value"] for k, v in row["price_per_image"].items() if v["value"]}
    assert model.prices == told
    features = row["features"]["value"]
    assert ("web" in model.search) == features["search_web"]
    assert ("image" in model.search) == features["search_image"]
    assert model.successor == row.get("replacement", "")
    assert model.shutdown in (row["shutdown"]["value"] or "")


@pytest.mark.parametrize(("model", "row"), PAIRS)
def test_pixels_are_the_documented_ones(model: Model, row: dict[str, Any]) -> None:
    """Every ratio at every size, but the row that Google misprinted."""
    ratios = set(row["aspect_ratios"]["value"])
    assert set(model.pixels) == ratios | set(model.ratios_disputed)
    for ratio, sizes in row["dimensions"]["value"].items():
        for size, printed in sizes.items():
            width, height = map(int, printed.split("x"))
            misprint = (ratio, size) == ("21:9", "512")
            expected = None if misprint else (width, height)
            assert expected_pixels(model, ratio, size) == expected


@pytest.mark.parametrize("model", MODELS, ids=lambda x: x.id)
def test_every_figure_names_its_source(model: Model) -> None:
    """Each group of figures says where it was read."""
    needed = {"pixels", "sizes", "tokens", "prices", "rates", "references"}
    assert needed | {"thinking", "search", "mime", "shutdown"} <= set(model.source)
    assert all(model.source.values())
    assert set(model.prices["standard"]) == set(model.tokens) == set(model.sizes)
    assert set(model.sizes) <= set(SCALE)
    assert bool(model.shutdown) == bool(model.successor)


def test_names_are_unambiguous() -> None:
    """One name leads to one model, and a migrant's name to a known one."""
    names = [y for x in MODELS for y in (x.id, *x.names, *x.previews)]
    assert len(names) == len(set(names))
    assert not set(MIGRANTS) & set(names)
    assert set(MIGRANTS.values()) <= {x.id for x in MODELS}
    assert TIERS["standard"] == 1
