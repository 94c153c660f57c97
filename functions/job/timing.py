"""Every deadline of the product in one place, checked against the others."""

from __future__ import annotations

import itertools
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. The order model call < run < function < ack deadline always holds."""

    model_call: float = 300.0
    call_least: float = 90.0  # a call with less time left is paid for nothing
    run: float = 480.0
    function: float = 540.0
    ack_deadline: float = 600.0
    lease: float = 120.0
    renew: float = 40.0
    skew: float = 10.0  # bound of clock difference between two instances
    busy_wait: float = 10.0  # how long a duplicate waits for the holder before a 503
    poll: float = 1.0  # between two looks of that duplicate
    repeat: float = 1.0  # least pause before an identical repeat (1 write/s a record)
    storage: float = 20.0  # retries of one Cloud Storage call

    def __post_init__(self) -> None:
        """Refuse numbers that contradict each other."""
        order = (self.model_call, self.run, self.function, self.ack_deadline)
        if self.call_least > self.model_call:
            raise ValueError("a call's least time must fit into a model call")
        if not all(a < b for a, b in itertools.pairwise(order)):
            raise ValueError(
                f"model call < run < function < ack deadline must hold, got {order}"
            )
        if self.renew * 2 >= self.lease:
            raise ValueError(
                f"the lease ({self.lease} s) must outlive two renewals"
                f" ({self.renew} s each)"
            )
