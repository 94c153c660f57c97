from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from functions.clock import StepClock
from functions.cloud.renewer import Renewer
from functions.job.errors import FencedError, NeighbourUnavailableError

if TYPE_CHECKING:
    from pathlib import Path


class Lease:
    """Counts renewals, and fails as told."""

    def __init__(self, *failures: Exception) -> None:
        self.held = True
        self.renewed = threading.Semaphore(0)
        self.failures = list(failures)
        self.tries = 0

    def renew(self) -> None:
        self.tries += 1
        self.renewed.release()
        if self.failures:
            failure = self.failures.pop(0)
            self.held = not isinstance(failure, FencedError)
            raise failure


@pytest.fixture
def clock(tmp_path: Path) -> StepClock:
    return StepClock(tmp_path / "clock")


def made(clock: StepClock, said: list[str] | None = None) -> Renewer:
    def say(action: str, **_: object) -> None:
        if said is not None:
            said.append(action)

    return Renewer(clock, every=40, say=say)


def test_one_thread_renews_every_lease_in_time(clock: StepClock) -> None:
    """Each turn of the clock renews each lease once; outside the block, none."""
    renewer, leases = made(clock), [Lease(), Lease()]
    before = threading.active_count()
    with renewer.keeping(leases[0]), renewer.keeping(leases[1]):
        assert threading.active_count() == before + 1
        for _ in range(3):
            clock.step(41)
            for lease in leases:
                assert lease.renewed.acquire(timeout=10)
    clock.step(1000)
    with renewer.keeping(Lease()) as _:
        clock.step(41)
    assert [lease.tries for lease in leases] == [3, 3]


def test_a_lost_lease_is_renewed_no_more(clock: StepClock) -> None:
    """Fenced is for ever; another lease goes on."""
    renewer, lost, alive = made(clock), Lease(FencedError()), Lease()
    with renewer.keeping(lost), renewer.keeping(alive):
        for _ in range(3):
            clock.step(41)
            assert alive.renewed.acquire(timeout=10)
    assert lost.tries == 1


def test_a_store_that_is_away_is_tried_again(clock: StepClock) -> None:
    """The lease outlives a missed turn."""
    renewer, lease = made(clock), Lease(NeighbourUnavailableError())
    with renewer.keeping(lease):
        for _ in range(2):
            clock.step(41)
            assert lease.renewed.acquire(timeout=10)
    assert lease.tries == 2


def test_a_lease_that_breaks_costs_no_other_its_renewal(clock: StepClock) -> None:
    """A mistake in one is said aloud, and the thread lives on."""
    said: list[str] = []
    renewer, broken, alive = made(clock, said), Lease(KeyError(), KeyError()), Lease()
    with renewer.keeping(broken), renewer.keeping(alive):
        for _ in range(3):
            clock.step(41)
            assert alive.renewed.acquire(timeout=10)
    assert alive.tries == 3
    assert said[:1] == ["renewal_failed"]
