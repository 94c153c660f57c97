"""The references of an edit, before and while they are sent.

The law: what the model would refuse is refused unpaid, and a call that never left
whole is taken out of the record again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.job import retry, settle
from functions.job.errors import ReferenceRefusedError, TryLaterError
from functions.job.problem import Problem
from functions.job.record import State

if TYPE_CHECKING:
    from functions.job.ports import Priced, Reference
    from functions.job.walk import Held


def opened(held: Held) -> tuple[Reference, ...]:
    """Look at every reference before the call; a call not made is not counted.

    Raises:
        ReferenceRefusedError: one must not or cannot be sent.
        TryLaterError: a place did not answer.

    """
    images = held.order.request.images
    try:
        found = tuple(held.walk.references.open(image.uri) for image in images)
    except TryLaterError:
        held.lease.write(settle.withdrawn)
        raise
    _weigh(found, held.order.priced)
    return found


def refused(held: Held, error: ReferenceRefusedError) -> None:
    """End the job: what its sender points at cannot be sent; nothing was paid."""
    problem = Problem(error.field, error.reason, str(error))
    record = settle.withdrawn(held.record)
    verdict = settle.refusal((problem,))
    settle.ended(held, record, retry.GiveUp(State.REFUSED), verdict)


def _weigh(references: tuple[Reference, ...], priced: Priced) -> None:
    """Refuse what the model would refuse after it was sent."""
    for index, reference in enumerate(references):
        kind = reference.content_type
        if priced.input_types and kind not in priced.input_types:
            raise ReferenceRefusedError(
                "not_supported",
                f"the picture is {kind} by its bytes; send one of"
                f" {', '.join(priced.input_types)}",
                field=f"images[{index}]",
            )
    weight = sum(-(-reference.size // 3) * 4 for reference in references)
    if weight > priced.inline_most:
        raise ReferenceRefusedError(
            "too_large",
            f"the references are {weight:,} bytes in base64 and one request carries"
            f" {priced.inline_most:,}; send fewer or smaller pictures",
        )
