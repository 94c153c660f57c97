"""The copy under the name that people chose, made once and told as it went.

The law: what became of the copy is written create-only before anybody is told, so
every publish of the event says the same, and never names what is not there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions.job import names, outcome
from functions.job.errors import NeighbourUnavailableError, ReferenceRefusedError
from functions.job.outcome import EventData, EventType
from functions.job.ports import Stored
from functions.job.walk import Step

if TYPE_CHECKING:
    from functions.job.record import Outgoing, Record
    from functions.job.walk import Walk


def place(walk: Walk, record: Record, item: Outgoing) -> dict[str, Any]:
    """Make the copy, or learn what became of it; return the event's fields of it.

    Raises:
        NeighbourUnavailableError: the bucket did not answer in time.

    """
    mark = names.sent(record.id, item.id)
    found = walk.objects.read(mark)
    if found is None:
        told = _copied(walk, item)
        walk.at(Step.COPIED)
        if walk.objects.create(mark, json.dumps(told, sort_keys=True).encode()):
            return told
        found = walk.objects.read(mark)
    if found is None:
        raise NeighbourUnavailableError(
            "The mark of a copy came and went; something deletes running jobs."
        )
    fields: dict[str, Any] = json.loads(found[0])
    return fields


def alarm(walk: Walk, record: Record, placed: dict[str, Any]) -> Outgoing | None:
    """Return what a person has to be told where the copy can never be made."""
    refused = placed.get("destination_refused")
    if not refused:
        return None
    data = EventData(
        id=record.id,
        kind=record.kind,
        tenant=record.tenant,
        labels=record.labels,
        state=record.state.value,
        record=walk.address(names.record(record.id)),
        trace=record.trace,
        verdict=refused,
    )
    return outcome.outgoing(EventType.ATTENTION, record, data)


def _copied(walk: Walk, item: Outgoing) -> dict[str, Any]:
    found, bucket, name = item.data["picture"], item.data["bucket"], item.data["name"]
    picture = Stored(
        uri=found["uri"],
        generation=found["generation"],
        content_type=found["content_type"],
        size=found["bytes"],
        crc32c=found["crc32c"],
        sha256=found["sha256"],
    )
    try:
        walk.copies.copy(picture, bucket=bucket, name=name)
    except ReferenceRefusedError as refused:
        why = {"reason": refused.reason, "change": str(refused)}
        return {"destination_refused": why}
    return {"destination": f"gs://{bucket}/{name}"}
