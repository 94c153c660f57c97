from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from functions.job import names
from functions.job.errors import BusyError, FencedError, NeighbourUnavailableError
from functions.job.lease import Lease, Stand, claim, stand, take_over
from functions.job.record import Attempt, Record, State
from functions.job.timing import Timing
from tests.job.memory import MemoryClock, MemoryObjects

if TYPE_CHECKING:
    from collections.abc import Callable

TIMING = Timing()


def record(holder: str = "a", **changes: Any) -> Record:
    fresh = Record(
        id="job",
        kind="generate",
        request_hash="h",
        holder=holder,
        writer=holder,
        until=1_000_120.0,
        created_at=1_000_000.0,
    )
    return fresh.but(**changes)


def attempt(n: int = 1, fence: int = 1) -> Attempt:
    return Attempt(n=n, fence=fence, route="native", model="m", started_at=1.0)


def take(
    objects: MemoryObjects,
    clock: MemoryClock,
    fresh: Record,
    intend: Callable[[Record], Attempt | None] = lambda _: None,
) -> tuple[Stand, Record, Lease | None]:
    return claim(objects, fresh, clock=clock, timing=TIMING, intend=intend)


def test_a_new_job_goes_to_whoever_creates_its_record() -> None:
    """Creating the record is the claim; what was written is what is held."""
    objects, clock = MemoryObjects(), MemoryClock()
    standing, written, lease = take(objects, clock, record())
    assert standing is Stand.FREE
    assert lease is not None
    assert lease.held
    assert written == Record.from_json(objects.objects[names.record("job")][0])


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        ({"request_hash": "other"}, 0.0, Stand.OTHER),
        ({"state": State.DONE}, 0.0, Stand.ENDED),
        ({"state": State.CANCELLED}, 0.0, Stand.ENDED),
        ({"state": State.WAIT, "due": None}, 9e9, Stand.HELD),
        ({"state": State.WAIT, "due": 50.0}, 49.9, Stand.EARLY),
        ({"state": State.WAIT, "due": 50.0}, 50.0, Stand.FREE),
        ({"until": 100.0}, 100.0 + 2 * TIMING.skew - 0.1, Stand.BUSY),
        ({"until": 100.0}, 100.0 + 2 * TIMING.skew, Stand.FREE),
        ({"until": 0.0}, 1.0, Stand.FREE),  # given back: no clock matters
    ],
)
def test_how_a_job_stands(changes: dict[str, Any], now: float, expected: Stand) -> None:
    """A lease ends for others only once both clocks could agree that it did."""
    assert stand(record(**changes), "h", now, TIMING) is expected


def test_a_successor_counts_the_call_of_a_dead_holder_as_unknown() -> None:
    """Nobody saw the end of that call, so it may have been paid."""
    ended = attempt(1).but(ended_at=5.0, klass="timeout", paid="no")
    old = record(attempts=(ended, attempt(2)), due=3.0, state=State.WAIT)
    new = take_over(old, "b", 2_000_000.0, TIMING)
    assert (new.fence, new.holder, new.state, new.due) == (2, "b", State.RUN, None)
    assert new.attempts[0] == ended
    assert (new.attempts[1].reason, new.attempts[1].paid) == ("holder_lost", "unknown")
    assert not new.attempts[1].open


