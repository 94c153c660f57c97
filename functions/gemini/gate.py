"""How many answers stream at once, and when a call has waited long enough.

The law: memory is bounded by the gate and not by the traffic (what waits, waits in
the kernel's buffers), and every wait of a call looks at its one deadline.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.job.ports import Clock

_LOOK: Final = 0.2  # s between two looks at the watch while the gate is shut


class OverError(Exception):
    """The call must end now."""

    def __init__(self, failure: Literal["timeout", "cut"]) -> None:
        super().__init__(failure)
        self.failure: Literal["timeout", "cut"] = failure


class Watch:
    """One deadline for a whole call, and whether its result is still wanted."""

    def __init__(self, clock: Clock, seconds: float, alive: Callable[[], bool]) -> None:
        self._clock = clock
        self._until = clock.now() + seconds
        self._alive = alive

    def check(self) -> None:
        """Return while the call may go on.

        Raises:
            OverError: its time is over, or its lease is lost.

        """
        if not self._alive():
            raise OverError("cut")
        if self._clock.now() >= self._until:
            raise OverError("timeout")


class Gate:
    """Lets `drains` answers through at a time."""

    def __init__(self, drains: int) -> None:
        self._free = threading.BoundedSemaphore(drains)

    @contextlib.contextmanager
    def enter(self, watch: Watch) -> Iterator[None]:
        """Hold a place for as long as an answer streams."""
        while not self._free.acquire(timeout=_LOOK):
            watch.check()
        try:
            yield
        finally:
            self._free.release()
