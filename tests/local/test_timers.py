from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from functions.clock import StepClock
from functions.local.timers import Timers

if TYPE_CHECKING:
    from pathlib import Path


def test_a_step_runs_what_it_passed_in_order(tmp_path: Path) -> None:
    """Hours pass at once, in the order of their times, ties as they were set."""
    clock, seen = StepClock(tmp_path / "clock"), list[str]()

    async def run() -> None:
        timers = Timers(clock)
        for name, at in (("c", 7200.0), ("a", 60.0), ("b", 3600.0), ("b2", 3600.0)):
            timers.call_later(at, lambda name=name: seen.append(name))  # type: ignore[misc]
        clock.step(3601)
        await timers.sleep(0)
        assert seen == ["a", "b", "b2"]
        clock.step(3600)
        await timers.sleep(0)
        timers.close()

    began = time.monotonic()
    asyncio.run(run())
    assert seen == ["a", "b", "b2", "c"]
    assert time.monotonic() - began < 5


def test_a_cancelled_timer_is_nothing(tmp_path: Path) -> None:
    """Cancelled before its time, it never runs; cancelled after, it does no harm."""
    clock, seen = StepClock(tmp_path / "clock"), list[str]()

    async def run() -> None:
        timers = Timers(clock)
        first = timers.call_later(10, lambda: seen.append("first"))
        second = timers.call_later(10, lambda: seen.append("second"))
        first.cancel()
        clock.step(11)
        await timers.sleep(0)
        second.cancel()
        timers.close()

    asyncio.run(run())
    assert seen == ["second"]


def test_an_earlier_timer_overtakes(tmp_path: Path) -> None:
    """One that is set later for an earlier time does not wait for the others."""

    async def run() -> float:
        timers = Timers(StepClock(tmp_path / "clock"))
        timers.call_later(3600, lambda: None)
        await asyncio.sleep(0)  # the runner waits for the far one now
        began = time.monotonic()
        await timers.sleep(0.05)
        timers.close()
        return time.monotonic() - began

    assert 0.04 <= asyncio.run(run()) < 5


def test_closing_forgets_every_timer(tmp_path: Path) -> None:
    """Nothing runs after the end, and no task is left over."""
    seen: list[str] = []

    async def run() -> None:
        clock = StepClock(tmp_path / "clock")
        timers = Timers(clock)
        timers.call_later(1, lambda: seen.append("late"))
        timers.close()
        clock.step(10)
        await asyncio.sleep(0.1)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
    assert seen == []
