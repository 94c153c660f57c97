from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from functions.clock import StepClock, SystemClock

if TYPE_CHECKING:
    from pathlib import Path


def test_the_system_clock_is_the_machines() -> None:
    """It neither runs ahead nor waits backwards."""
    clock = SystemClock()
    before = clock.now()
    clock.wait(-1)
    clock.wait(0.01)
    assert clock.now() >= before + 0.01


def test_a_step_moves_everybody_who_shares_the_file(tmp_path: Path) -> None:
    """One process steps, all see it, and steps add up."""
    one, two = StepClock(tmp_path / "clock"), StepClock(tmp_path / "clock")
    real = time.monotonic()
    start = two.now()
    one.step(100)
    two.step(50)
    spent = time.monotonic() - real
    assert one.offset() == two.offset() == 150
    assert two.now() - start == pytest.approx(150 + spent, abs=0.5)


def test_a_wait_ends_when_it_is_stepped_past(tmp_path: Path) -> None:
    """An hour is over at once for whoever waits on a stepped clock."""
    waiting, stepping = StepClock(tmp_path / "c"), StepClock(tmp_path / "c")
    thread = threading.Thread(target=waiting.wait, args=(3600,), daemon=True)
    thread.start()
    for _ in range(100):  # the first step may come before the wait has begun
        stepping.step(3601)
        thread.join(0.1)
        if not thread.is_alive():
            break
    assert not thread.is_alive()
