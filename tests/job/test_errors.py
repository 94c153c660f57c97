from __future__ import annotations

import inspect

from functions.job import errors


def test_the_docstring_is_the_message() -> None:
    """An error raised without a text still says what it is and what follows."""
    assert str(errors.BusyError()) == errors.BusyError.__doc__
    assert str(errors.BusyError("because")) == "because"


def test_every_error_stands_in_the_tree() -> None:
    """The drawing at the top of the module is the truth."""
    for name, item in inspect.getmembers(errors, inspect.isclass):
        if issubclass(item, Exception):
            assert name in (errors.__doc__ or "")


def test_refusals_carry_their_word_and_field() -> None:
    """Machines read the word, people the sentence."""
    poison = errors.PoisonError("not_json", "text", field="a.b")
    refused = errors.ReferenceRefusedError("too_big", "text")
    assert (poison.reason, poison.field) == ("not_json", "a.b")
    assert (refused.reason, refused.field) == ("too_big", "images")


def test_an_unsent_call_says_whether_another_try_is_of_use() -> None:
    """Delivered again unless a refusal is inside."""
    refused = errors.ReferenceRefusedError("not_found", "text")
    assert errors.UnsentError("text", refused=refused).refused is refused
    assert errors.UnsentError().refused is None
    assert issubclass(errors.UnsentError, errors.TryLaterError)
