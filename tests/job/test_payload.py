"""Bounded JSON: a value within bounds, or a PoisonError, whatever the bytes."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.job import payload
from functions.job.errors import PoisonError

_LIMIT = 1024 * 1024
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)

_BAD = [
    ("not_json", b""),
    ("not_json", b" \n"),
    ("not_json", b"not json at all"),
    ("not_json", b"{"),
    ("not_json", b"{}{}"),
    ("not_json", b"{'a': 1}"),
    ("not_json", b"NaN"),
    ("not_json", b'{"a": Infinity}'),
    ("not_json", b'"\\ud800"'),
    ("not_json", b'"a\x00b"'),
    ("not_utf8", b'"\xff"'),
    ("not_utf8", "{}".encode("utf-16")),
    ("not_utf8", b"\x1f\x8b\x08\x00"),
    ("too_big", b" " * (_LIMIT + 1)),
    ("too_deep", b"[" * 100_000),
    ("too_deep", b"[" * 100_000 + b"]" * 100_000),
    ("too_deep", b'{"a":' * 33 + b"1" + b"}" * 33),
    ("number_too_large", b"9" * 5000),
    ("number_too_large", b"-" + b"9" * 4000),
    ("number_too_large", b'{"seed": 1e5000}'),
    ("number_too_large", b"[[18446744073709551616]]"),
    ("duplicate_key", b'{"a": 1, "a": 1}'),
    ("duplicate_key", b'[{"b": {"a": 1, "\\u0061": 2}}]'),
]


@pytest.mark.parametrize(("reason", "data"), _BAD)
def test_what_breaks_a_bound_has_a_name(reason: str, data: bytes) -> None:
    """Each bound has a stable word of its own."""
    with pytest.raises(PoisonError) as caught:
        payload.load(data, _LIMIT, "the data")
    assert caught.value.reason == reason
    assert str(caught.value).startswith("the data ")


@given(_JSON)
def test_a_value_within_bounds_arrives_as_it_is(value: object) -> None:
    """Nothing is coerced: the value is the one that was written."""
    assert payload.load(json.dumps(value).encode(), _LIMIT, "it") == value


@given(st.binary() | st.text().map(str.encode) | _JSON.map(json.dumps).map(str.encode))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    """The only exception is PoisonError, and what is let in is JSON."""
    try:
        value = payload.load(data, 200, "it")
    except PoisonError:
        return
    assert value == json.loads(data.removeprefix(b"\xef\xbb\xbf"))


def test_bounds_are_the_last_good_value() -> None:
    """What lies exactly on a bound passes."""
    deep = b"[" * 32 + b"]" * 32
    assert payload.load(deep, 64, "it") is not None
    with pytest.raises(PoisonError, match="nested deeper than 32"):
        payload.load(b"[" + deep + b"]", 66, "it")
    assert payload.load(b"18446744073709551615", 20, "it") == 2**64 - 1
    assert payload.load(b"\xef\xbb\xbf{}", 5, "it") == {}


def test_an_object_is_asked_for_by_name() -> None:
    """A list is JSON but no request, and the text says which it was."""
    assert payload.load_object(b'{"a": 1}', 9, "it") == {"a": 1}
    with pytest.raises(PoisonError, match="one JSON object, it is a list") as caught:
        payload.load_object(b"[1, 2, 3]", 9, "it")
    assert caught.value.reason == "not_object"


@pytest.mark.parametrize("item", [b"{},", b"[],", b'"",', b"0,", b'{"a":{}},'])
def test_many_small_things_cost_bounded_memory(item: bytes) -> None:
    """The worst 1 MiB costs less than 128 MiB and is let in or named."""
    data = b"[" + item * ((_LIMIT - 4) // len(item)) + b"0]"
    tracemalloc.start()
    try:
        payload.load(data, _LIMIT, "it")
        assert tracemalloc.get_traced_memory()[1] < 128 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "an object"),
        ([], "a list"),
        ("", "a string"),
        (True, "true or false"),
        (1, "a number"),
        (1.5, "a decimal number"),
        (None, "null"),
        (b"", "something else"),
    ],
)
def test_kinds_are_said_in_words(value: object, words: str) -> None:
    """A person reads JSON's words, not Python's."""
    assert payload.kind(value) == words
