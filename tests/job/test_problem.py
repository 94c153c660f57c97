"""A problem is data: equal when it says the same, and never changed."""

from __future__ import annotations

import dataclasses

import pytest

from functions.job.problem import Problem


def test_a_problem_is_a_value() -> None:
    """Two checks that find the same thing say one thing, and nobody edits it."""
    one = Problem("mask", "not_yet", "mask: later")
    assert one == Problem("mask", "not_yet", "mask: later")
    assert len({one, Problem("mask", "not_yet", "mask: later")}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.field = "prompt"  # type: ignore[misc]