def test_one_of_many_takes_over_and_the_rest_are_busy() -> None:
    """Sixteen instances see the lease end; one generation has one successor."""
    objects = MemoryObjects()
    take(objects, MemoryClock(), record())
    barrier = threading.Barrier(16)
    results: list[tuple[Stand, Record, Lease | None] | None] = []

    def contend(me: int) -> None:
        clock = MemoryClock(1_000_200.0)
        barrier.wait()
        try:
            fresh = record(f"w{me}", until=1_000_320.0)
            results.append(take(objects, clock, fresh, lambda r: attempt(9, r.fence)))
        except BusyError:
            results.append(None)

    threads = [threading.Thread(target=contend, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [r for r in results if r is not None]
    assert len(won) == 1
    assert won[0][1].fence == 2
    assert won[0][1].attempts[-1].n == 9


def test_a_busy_job_is_watched_and_its_end_is_seen() -> None:
    """A duplicate waits for the holder and then reports the holder's end."""
    objects, clock = MemoryObjects(), MemoryClock()
    _, _, lease = take(objects, clock, record())
    assert lease is not None
    held = lease

    def finish() -> None:
        if held.held:
            held.write(lambda r: r.but(state=State.DONE))

    clock.on_wait = finish
    standing, found, mine = take(objects, clock, record("b"))
    assert (standing, found.state, mine) == (Stand.ENDED, State.DONE, None)


def test_a_busy_job_is_not_watched_for_ever() -> None:
    """After `busy_wait` the queue gets the message back."""
    objects, clock = MemoryObjects(), MemoryClock()
    take(objects, clock, record())
    with pytest.raises(BusyError):
        take(objects, clock, record("b"))
    assert clock.at == pytest.approx(1_000_000 + TIMING.busy_wait, abs=TIMING.poll)


def test_a_fenced_holder_never_writes_again() -> None:
    """Once another wrote, every later write of the old holder is refused."""
    objects, clock = MemoryObjects(), MemoryClock()
    _, _, old = take(objects, clock, record())
    clock.at += TIMING.lease + 2 * TIMING.skew
    _, _, new = take(objects, clock, record("b", until=clock.at + TIMING.lease))
    assert old is not None
    assert new is not None
    before = objects.objects[names.record("job")]
    for _ in range(2):
        with pytest.raises(FencedError):
            old.write(lambda r: r.but(state=State.DONE))
        assert not old.held
    old.renew()
    with old:
        pass
    assert objects.objects[names.record("job")] == before
    assert new.held


def test_renewal_moves_the_end_and_stops_with_the_job() -> None:
    """A settled job has no lease to renew."""
    objects, clock = MemoryObjects(), MemoryClock()
    _, _, lease = take(objects, clock, record())
    assert lease is not None
    clock.at += 40
    lease.renew()
    assert lease.record.until == clock.at + TIMING.lease
    lease.write(lambda r: r.but(state=State.DONE))
    before = objects.objects[names.record("job")]
    lease.renew()
    assert objects.objects[names.record("job")] == before


def test_a_renewal_that_waited_behind_the_give_back_changes_nothing() -> None:
    """It took its turn after the walk was over; the job stays free for others."""
    objects, clock = MemoryObjects(), MemoryClock()
    _, _, lease = take(objects, clock, record())
    assert lease is not None
    with lease:
        pass
    lease.renew()
    assert lease.record.until == 0.0


def test_a_lease_is_not_renewed_beyond_the_functions_time() -> None:
    """A thread that hangs keeps the job from nobody for ever."""
    objects, clock = MemoryObjects(), MemoryClock()
    _, _, lease = take(objects, clock, record())
    assert lease is not None
    clock.at += TIMING.function - 1
    lease.renew()
    until = lease.record.until
    clock.at += 2
    lease.renew()
    assert lease.record.until == until


def test_leaving_without_an_end_gives_the_lease_back() -> None:
    """A successor need not wait for a lease that nobody holds."""
    objects, clock = MemoryObjects(), MemoryClock()
    _, _, lease = take(objects, clock, record())
    assert lease is not None
    with pytest.raises(RuntimeError), lease:
        raise RuntimeError
    standing, found, mine = take(objects, clock, record("b"))
    assert standing is Stand.FREE
    assert found.fence == 2
    assert mine is not None


def test_giving_back_to_a_store_that_is_away_loses_the_lease() -> None:
    """Leaving never raises over the error that made us leave."""

    class Away(MemoryObjects):
        @override
        def replace(self, name: str, body: bytes, generation: int) -> int | None:
            raise NeighbourUnavailableError

    objects, clock = Away(), MemoryClock()
    _, _, lease = take(objects, clock, record())
    assert lease is not None
    with lease:
        pass
    assert not lease.held


def test_a_record_that_comes_and_goes_is_given_up_after_three_rounds() -> None:
    """A 404 between the refused create and the read starts over, but not for ever."""

    class Vanishing(MemoryObjects):
        @override
        def create(self, name: str, body: bytes) -> int | None:
            return None

    with pytest.raises(NeighbourUnavailableError):
        take(Vanishing(), MemoryClock(), record())


def test_a_lost_race_for_a_free_record_looks_again() -> None:
    """Losing the compare-and-swap means that somebody else holds the job now."""
    objects, clock = MemoryObjects(), MemoryClock()
    take(objects, clock, record(until=0.0))
    name = names.record("job")

    def race(found: Record) -> None:
        body = record("c", fence=2, until=clock.at + 500).to_json()
        objects.objects[name] = (body, 77)
        del found

    with pytest.raises(BusyError):
        take(objects, clock, record("b"), race)
    assert Record.from_json(objects.objects[name][0]).holder == "c"


@pytest.mark.parametrize("due", [None, 9e9])
def test_a_job_whose_deadline_passed_waits_for_nobody(due: float | None) -> None:
    """Held or deferred, the next delivery may end it."""
    waiting = record(state=State.WAIT, due=due)
    assert stand(waiting, "h", 1.0, TIMING, expired=True) is Stand.FREE
    busy = record(until=100.0)
    assert stand(busy, "h", 1.0, TIMING, expired=True) is Stand.BUSY
