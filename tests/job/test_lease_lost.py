from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from functions.job import names
from functions.job.errors import FencedError, NeighbourUnavailableError
from functions.job.record import Record, State
from tests.job.memory import MemoryClock, MemoryObjects
from tests.job.test_lease import TIMING, record, take

if TYPE_CHECKING:
    from collections.abc import Callable


class Mute(MemoryObjects):
    """Applies writes, or does not, and answers nobody, as often as told."""

    def __init__(self) -> None:
        super().__init__()
        self.mute = 0
        self.applies = True
        self.then: Callable[[], None] = lambda: None

    @override
    def replace(self, name: str, body: bytes, generation: int) -> int | None:
        if not self.mute:
            return super().replace(name, body, generation)
        self.mute -= 1
        if self.applies:
            super().replace(name, body, generation)
        self.then()
        raise NeighbourUnavailableError


@pytest.mark.parametrize("applied", [True, False])
def test_a_write_that_nobody_answered_is_not_taken_for_another_holders(
    applied: bool,
) -> None:
    """Applied or lost, the next write goes on from what stands there."""
    objects, clock = Mute(), MemoryClock()
    _, _, lease = take(objects, clock, record())
    assert lease is not None
    objects.mute, objects.applies = 1, applied
    clock.at += 40
    with pytest.raises(NeighbourUnavailableError):
        lease.renew()
    done = lease.write(lambda r: r.but(state=State.DONE))
    assert done.state is State.DONE
    assert (done.until == clock.at + TIMING.lease) is applied
    stored = objects.read(names.record("job"))
    assert stored is not None
    assert Record.from_json(stored[0]) == done


def test_a_write_that_nobody_answered_and_another_overtook_fences() -> None:
    """The successor's record stands, whatever became of ours."""
    objects, clock = Mute(), MemoryClock()
    _, _, lease = take(objects, clock, record())
    assert lease is not None
    name = names.record("job")
    objects.mute = 1

    def overtake() -> None:
        objects.objects[name] = (record("c", fence=2).to_json(), 77)

    objects.then = overtake
    with pytest.raises(NeighbourUnavailableError):
        lease.renew()
    with pytest.raises(FencedError):
        lease.write(lambda r: r.but(state=State.DONE))
    assert not lease.held


def test_a_write_that_nobody_answered_and_a_record_that_is_gone_fences() -> None:
    """Nothing is written where nothing stands."""
    objects, clock = Mute(), MemoryClock()
    _, _, lease = take(objects, clock, record())
    assert lease is not None
    objects.mute, objects.then = 1, objects.objects.clear
    with pytest.raises(NeighbourUnavailableError):
        lease.renew()
    with pytest.raises(FencedError):
        lease.write(lambda r: r.but(state=State.DONE))
