"""The rows of reasons and phrases stay short, distinct and reachable."""

from __future__ import annotations

import pytest

from functions.job.verdict import judge
from functions.job.verdict_reasons import (
    FAINT_REASONS,
    LATE_PHRASES,
    LOOSE_REASONS,
    PHRASES,
    REASONS,
    SHAPE_PHRASES,
    SUPPORT_CODES,
    Phrase,
)

ALL_PHRASES = (*SHAPE_PHRASES, *PHRASES, *LATE_PHRASES)


def test_no_row_holds_more_than_a_fixed_phrase() -> None:
    """A body's text is never copied into the code to recognise it."""
    for phrase, *_ in ALL_PHRASES:
        assert phrase == phrase.lower()
        assert len(phrase.split()) <= 8
    assert all(len(x) <= 45 for x in (*REASONS, *LOOSE_REASONS, *FAINT_REASONS))
    assert all(code.isdigit() for code in SUPPORT_CODES)


def test_no_phrase_stands_twice() -> None:
    """Two rows of one phrase would make the order decide in secret."""
    phrases = [phrase for phrase, *_ in ALL_PHRASES]
    assert len(phrases) == len(set(phrases))
    assert not set(REASONS) & set(FAINT_REASONS)


@pytest.mark.parametrize("row", ALL_PHRASES, ids=lambda row: str(row[0]))
def test_every_phrase_is_heard(row: Phrase) -> None:
    """Each row decides the error that says nothing else."""
    phrase, klass, retry, codes = row
    code = next((x for x in codes if x >= 400), 0)
    body = {
        "error": {"message": f"It says: {phrase}.", **({"code": code} if code else {})}
    }
    found = judge(route="relay", status=200, body=body)
    assert found.klass is klass
    assert retry is None or found.retry is retry


@pytest.mark.parametrize("reason", sorted({*REASONS, *LOOSE_REASONS, *FAINT_REASONS}))
def test_every_reason_is_heard(reason: str) -> None:
    """Each row decides, in its own field and in the middle of a sentence."""
    table = {**FAINT_REASONS, **LOOSE_REASONS, **REASONS}
    error = {"code": reason, "message": "see the code"}
    found = judge(route="relay", status=200, body={"error": error})
    assert (found.klass, found.reason) == (table[reason], reason)


def test_a_plain_word_of_prose_is_no_reason() -> None:
    """A sentence may forbid without being a reason; the field may not."""
    body = {"error": {"code": 500, "message": "a forbidden thing happened"}}
    assert judge(route="relay", status=500, body=body).klass == "server_error"
