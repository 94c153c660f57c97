from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.gemini.spoken import grounding, text

ANSWERS = Path(__file__).parent.parent / "answers"
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["candidates", "content", "parts", "text", "groundingMetadata", "web"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=20,
)


def body(*parts: object) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts)}}]}


def test_words_are_told_and_thoughts_are_not() -> None:
    """Several text parts stand under each other, around the picture."""
    found = body(
        {"text": "hidden", "thought": True},
        {"text": "one"},
        {"inlineData": {"data": "@picture"}},
        {"text": "@picture"},
        {"text": "two"},
    )
    assert text(found) == "one\ntwo"
    assert len(text(body({"text": "x" * 99_999}))) == 8_000


def test_the_sources_of_a_recorded_search_come_back() -> None:
    """Google's terms want them shown; this answer was recorded with its sources."""
    case = json.loads(
        (ANSWERS / "004-image-3pro-search-grounded-native.json").read_text()
    )
    found = grounding(case["body"])
    assert found["sources"]
    assert all({"kind", "uri"} <= set(source) for source in found["sources"])
    assert found["queries"]


@pytest.mark.parametrize("shape", ["searchEntryPoint", "groundingChunks"])
def test_what_has_another_shape_is_left_out(shape: str) -> None:
    """A number where an object was expected is nothing."""
    assert grounding({"candidates": [{"groundingMetadata": {shape: 7}}]}) == {}


def test_the_entry_point_is_kept() -> None:
    """The HTML that has to be shown."""
    meta = {"searchEntryPoint": {"renderedContent": "<b>"}, "webSearchQueries": [""]}
    assert grounding({"candidates": [{"grounding_metadata": meta}]}) == {
        "entry_point": "<b>"
    }


@given(JSON)
def test_nothing_is_raised_whatever_the_body(tree: object) -> None:
    """Words are a string, sources a dictionary."""
    assert isinstance(text(tree), str)
    assert isinstance(grounding(tree), dict)
