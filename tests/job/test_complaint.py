"""Error texts say what to write instead, and never what was written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.job import complaint
from functions.job.errors import PoisonError
from functions.job.request import Request, parse

_CANARY = "Alice-4711"


def _text(tree: dict[str, Any]) -> str:
    with pytest.raises(PoisonError) as caught:
        parse(json.dumps(tree).encode(), {}, "77")
    return str(caught.value)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (
            {"prompt": "x", "negative_prompt": "y"},
            (
                "negative_prompt is not a field: no Gemini image model has it; phrase"
                " it positively in prompt"
            ),
        ),
        (
            {"prompt": "x", "n": 4},
            "n is not a field: send one message per picture",
        ),
        (
            {"prompt": "x", "numImages": 4},
            "numImages is not a field: send one message per picture",
        ),
        (
            {"prompt": "x", "size": "1024x1024"},
            (
                'size is not a field: use image_size ("1K", "2K", "4K") and'
                ' aspect_ratio ("16:9")'
            ),
        ),
        (
            {"prompt": "x", "image_url": "https://x"},
            (
                'image_url is not a field: use kind "edit" and images:'
                ' [{"uri": "gs://..."}]'
            ),
        ),
        (
            {"Prompt": "x", "aspectRatio": "1:1"},
            (
                "Prompt is not a field; did you mean prompt?; aspectRatio is not a"
                " field; did you mean aspect_ratio?"
            ),
        ),
        (
            {"prompt": "x", "zzzz": 1},
            "zzzz is not a field of a request; leave it out",
        ),
        (
            {"kind": "edit", "prompt": "x", "images": [{"url": "gs://b/o"}, 5]},
            (
                "images[0].uri is missing; images[0].url is not a field; the fields are"
                " uri, mime_type; images[1] must be an object, not a number"
            ),
        ),
        (
            {"prompt": "x", "destination": {"bucket": "b" * 9, "perfix": "p"}},
            "destination.perfix is not a field; did you mean prefix?",
        ),
        (
            {"prompt": "x" * 32_411},
            "prompt has 32,411 characters, at most 32,000 are taken",
        ),
        (
            {"prompt": "", "routes": ["r"] * 9},
            (
                "prompt has 0 characters, at least 1 is needed; routes has 9 entries,"
                " at most 8 are taken"
            ),
        ),
        (
            {"prompt": "x", "on_unknown": "wait"},
            "on_unknown takes only 'repeat', 'hold' or 'fail'",
        ),
        (
            {"prompt": "x", "max_paid_calls": 11, "max_attempts": 0},
            "max_paid_calls must be at most 10; max_attempts must be at least 1",
        ),
        (
            {"prompt": "x", "labels": {"a": 1, "": "b"}},
            (
                "labels (one of its values) must be a string, not a number; labels (one"
                " of its keys) has 0 characters, at least 1 is needed"
            ),
        ),
        (
            {"prompt": "x", "labels": {str(i): "" for i in range(65)}},
            "labels has 65 entries, at most 64 are taken",
        ),
        (
            {"prompt": "x", "deadline": "2026-11-20T18:00:00"},
            "deadline must say its offset: 2026-11-20T18:00:00Z, or +01:00",
        ),
        (
            {"prompt": 1, "seed": "a", "drafts": 1, "routes": 1, "lane": 1},
            (
                "prompt must be a string, not a number; routes must be a list, not a"
                " number; seed must be a whole number, not a string; drafts must be"
                " true or false, not a number; and 1 more"
            ),
        ),
    ],
    ids=str,
)
def test_a_text_names_the_field_and_the_remedy(tree: dict[str, Any], text: str) -> None:
    """Read at 3 a.m., the sentence alone is enough to mend the publisher."""
    assert _text(tree) == text


@pytest.mark.parametrize("field", [f for f in complaint.FOREIGN if f != "user"])
def test_every_foreign_field_has_a_remedy(field: str) -> None:
    """Fields of other products are met with what to write instead, camel or snake."""
    assert field not in Request.model_fields
    head, *rest = field.split("_")
    camel = head + "".join(word.title() for word in rest)
    for name in (field, camel):
        remedy = f"{name} is not a field: {complaint.FOREIGN[field]}"
        assert _text({"prompt": "x", name: 1}) == remedy


@given(
    st.dictionaries(
        st.sampled_from([*Request.model_fields, "n", _CANARY, f"{_CANARY} x"]),
        st.sampled_from(
            [
                _CANARY,
                [_CANARY],
                {_CANARY: _CANARY},
                [{_CANARY: _CANARY}],
                {"uri": [_CANARY], "bucket": _CANARY, "name": _CANARY + "/"},
                {"HARM_CATEGORY_HARASSMENT": _CANARY},
                {"k": [_CANARY]},
            ]
        ),
        min_size=1,
    )
)
def test_no_value_is_ever_repeated(tree: dict[str, Any]) -> None:
    """Whatever is wrong and wherever, no text, reason or field holds a value."""
    try:
        parse(json.dumps(tree).encode(), {}, "77")
    except PoisonError as error:
        said = f"{error} {error.reason} {error.field} {error!r} {error.__cause__}"
        assert "Alice" not in said
        assert "4711" not in said
        assert error.__suppress_context__  # noqa: PT017 - else a traceback says it


@pytest.mark.parametrize(
    "key",
    [
        "AIza" + "SyEXAMPLEEXAMPLE0123456",
        "a portrait of Alice",
        "a" * 41,
        "",
        "\n",
        "ключ",
    ],
)
def test_a_key_that_is_no_name_is_not_repeated(key: str) -> None:
    """An API key or a sentence in the place of a field's name stays private."""
    text = _text({"prompt": "x", key: 1})
    assert text.startswith("(a field that is not a plain name) is not a field")


def test_a_message_without_data_says_what_it_may_be() -> None:
    """A bucket notification on the wrong topic is recognised."""
    notice = {"eventType": "OBJECT_FINALIZE", "bucketId": "b", "objectId": "o"}
    assert "inbox-events" in complaint.no_data(notice)
    assert "no data" in complaint.no_data({"tenant": "t"})


def test_the_nearest_word_is_found_across_spellings() -> None:
    """A slip of the finger or another case finds the word; nonsense finds none."""
    assert complaint.closest("maxPaidCals", Request.model_fields) == "max_paid_calls"
    assert complaint.closest("x" * 100_000, Request.model_fields) == ""
