from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.local.model import scenario
from functions.local.model.failures import FAILURES
from functions.local.model.scenario import MODIFIERS, Step, UnknownScenarioError
from functions.local.model.shapes import SHAPES


def test_the_little_language() -> None:
    """name, name=value, name=value key=value, by comma or semicolon."""
    plan = scenario.parse("image_other times=2, delay=0.5; finish=X message=It is so.")
    assert plan.steps == (
        Step("image_other", "", {"times": "2"}),
        Step("delay", "0.5"),
        Step("finish", "X", {"message": "It is so."}),
    )
    assert scenario.parse("noise:4K").value("noise", "") == "4K"
    assert scenario.parse(" ").steps == ()


@pytest.mark.parametrize(
    "text", ["imgae_other", "delay=1, nope", "image other", "ok times=x"]
)
def test_a_fault_that_never_was_is_refused(text: str) -> None:
    """A mistyped name is an error, not a success that looks like a passed test."""
    with pytest.raises(UnknownScenarioError):
        scenario.parse(text)


@given(st.text(max_size=40))
def test_no_text_crashes_the_parser(text: str) -> None:
    """Prompts hold anything in double brackets."""
    with contextlib.suppress(UnknownScenarioError):
        assert len(scenario.parse(text).steps) <= len(text)


def test_times_is_counted_by_the_job() -> None:
    """`times=2` holds for the calls one and two."""
    plan = scenario.parse("overloaded times=2, delay=1")
    assert [plan.now(call).names for call in (1, 2, 3)] == [
        ("overloaded", "delay"),
        ("overloaded", "delay"),
        ("delay",),
    ]


def test_names_are_one_each() -> None:
    """No name is an outcome of two tables, and every outcome can be parsed."""
    assert not set(SHAPES) & set(FAILURES)
    assert not (set(SHAPES) | set(FAILURES)) & set(MODIFIERS)
    for name in {**SHAPES, **FAILURES, **MODIFIERS}:
        assert scenario.parse(name).names == (name,)


@pytest.mark.parametrize(
    ("text", "paid"),
    [
        ("", True),
        ("truncate, slow=5", True),  # the picture was made
        ("image_other", False),  # Google: "You will not be charged"
        ("image_safety", False),
        ("refusal", True),  # text tokens out
        ("max_tokens", True),
        ("paid_dropped", True),
        ("prompt_block", False),
        ("rate_minute", False),
        ("html_502", False),
        ("drop", True),
        ("drop paid=no", False),
        ("overloaded paid=yes", True),
    ],
)
def test_what_google_would_bill(text: str, paid: bool) -> None:
    """Paid is a picture made or text out, whatever then happens to the answer."""
    assert scenario.is_paid(scenario.parse(text), image=True) is paid


def test_the_first_outcome_decides() -> None:
    """A fault of the table outranks the script, which outranks the request."""
    plans = (scenario.parse("overloaded"), scenario.parse("image_other"))
    step = scenario.merge(plans).outcome()
    assert step is not None
    assert step.name == "overloaded"


@pytest.mark.parametrize("text", ["refusal=xx", "prohibited=1"])
def test_values_are_checked(text: str) -> None:
    """A value that a shape does not have is refused."""
    step = scenario.parse(text).outcome()
    with pytest.raises(UnknownScenarioError):
        scenario.shape_of(step)


def test_values_shape_the_answer() -> None:
    """Language, support code, block reason and finish reason can be chosen."""
    shape = scenario.shape_of(Step("refusal", "zh"))
    assert not shape.text.isascii()
    assert "35561575" in scenario.shape_of(Step("prohibited", "35561575")).message
    assert scenario.shape_of(Step("prompt_block", "SAFETY")).block == "SAFETY"
    assert scenario.shape_of(Step("unknown_reason", "NEW")).reason == "NEW"
    assert scenario.shape_of(Step("finish", "SPII")).reason == "SPII"
    assert scenario.shape_of(None).reason == "STOP"
    with pytest.raises(UnknownScenarioError):
        scenario.parse("delay=soon").number("delay", 0)
