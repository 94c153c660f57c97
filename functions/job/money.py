"""What was paid, what may still be paid, and what it came to.

The law: a call whose end nobody saw counts as paid until someone knows better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions.job.record import Attempt, Paid
    from functions.job.request import Request


def paid(*, billable: bool | None) -> Paid:
    """Return a verdict's `billable` as an attempt's `paid`."""
    if billable is None:
        return "unknown"
    return "yes" if billable else "no"


def spent(attempts: tuple[Attempt, ...]) -> int:
    """Return how many calls were or may have been paid."""
    return sum(1 for attempt in attempts if attempt.paid != "no")


def exhausted(attempts: tuple[Attempt, ...], request: Request) -> str:
    """Return the budget that allows no further call, "" while all do."""
    if spent(attempts) >= request.max_paid_calls:
        return "max_paid_calls"
    if len(attempts) >= request.max_attempts:
        return "max_attempts"
    return ""


def cost(attempts: tuple[Attempt, ...], price: float | None) -> dict[str, object]:
    """Return the event's `cost`: USD of the calls known paid, at list price.

    `usd_unknown` is what the calls of unknown end cost if they were paid.
    """
    sure = sum(1 for attempt in attempts if attempt.paid == "yes")
    maybe = sum(1 for attempt in attempts if attempt.paid == "unknown")
    if price is None:
        return {"usd": None, "usd_unknown": None, "basis": "no list price known"}
    return {
        "usd": round(sure * price, 6),
        "usd_unknown": round(maybe * price, 6),
        "basis": "list price per picture x paid calls",
    }
