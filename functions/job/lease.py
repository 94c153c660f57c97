"""Who may work on a job: claim, renew, take over, and be told when fenced.

The generation of the record is the fencing token. A lease only decides who may try;
every write names the generation it replaces, so only one holder may commit. The law:
nothing here waits for another process to be honest about its clock or its death.
"""

from __future__ import annotations

import secrets
import threading
from enum import Enum
from typing import TYPE_CHECKING, Final, Self

from functions.job import names
from functions.job.errors import (
    BusyError,
    FencedError,
    NeighbourUnavailableError,
    TryLaterError,
)
from functions.job.record import Attempt, Record, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.job.ports import Clock, Objects
    from functions.job.timing import Timing

    Intend = Callable[[Record], Attempt | None]

_ROUNDS: Final = 3  # a record deleted between a refused create and the read


class Stand(Enum):
    """How a job that already has a record stands towards a new delivery."""

    OTHER = "another request was made under the same id"
    ENDED = "it has its end"
    HELD = "it waits for a person"
    EARLY = "it waits for its time"
    BUSY = "its holder's lease is alive"
    FREE = "whoever wins the record may go on"


def stand(record: Record, request_hash: str, now: float, timing: Timing) -> Stand:
    """Return how `record` stands at `now` towards a request with `request_hash`."""
    if record.request_hash != request_hash:
        return Stand.OTHER
    if record.state.terminal:
        return Stand.ENDED
    if record.state is State.WAIT:
        if record.due is None:
            return Stand.HELD
        return Stand.EARLY if now < record.due else Stand.FREE
    # Both clocks may be off, each by the bound and in the wrong direction. A lease
    # that was given back has no holder whose clock could matter.
    over = record.until + 2 * timing.skew if record.until else 0.0
    return Stand.BUSY if now < over else Stand.FREE


def take_over(record: Record, holder: str, now: float, timing: Timing) -> Record:
    """Return the record under a new holder; calls without an end stay unknown."""
    closed = tuple(
        a.but(ended_at=now, klass="malformed_body", reason="holder_lost")
        if a.open
        else a
        for a in record.attempts
    )
    return record.but(
        state=State.RUN,
        fence=record.fence + 1,
        holder=holder,
        until=now + timing.lease,
        due=None,
        attempts=closed,
    ).step("taken_over", now)


class Lease:
    """One claimed job: its record as this instance last wrote it.

    Thread-safe: the walk and the instance's renewer write through the same lock.
    """

    def __init__(
        self,
        objects: Objects,
        record: Record,
        generation: int,
        *,
        clock: Clock,
        timing: Timing,
    ) -> None:
        self._objects = objects
        self._record = record
        self._generation = generation
        self._clock = clock
        self._timing = timing
        self._lock = threading.Lock()
        self._lost = False

    @property
    def record(self) -> Record:
        """Return the record as last written."""
        return self._record

    @property
    def held(self) -> bool:
        """Whether this instance may still hope to commit."""
        return not self._lost and self._record.state is State.RUN

    def write(self, change: Callable[[Record], Record]) -> Record:
        """Replace the record by `change` of it.

        Raises:
            FencedError: another holder replaced it first; leave everything.

        """
        with self._lock:
            if self._lost:
                raise FencedError
            fresh = change(self._record).but(writer=secrets.token_hex(8))
            generation = self._objects.replace(
                names.record(fresh.id), fresh.to_json(), self._generation
            )
            if generation is None:
                self._lost = True
                raise FencedError
            self._record, self._generation = fresh, generation
            return fresh

    def renew(self) -> None:
        """Move the end of the lease; a no-op once the job is settled."""
        if self.held:
            until = self._clock.now() + self._timing.lease
            self.write(lambda r: r.but(until=until) if r.state is State.RUN else r)

    def __enter__(self) -> Self:
        """Hold the lease for a block; without an end it is given back."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the lease back, as far as the world allows, so nobody waits for it."""
        try:
            if self.held:
                self.write(lambda r: r.but(until=0.0))
        except TryLaterError:
            self._lost = True


def claim(
    objects: Objects,
    fresh: Record,
    *,
    clock: Clock,
    timing: Timing,
    intend: Intend,
) -> tuple[Stand, Record, Lease | None]:
    """Take the job, or say why not.

    `fresh` is the record of a job that nobody has seen yet, holder, lease and first
    attempt written in; `intend` gives the attempt that a successor writes down
    before it calls, or None where the budget is used up. The lease comes back only
    with `Stand.FREE`. A busy job is watched for `timing.busy_wait`.

    Raises:
        BusyError: the holder's lease is alive and it did not finish in time.
        NeighbourUnavailableError: the record came and went; try again later.
        DamagedRecordError: the record cannot be read.

    """
    name = names.record(fresh.id)
    patience = clock.now() + timing.busy_wait
    missing = 0
    while missing < _ROUNDS:
        generation = objects.create(name, fresh.to_json())
        if generation is not None:
            lease = Lease(objects, fresh, generation, clock=clock, timing=timing)
            return Stand.FREE, fresh, lease
        found = objects.read(name)
        if found is None:
            missing += 1
            continue
        record, now = Record.from_json(found[0]), clock.now()
        standing = stand(record, fresh.request_hash, now, timing)
        if standing is Stand.FREE:
            taken = take_over(record, fresh.holder, now, timing)
            attempt = intend(taken)
            if attempt is not None:
                taken = taken.but(attempts=(*taken.attempts, attempt))
            taken = taken.but(writer=secrets.token_hex(8))
            generation = objects.replace(name, taken.to_json(), found[1])
            if generation is not None:
                lease = Lease(objects, taken, generation, clock=clock, timing=timing)
                return Stand.FREE, taken, lease
        elif standing is not Stand.BUSY:
            return standing, record, None
        if now >= patience:
            raise BusyError
        clock.wait(timing.poll)
    raise NeighbourUnavailableError(
        "The job record was refused and then gone, three times; a lifecycle rule or"
        " a person is deleting records of running jobs."
    )
