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


def stand(
    record: Record,
    request_hash: str,
    now: float,
    timing: Timing,
    *,
    expired: bool = False,
) -> Stand:
    """Return how `record` stands at `now` towards a request with `request_hash`.

    A job whose deadline has `expired` waits for nobody any more.
    """
    if record.request_hash != request_hash:
        return Stand.OTHER
    if record.state.terminal:
        return Stand.ENDED
    if record.state is State.WAIT and not expired:
        if record.due is None:
            return Stand.HELD
        return Stand.EARLY if now < record.due else Stand.FREE
    if record.state is State.WAIT:
        return Stand.FREE
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
        self._left = False  # the walk is over: nothing is renewed any more
        self._pending: Record | None = None  # written, but nobody said whether
        self._ends = clock.now() + timing.function

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
            self._catch_up()
            changed = change(self._record)
            if changed is self._record:
                return changed
            self._pending = fresh = changed.but(writer=secrets.token_hex(8))
            generation = self._objects.replace(
                names.record(fresh.id), fresh.to_json(), self._generation
            )
            self._pending = None
            if generation is None:
                self._lost = True
                raise FencedError
            self._record, self._generation = fresh, generation
            return fresh

    def _catch_up(self) -> None:
        """Find out what became of a write that no answer came for."""
        if self._pending is not None:
            found = self._objects.read(names.record(self._record.id))
            if found is not None and found[1] != self._generation:
                there = Record.from_json(found[0])
                if there.writer == self._pending.writer:
                    self._record, self._generation = self._pending, found[1]
                else:
                    self._lost = True
            self._lost = self._lost or found is None
            self._pending = None
        if self._lost:
            raise FencedError

    def renew(self) -> None:
        """Move the end of the lease, while the walk may still be on its way.

        Once it is over, or has used up the time that the host gives a function, a
        thread that hangs must not keep the job from everybody else.
        """
        now = self._clock.now()
        until = now + self._timing.lease

        def longer(record: Record) -> Record:
            over = self._left or now > self._ends or record.state is not State.RUN
            return record if over else record.but(until=until)

        if self.held:
            self.write(longer)

    def __enter__(self) -> Self:
        """Hold the lease for a block; without an end it is given back."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the lease back, as far as the world allows, so nobody waits for it."""

        def give_back(record: Record) -> Record:
            self._left = True
            return record.but(until=0.0)

        try:
            if self.held:
                self.write(give_back)
        except TryLaterError:
            self._lost = True


def claim(  # noqa: PLR0913  # each is one thing that a claim depends on
    objects: Objects,
    fresh: Record,
    *,
    clock: Clock,
    timing: Timing,
    intend: Intend,
    expired: Callable[[float], bool] = lambda _: False,
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
        standing = stand(record, fresh.request_hash, now, timing, expired=expired(now))
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
