"""The filter language against an evaluator of its own, and its refusals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.local.pubsub.filters import MAX_BYTES, FilterError, compile_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KEYS = st.sampled_from(["kind", "edit", "a-b", "_x", "iana.org/tag", 'q"\\'])
_VALUES = st.sampled_from(["", "gen", "generate", 'a"b', "back\\slash", "ä", "AND"])


@dataclass(frozen=True)
class Case:
    """A filter as text and as what it must mean."""

    text: str
    means: Callable[[Mapping[str, str]], bool]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else _quoted(key)


def _equal(key: str, value: str) -> Case:
    return Case(
        f"attributes.{_key(key)} = {_quoted(value)}", lambda a: a.get(key) == value
    )


def _unequal(key: str, value: str) -> Case:
    return Case(
        f"attributes.{_key(key)}!={_quoted(value)}", lambda a: a.get(key) != value
    )


def _prefix(key: str, value: str) -> Case:
    return Case(
        f"hasPrefix(attributes.{_key(key)}, {_quoted(value)})",
        lambda a: any(k == key and v.startswith(value) for k, v in a.items()),
    )


def _has(key: str) -> Case:
    return Case(f"attributes:{_key(key)}", lambda a: key in a)


def _negated(case: Case, word: str) -> Case:
    return Case(f"{word} ({case.text})", lambda a: not case.means(a))


def _joined(cases: list[Case], word: str) -> Case:
    text = f" {word} ".join(f"({case.text})" for case in cases)
    fold = all if word == "AND" else any
    return Case(text, lambda a: fold(case.means(a) for case in cases))


_CASES = st.recursive(
    st.one_of(
        st.builds(_equal, _KEYS, _VALUES),
        st.builds(_unequal, _KEYS, _VALUES),
        st.builds(_prefix, _KEYS, _VALUES),
        st.builds(_has, _KEYS),
    ),
    lambda inner: st.one_of(
        st.builds(_negated, inner, st.sampled_from(["NOT", "-"])),
        st.builds(
            _joined,
            st.lists(inner, min_size=2, max_size=3),
            st.sampled_from(["AND", "OR"]),
        ),
    ),
    max_leaves=4,
).filter(lambda case: len(case.text.encode()) <= MAX_BYTES)


@given(_CASES, st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_a_filter_means_what_it_says(case: Case, attributes: dict[str, str]) -> None:
    """Law: text of the language passes exactly what an independent reading passes."""
    assert compile_filter(case.text)(attributes) is case.means(attributes)


@given(st.one_of(st.text(max_size=300), st.text('()"-.:=!NOT AND attributes\\x')))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    """Law: no text raises anything but FilterError."""
    try:
        passes = compile_filter(text)
    except FilterError:
        return
    assert passes({"a": "b"}) in (True, False)


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_filter_passes_everything(text: str) -> None:
    """Law: no filter, no message dropped."""
    assert compile_filter(text)({})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("attributes.kind == 3", "unexpected character at position 19"),
        ("attributes.kind == gen", "a string in double quotes"),
        ("attributes.kind = gen", "a string in double quotes"),
        ("attributes.kind > 3", "unexpected character at position 16"),
        ("attributes:a AND attributes:b OR attributes:c", "parentheses"),
        ("attributes:a OR attributes:b AND attributes:c", "parentheses"),
        ("attributes:AND", "an attribute key"),
        ("attributes.kind", "'=' or '!='"),
        ("attributes", "'.'"),
        ("data = 'x'", "unexpected"),
        ("hasPrefix(attributes.a)", "','"),
        ("(attributes:a", "')'"),
        ("attributes:a attributes:b", "expected the end at position 13"),
        ("attributes:a AND", "found the end"),
        ('attributes.a = "open', "unexpected character"),
        ("-" * 200 + "attributes:a", "nested deeper"),
        ("attributes:" + "a" * 300, "longer than 256 bytes"),
    ],
)
def test_a_wrong_filter_says_what_is_wrong(text: str, names: str) -> None:
    """Law: a refusal names the place or the thing that was expected."""
    with pytest.raises(FilterError) as refused:
        compile_filter(text)
    assert names in str(refused.value)
