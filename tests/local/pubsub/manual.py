"""Time that moves only when a test says so, for the parts that need no server."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from typing_extensions import override

from functions.local.timers import Timer, Timers

if TYPE_CHECKING:
    from collections.abc import Callable

START = 1_795_000_000.123


class ManualClock:
    def __init__(self, time: float = START) -> None:
        self.time = time

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds


class ManualTimers(Timers):
    """Timers that run inside `advance`, each at its own due time."""

    def __init__(self, clock: ManualClock | None = None) -> None:
        self.manual = clock or ManualClock()
        super().__init__(self.manual)

    @override
    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        timer = Timer(self.clock.now() + seconds, next(self._order), call)
        heapq.heappush(self._heap, timer)
        return timer

    def due(self) -> list[float]:
        """Return in how many seconds the calls that still stand are due."""
        live = [timer.at for timer in self._heap if timer.call is not None]
        return sorted(round(at - self.clock.now(), 6) for at in live)

    def advance(self, seconds: float) -> None:
        end = self.manual.time + seconds
        while self._heap and self._heap[0].at <= end:
            timer = heapq.heappop(self._heap)
            self.manual.time = max(self.manual.time, timer.at)
            if timer.call is not None:
                timer.call()
        self.manual.time = end
