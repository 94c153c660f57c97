"""What the walk carries: its neighbours, its steps, and the one order in hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from functions.job.record import Attempt
from functions.job.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from functions.job.host import Profile
    from functions.job.lease import Lease
    from functions.job.ports import (
        Album,
        Catalog,
        Clock,
        Copies,
        Events,
        Model,
        Objects,
        Priced,
        References,
    )
    from functions.job.problem import Problem
    from functions.job.record import Record
    from functions.job.request import Request


class Step(StrEnum):
    """Every point at which an instance can die; tests stop or kill it there."""

    RECEIVED = "received"  # nothing is written
    PARSED = "parsed"  # the request is known
    STORED = "stored"  # request.json stands
    CLAIMED = "claimed"  # the record stands, the intent to pay in it
    OPENED = "opened"  # the references were looked at
    ASKED = "asked"  # the call is about to leave
    ARRIVING = "arriving"  # the first picture's bytes are on their way to the bucket
    ANSWERED = "answered"  # the whole answer was read
    JUDGED = "judged"  # what it means is known
    KEPT = "kept"  # the pictures are visible
    MANIFESTED = "manifested"  # a successor could adopt them
    SETTLED = "settled"  # the record has its end
    COPIED = "copied"  # the copy under its chosen name stands
    PUBLISHED = "published"  # the topic accepted the event
    MARKED = "marked"  # the mark says so
    FINISHED = "finished"  # the acknowledgement is about to leave


class Albums(Protocol):
    """Makes the album of one attempt."""

    def __call__(self, prefix: str, *, drafts: bool) -> Album:
        """Return an album whose pictures will be named `prefix` plus an index."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The neighbours of one instance, joined in wiring, shared by its threads."""

    objects: Objects
    events: Events
    albums: Albums
    copies: Copies
    references: References
    model: Model
    catalog: Catalog
    clock: Clock
    profile: Profile
    keeping: Callable[[Lease], AbstractContextManager[None]]
    at: Callable[[Step], None]  # the probe of the tests; does nothing in the cloud
    say: Callable[..., None]  # one log line: say(action, **facts)
    chance: Callable[[], float]  # 0..1
    address: Callable[[str], str]  # name in the state bucket -> gs:// address
    close: Callable[[], None]  # lets go of every connection
    holder: str  # this instance
    kind: str  # the door: "generate" or "edit"
    default_model: str
    secrets: tuple[str, ...] = field(default=(), repr=False)  # never repeated
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request on its way: what it asks for and what is known before paying."""

    request: Request
    request_hash: str
    priced: Priced
    problems: tuple[Problem, ...]
    received: float  # when the delivery reached us
    published: float  # when its sender published it, the same at each delivery
    message_id: str
    run_ends: float  # when this run has to be over
    trace: str = ""

    def expired(self, now: float) -> bool:
        """Whether the sender's deadline has passed."""
        deadline = self.request.deadline
        return deadline is not None and now >= deadline.timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One order whose job this instance holds."""

    walk: Walk
    order: Order
    lease: Lease

    @property
    def record(self) -> Record:
        """Return the record as last written."""
        return self.lease.record


def intend(walk: Walk, order: Order, record: Record) -> Attempt:
    """Return the next attempt of `record`, to be written down before it is made."""
    return Attempt(
        n=len(record.attempts) + 1,
        fence=record.fence,
        route=walk.model.route,
        model=order.priced.model,
        host=walk.profile.name,
        started_at=walk.clock.now(),
    )
