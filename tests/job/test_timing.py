from __future__ import annotations

import pytest

from functions.job.timing import Timing


def test_the_defaults_agree() -> None:
    """The design's numbers keep the order that the promise rests on."""
    timing = Timing()
    assert timing.model_call < timing.run < timing.function < timing.ack_deadline
    assert timing.lease > 2 * timing.renew


@pytest.mark.parametrize(
    "wrong",
    [
        {"model_call": 480.0},
        {"function": 600.0},
        {"renew": 60.0},
        {"call_least": 301.0},
    ],
)
def test_numbers_that_contradict_each_other_are_refused(
    wrong: dict[str, float],
) -> None:
    """A call that outlives its run, or a lease that dies unrenewed, is a mistake."""
    with pytest.raises(ValueError, match="must"):
        Timing(**wrong)
