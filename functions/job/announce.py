"""Telling the world: what the outbox holds, conflicts, and poison.

The law: an event goes out from what is already written, under the same id however
often; a mark only saves the repetition.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from functions.job import names, outcome
from functions.job.errors import ReferenceRefusedError
from functions.job.outcome import EventData, EventType
from functions.job.poison import Poison, to_record
from functions.job.ports import Stored
from functions.job.record import Outgoing
from functions.job.walk import Step

if TYPE_CHECKING:
    from functions.job.errors import PoisonError
    from functions.job.ports import Delivery
    from functions.job.record import Record
    from functions.job.walk import Order, Walk


def flush(walk: Walk, record: Record, *, fresh: bool) -> None:
    """Do what the record says is to be done, unless a mark says it was.

    `fresh` means that this very run wrote the outbox, so no mark can stand yet.
    """
    for item in record.outbox:
        mark = names.sent(record.id, item.id)
        if not fresh and walk.objects.read(mark) is not None:
            continue
        if item.kind == "copy":
            _copy(walk, record, item)
            walk.at(Step.COPIED)
        else:
            _publish(walk, item, subject=record.id, trace=record.trace)
            walk.at(Step.PUBLISHED)
        walk.objects.create(mark, b"{}")
        walk.at(Step.MARKED)


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
        id=names.event_id(request.id, EventType.CONFLICT.value, order.request_hash),
        kind="event",
        type=EventType.CONFLICT.value,
        at=order.received,
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
    walk.objects.create(name, to_record(kept))
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


def _publish(walk: Walk, item: Outgoing, *, subject: str, trace: str) -> None:
    body = json.dumps(item.data, ensure_ascii=False, sort_keys=True).encode()
    walk.events.publish(body, outcome.attributes(item, subject=subject, trace=trace))


def _copy(walk: Walk, record: Record, item: Outgoing) -> None:
    """Make the copy; one that can never be made is told to a person instead."""
    found = item.data["picture"]
    picture = Stored(
        uri=found["uri"],
        generation=found["generation"],
        content_type=found["content_type"],
        size=found["bytes"],
        crc32c=found["crc32c"],
        sha256=found["sha256"],
    )
    try:
        walk.copies.copy(picture, bucket=item.data["bucket"], name=item.data["name"])
    except ReferenceRefusedError as refused:
        data = EventData(
            id=record.id,
            kind=record.kind,
            tenant=record.tenant,
            labels=record.labels,
            state=record.state.value,
            record=walk.address(names.record(record.id)),
            trace=record.trace,
            verdict={"reason": refused.reason, "change": str(refused)},
        )
        alarm = outcome.outgoing(EventType.ATTENTION, record, data)
        _publish(walk, alarm, subject=record.id, trace=record.trace)
