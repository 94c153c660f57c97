"""Timers of the emulators, on a clock that tests can step."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.job.ports import Clock

_TICK: Final = 0.02  # s of real time between two looks at a stepped clock


@dataclass(order=True)
class Timer:
    """One call to come; `cancel` makes it nothing."""

    at: float
    order: int
    call: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        """Never run the call."""
        self.call = None


class Timers:
    """`call_later` and `sleep` on `clock`; run inside one asyncio loop."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._heap: list[Timer] = []
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Run `call` in this loop once the clock has moved by `seconds`."""
        timer = Timer(self.clock.now() + seconds, next(self._order), call)
        heapq.heappush(self._heap, timer)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        self._wake.set()
        return timer

    async def sleep(self, seconds: float) -> None:
        """Return once the clock has moved by `seconds`."""
        done = asyncio.Event()
        timer = self.call_later(seconds, done.set)
        try:
            await done.wait()
        finally:
            timer.cancel()

    async def _run(self) -> None:
        while self._heap:
            now = self.clock.now()
            while self._heap and self._heap[0].at <= now:
                timer = heapq.heappop(self._heap)
                if timer.call is not None:
                    timer.call()
            self._wake.clear()
            left = self._heap[0].at - self.clock.now() if self._heap else 0.0
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), min(max(left, 0.0), _TICK))

    def close(self) -> None:
        """Forget every timer."""
        self._heap.clear()
        if self._task is not None:
            self._task.cancel()
