from __future__ import annotations

import pytest

from functions.job import money
from functions.job.record import Attempt
from functions.job.request import Request


def attempts(*paid: str) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(n=n, fence=1, route="r", model="m", started_at=0.0, paid=p)
        for n, p in enumerate(paid, 1)
    )


def test_nobody_knows_is_not_no() -> None:
    """Only a proven refusal is free."""
    assert [money.paid(billable=b) for b in (True, False, None)] == [
        "yes",
        "no",
        "unknown",
    ]
    assert money.spent(attempts("yes", "no", "unknown")) == 2


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        ((), ""),
        (("yes",), ""),
        (("yes", "unknown"), "max_paid_calls"),
        (("no",) * 5, ""),
        (("no",) * 6, "max_attempts"),
    ],
)
def test_either_budget_stops_the_calls(paid: tuple[str, ...], expected: str) -> None:
    """Money is named before attempts."""
    order = Request(id="j", prompt="p")
    assert money.exhausted(attempts(*paid), order) == expected


def test_cost_tells_the_sure_from_the_unknown() -> None:
    """What may have been paid is shown apart, and no price is no number."""
    past = attempts("yes", "yes", "unknown", "no")
    assert money.cost(past, 0.134) == {
        "usd": 0.268,
        "usd_unknown": 0.134,
        "basis": "list price per picture x paid calls",
    }
    assert money.cost(past, None)["usd"] is None
