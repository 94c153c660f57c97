"""Telling the world: what the outbox holds, conflicts, and poison.

The law: an event goes out from what is already written, under the same id however
often; a mark only saves the repetition.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.job import names, outcome, placing
from functions.job.errors import DamagedRecordError
from functions.job.outcome import EventData, EventType
from functions.job.poison import Poison, to_record
from functions.job.record import Outgoing
from functions.job.walk import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.job.errors import PoisonError
    from functions.job.ports import Delivery
    from functions.job.record import Record
    from functions.job.request import Request
    from functions.job.walk import Order, Walk


def flush(walk: Walk, record: Record, *, fresh: bool) -> None:
    """Do what the record says is to be done, unless a mark says it was.

    `fresh` means that this very run wrote the outbox, so no mark can stand yet.
    """
    placed: dict[str, Any] = {}
    for item in record.outbox:
        if item.kind == "copy":
            placed = placing.place(walk, record, item)
            continue
        told = item.but(data=item.data | placed)
        _tell(walk, told, record, fresh=fresh)
    alarm = placing.alarm(walk, record, placed)
    if alarm is not None:
        _tell(walk, alarm, record, fresh=fresh)


def _tell(walk: Walk, item: Outgoing, record: Record, *, fresh: bool) -> None:
    mark = names.sent(record.id, item.id)
    if not fresh and walk.objects.read(mark) is not None:
        return
    _publish(walk, item, subject=record.id, trace=record.trace)
    walk.at(Step.PUBLISHED)
    walk.objects.create(mark, b"{}")
    walk.at(Step.MARKED)


@contextmanager
def damage(walk: Walk, request: Request) -> Iterator[None]:
    """Tell a person, once, where what is stored of a job cannot be read."""
    try:
        yield
    except DamagedRecordError as error:
        _damaged(walk, request.id, request.kind, str(error))
        raise


def _damaged(walk: Walk, job: str, kind: str, why: str) -> None:
    data = EventData(
        id=job,
        kind=kind,
        state="damaged",
        record=walk.address(names.record(job)),
        verdict={"reason": "damaged_record", "change": why},
    )
    item = Outgoing(
        id=names.event_id(job, EventType.ATTENTION.value, "damaged"),
        kind="event",
        type=EventType.ATTENTION.value,
        at=walk.clock.now(),
        data=data.model_dump(mode="json", by_alias=True),
    )
    mark = names.sent(job, item.id)
    if walk.objects.read(mark) is None:
        _publish(walk, item, subject=job, trace="")
        walk.objects.create(mark, b"{}")


def conflict(walk: Walk, order: Order) -> str:
    """Tell that another request was already made under this id; nothing is paid."""
    request = order.request
    data = EventData(
        id=request.id,
        kind=request.kind,
        tenant=request.tenant or "",
        labels=dict(request.labels),
        state="conflict",
        record=walk.address(names.record(request.id)),
        trace=order.trace,
        verdict={
            "class": "bad_request",
            "retry": "change_request",
            "billable": False,
            "reason": "id_taken",
            "change": "This id already names another request: send a new id.",
        },
    )
    item = Outgoing(
        id=names.event_id(request.id, EventType.CONFLICT.value, order.message_id),
        kind="event",
        type=EventType.CONFLICT.value,
        at=order.published,
        data=data.model_dump(mode="json", by_alias=True),
    )
    _publish(walk, item, subject=request.id, trace=order.trace)
    walk.say("conflict", job=request.id)
    return "conflict"


def bury(
    walk: Walk, delivery: Delivery, poison: PoisonError, content: bytes | None = None
) -> str:
    """Record a message that is no request, tell it, and let it be acknowledged.

    `content` is the whole body where not even a message was found in it.
    """
    now = walk.clock.now()
    # The publish time is the same at each delivery, so the second finds the first.
    at = now if delivery.publish_time is None else delivery.publish_time
    name = names.poison(delivery.message_id, at)
    kept = Poison(
        message_id=delivery.message_id,
        error=poison,
        content=(delivery.data or b"") if content is None else content,
        attributes=delivery.attributes,
        subscription=delivery.subscription,
        attempt=delivery.attempt,
        received_at=now,
    )
    known = walk.objects.create(name, to_record(kept)) is None
    if known and delivery.publish_time is None:
        at = _first_seen(walk, name, at)
    data = EventData(
        id=delivery.message_id,
        kind="poison",
        state="failed",
        record=walk.address(name),
        trace=delivery.trace,
        verdict={
            "class": "bad_request",
            "retry": "change_request",
            "billable": False,
            "reason": poison.reason,
            "field": poison.field,
            "change": str(poison),
        },
    )
    item = Outgoing(
        id=names.poison_event_id(delivery.message_id),
        kind="event",
        type=EventType.FAILED.value,
        at=at,
        data=data.model_dump(mode="json", by_alias=True),
    )
    _publish(walk, item, subject=delivery.message_id, trace=delivery.trace)
    walk.say("poison", reason=poison.reason, message_id=delivery.message_id)
    return "poison"


def _first_seen(walk: Walk, name: str, at: float) -> float:
    """Return when a poison message without a publish time was first recorded."""
    found = walk.objects.read(name)
    if found is None:
        return at
    return datetime.fromisoformat(json.loads(found[0])["received"]).timestamp()


def _publish(walk: Walk, item: Outgoing, *, subject: str, trace: str) -> None:
    body = json.dumps(item.data, ensure_ascii=False, sort_keys=True).encode()
    walk.events.publish(body, outcome.attributes(item, subject=subject, trace=trace))
