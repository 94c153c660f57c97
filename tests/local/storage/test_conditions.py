"""Laws of preconditions, against a plain model."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.local.storage.conditions import Conditions, Target, whole_number
from functions.local.storage.errors import ApiError

_SMALL = st.none() | st.integers(0, 2)


@dataclass
class _Stored:
    generation: int
    metageneration: int


@given(
    conditions=st.builds(
        Conditions,
        generation_match=_SMALL,
        generation_not_match=_SMALL,
        metageneration_match=_SMALL,
        metageneration_not_match=_SMALL,
    ),
    stored=st.none() | st.builds(_Stored, st.integers(1, 2), st.integers(1, 2)),
    reading=st.booleans(),
)
def test_every_condition_given_must_hold(
    conditions: Conditions, stored: _Stored | None, *, reading: bool
) -> None:
    """It passes when all hold; a 412 otherwise, a 304 for who reads what he has."""
    generation = stored.generation if stored else 0
    metageneration = stored.metageneration if stored else None
    same = conditions.generation_match in {None, generation} and (
        conditions.metageneration_match is None
        or conditions.metageneration_match == metageneration
    )
    other = conditions.generation_not_match != generation and (
        conditions.metageneration_not_match is None
        or conditions.metageneration_not_match != metageneration
    )
    expected = 200 if same and other else 412
    if same and not other and reading:
        expected = 304
    status = 200
    try:
        conditions.check(stored, reading=reading)
    except ApiError as error:
        status = error.status
    assert status == expected
    assert Conditions.of_query(conditions.given()) == conditions


@pytest.mark.parametrize("text", ["", "-1", "x", "1.0", "٣", "1" * 20, " 1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    """A condition that cannot be read is refused by name."""
    with pytest.raises(ApiError, match="ifGenerationMatch"):
        whole_number("ifGenerationMatch", text)


def test_sources_have_their_own_conditions() -> None:
    """A copy's conditions on its source and on its target do not mix."""
    query = {
        "ifSourceGenerationMatch": "1",
        "ifGenerationMatch": "2",
        "sourceGeneration": "3",
        "generation": "4",
    }
    assert Target.of_query("b", "n", query, source=True) == Target(
        "b", "n", Conditions(generation_match=1), 3
    )
    assert Target.of_query("b", "n", query) == Target(
        "b", "n", Conditions(generation_match=2), 4
    )
