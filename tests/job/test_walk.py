from __future__ import annotations

from datetime import UTC, datetime

import pytest

from functions.job.ports import Priced
from functions.job.request import Request
from functions.job.walk import Order


@pytest.mark.parametrize(
    ("deadline", "now", "expired"),
    [
        (None, 9e9, False),
        (2_000_000_000, 1_999_999_999.0, False),
        (2_000_000_000, 2e9, True),
    ],
)
def test_an_order_expires_at_its_deadline(
    deadline: float | None, now: float, expired: bool
) -> None:
    """At the very second, and never without one."""
    more = {}
    if deadline is not None:
        more["deadline"] = datetime.fromtimestamp(deadline, UTC).isoformat()
    order = Order(
        request=Request.model_validate({"id": "j", "prompt": "p", **more}),
        request_hash="h",
        priced=Priced(model="m"),
        problems=(),
        received=0.0,
        published=0.0,
        message_id="m",
        run_ends=0.0,
    )
    assert order.expired(now) is expired
