"""The walk: one event in, one image out. Read this file first.

Each line of `run` is a step of the design's table, in its order. Whatever dies, dies
between two of them, and the next delivery goes on from what is written.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from functions.job import announce, money, names, retry, settle, trial
from functions.job.errors import NeighbourUnavailableError, PoisonError, TryLaterError
from functions.job.lease import Lease, Stand, claim
from functions.job.problem import Problem
from functions.job.record import Manifest, Record, State
from functions.job.request import fingerprint, from_json, later, parse, to_json
from functions.job.walk import Held, Order, Step, Walk, intend

if TYPE_CHECKING:
    from functions.job.ports import Delivery
    from functions.job.record import Attempt
    from functions.job.request import Request


def run(walk: Walk, delivery: Delivery) -> str:
    """Walk one delivery to its end and return how it ended.

    Raises:
        TryLaterError: not acknowledged; the queue delivers it again.

    """
    walk.at(Step.RECEIVED)
    received = walk.clock.now()
    try:
        request = parse(delivery.data, delivery.attributes, delivery.message_id)
    except PoisonError as poison:
        return announce.bury(walk, delivery, poison)
    order = _order(walk, delivery, request, received)
    walk.at(Step.PARSED)
    with announce.damage(walk, request):
        if not _store(walk, order):
            return announce.conflict(walk, order)
        walk.at(Step.STORED)
        standing, record, lease = _claim(walk, order, received)
        if standing is Stand.OTHER:
            return announce.conflict(walk, order)
        if lease is not None:
            walk.at(Step.CLAIMED)
            held = Held(walk=walk, order=order, lease=lease)
            with walk.keeping(lease), lease:
                if not _adopt(held):
                    _work(held)
            record = lease.record
            walk.at(Step.SETTLED)
    announce.flush(walk, record, fresh=lease is not None)
    if record.due is not None:
        raise TryLaterError("The job waits for its time; the queue keeps the message.")
    walk.at(Step.FINISHED)
    return record.state.value


def _order(walk: Walk, delivery: Delivery, request: Request, received: float) -> Order:
    """Return the request with all that is known of it before anything is paid."""
    priced = walk.catalog.price(request, request.model or walk.default_model)
    door = (
        ()
        if request.kind in {walk.kind, "cancel"}
        else (Problem("kind", "other_topic", _OTHER_TOPIC),)
    )
    return Order(
        request=request,
        request_hash=fingerprint(request),
        priced=priced,
        problems=(*door, *later(request), *priced.problems, *_place(walk, request)),
        received=received,
        published=(
            received if delivery.publish_time is None else delivery.publish_time
        ),
        message_id=delivery.message_id,
        run_ends=received + walk.timing.run,
        trace=delivery.trace,
    )


_OTHER_TOPIC = (
    "publish generate requests to generate-requests and edit requests to edit-requests"
)


def _place(walk: Walk, request: Request) -> tuple[Problem, ...]:
    """Return what is wrong with the place where the copy is wanted."""
    if request.destination is None:
        return ()
    place = request.destination
    name = names.destination(request.id, place.prefix, place.name, "")
    found = walk.copies.problem(place.bucket, name)
    return () if found is None else (found,)


def _store(walk: Walk, order: Order) -> bool:
    """Keep the request; return whether what is kept under its id is this request."""
    name = names.request(order.request.id)
    if walk.objects.create(name, to_json(order.request)) is not None:
        return True
    found = walk.objects.read(name)
    if found is None:
        raise NeighbourUnavailableError(
            "The stored request came and went; something deletes running jobs."
        )
    return fingerprint(from_json(found[0])) == order.request_hash


def _claim(
    walk: Walk, order: Order, received: float
) -> tuple[Stand, Record, Lease | None]:
    """Take the job, the intent to pay written in, or learn how it stands."""
    request, now = order.request, walk.clock.now()
    fresh = Record(
        id=request.id,
        kind=request.kind,
        tenant=request.tenant or "",
        labels=dict(request.labels),
        request_hash=order.request_hash,
        holder=walk.holder,
        writer=secrets.token_hex(8),
        until=now + walk.timing.lease,
        created_at=received,
        trace=order.trace,
    )
    fresh = fresh.step("received", received).step("claimed", now)

    def budgeted(record: Record) -> Attempt | None:
        return None if _why_not(walk, order, record) else intend(walk, order, record)

    first = budgeted(fresh)
    if first is not None:
        fresh = fresh.but(attempts=(first,))
    standing, record, lease = claim(
        walk.objects,
        fresh,
        clock=walk.clock,
        timing=walk.timing,
        intend=budgeted,
        expired=order.expired,
    )
    if standing is Stand.EARLY:
        announce.flush(walk, record, fresh=False)
        raise TryLaterError("The job waits for its time; the queue keeps the message.")
    return standing, record, lease


def _why_not(walk: Walk, order: Order, record: Record) -> retry.Decision | None:
    """Return the end that stands in place of a call, None where one may be made."""
    if order.problems:
        return retry.GiveUp(State.REFUSED)
    if order.expired(walk.clock.now()):
        return retry.GiveUp(State.EXPIRED, "deadline")
    if record.attempts and record.attempts[-1].reason == "holder_lost":
        decision = retry.unknown(order.request)
        if decision is not None:
            return decision
    budget = money.exhausted(record.attempts, order.request)
    return retry.GiveUp(State.FAILED, budget) if budget else None


def _adopt(held: Held) -> bool:
    """Take what an earlier holder finished and could not commit; no call is made."""
    record = held.record
    for attempt in reversed(record.attempts):
        if attempt.fence == record.fence:
            continue
        name = names.manifest(record.id, attempt.fence, attempt.n)
        found = held.walk.objects.read(name)
        if found is not None:
            settle.adopted(held, Manifest.from_json(found[0]))
            return True
    return False


def _work(held: Held) -> None:
    """Call the model until it is decided how the job ends."""
    record = held.record
    if record.attempts and record.attempts[-1].open:
        trial.work(held)
        return
    decision = _why_not(held.walk, held.order, record)
    settle.unpaid(held, decision or retry.GiveUp(State.FAILED))
