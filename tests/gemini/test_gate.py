"""Laws of the gate and the watch."""

from __future__ import annotations

import threading

import pytest

from functions.gemini.gate import Gate, OverError, Watch
from tests.gemini.doubles import StepClock


def test_the_watch_ends_a_call_at_its_deadline() -> None:
    """Time counts from the watch's making, on the clock it was given."""
    clock = StepClock()
    watch = Watch(clock, 300, lambda: True)
    clock.time += 299
    watch.check()
    clock.time += 1
    with pytest.raises(OverError) as caught:
        watch.check()
    assert caught.value.failure == "timeout"


def test_a_lost_lease_comes_before_the_deadline() -> None:
    """Nobody wants the result: that is a cut, also when time is over."""
    watch = Watch(StepClock(), 0, lambda: False)
    with pytest.raises(OverError) as caught:
        watch.check()
    assert caught.value.failure == "cut"


def test_never_more_inside_than_places() -> None:
    """Eight threads through three places: three inside at once, all get through."""
    gate, watch = Gate(3), Watch(StepClock(), 300, lambda: True)
    lock, inside, most = threading.Lock(), 0, 0
    full = threading.Barrier(3)

    def drain() -> None:
        nonlocal inside, most
        with gate.enter(watch):
            with lock:
                inside += 1
                most = max(most, inside)
            full.wait(20)  # passes only when three are inside at once
            with lock:
                inside -= 1

    threads = [threading.Thread(target=drain) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == 3


def test_a_place_is_given_back_whatever_happens() -> None:
    """An error inside leaves the gate as it was."""
    gate, watch = Gate(1), Watch(StepClock(), 300, lambda: True)
    for _ in range(3):
        with pytest.raises(KeyError), gate.enter(watch):
            raise KeyError


def test_waiting_for_a_place_ends_with_the_watch() -> None:
    """Who waits at the gate is still watched."""
    clock = StepClock()
    gate = Gate(1)
    watch = Watch(clock, 300, lambda: True)
    with gate.enter(watch):
        clock.time += 301
        with pytest.raises(OverError), gate.enter(watch):
            pytest.fail("two passed a gate of one")
