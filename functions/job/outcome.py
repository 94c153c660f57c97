"""What the world is told: CloudEvents with references only, the same at every publish.

No event carries image bytes, a prompt, a key or a thought signature. An event is
made once, inside the record, and published from there: its id and content never
depend on who publishes it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from functions.job import names
from functions.job.record import Outgoing, Picture, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.job.record import Attempt, Record
    from functions.job.request import Request

SOURCE: Final = "//plantain/jobs"


class EventType(StrEnum):
    """Every type of event that is published."""

    COMPLETED = "plantain.image.completed.v1"
    FAILED = "plantain.image.failed.v1"
    REFUSED = "plantain.image.refused.v1"
    DEFERRED = "plantain.image.deferred.v1"
    EXPIRED = "plantain.image.expired.v1"
    CANCELLED = "plantain.image.cancelled.v1"
    CONFLICT = "plantain.request.conflict.v1"
    ATTENTION = "plantain.job.attention.v1"


_OF_STATE: Final = {
    State.DONE: EventType.COMPLETED,
    State.FAILED: EventType.FAILED,
    State.REFUSED: EventType.REFUSED,
    State.WAIT: EventType.DEFERRED,
    State.EXPIRED: EventType.EXPIRED,
    State.CANCELLED: EventType.CANCELLED,
}


class AttemptData(BaseModel):
    """One call to the model, as the event tells it."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    n: int
    route: str
    model: str
    host: str
    klass: str = Field(alias="class")
    reason: str
    seconds: float | None
    paid: str


class EventData(BaseModel):
    """The data of every image event."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_version: int = Field(default=1, alias="schema")
    id: str
    kind: str
    tenant: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    state: str
    asked: dict[str, Any] = Field(default_factory=dict)
    got: dict[str, Any] = Field(default_factory=dict)
    mismatch: tuple[str, ...] = ()
    images: tuple[Picture, ...] = ()
    text: str = Field(default="", repr=False)
    grounding: dict[str, Any] = Field(default_factory=dict)
    verdict: dict[str, Any] = Field(default_factory=dict)
    attempts: tuple[AttemptData, ...] = ()
    paid_calls: int = 0
    unknown_calls: int = 0
    cost: dict[str, Any] = Field(default_factory=dict)
    times: dict[str, str] = Field(default_factory=dict)
    record: str = ""
    destination: str = ""
    destination_refused: dict[str, str] = Field(default_factory=dict)
    provenance: dict[str, bool] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    trace: str = ""
    due: str = ""


def event(
    record: Record, request: Request, *, uri: str, extra: Mapping[str, Any]
) -> Outgoing:
    """Return the event that announces `record`'s state.

    `uri` is the record's address; `extra` are the fields of `EventData` that only
    the walk knows (cost, warnings, destination, due).
    """
    kind = _OF_STATE[record.state]
    result = record.result
    images = result.images if result else ()
    last = images[-1] if images else None
    data = EventData(
        id=record.id,
        kind=record.kind,
        tenant=record.tenant,
        labels=record.labels,
        state=record.state.value,
        asked=_asked(request),
        got=_got(last, result.model if result else ""),
        mismatch=result.mismatch if result else (),
        images=images,
        text=result.text if result else "",
        grounding=result.extra.get("grounding", {}) if result else {},
        verdict=result.verdict if result else {},
        attempts=tuple(_attempt(a) for a in record.attempts),
        paid_calls=sum(1 for a in record.attempts if a.paid == "yes"),
        unknown_calls=sum(1 for a in record.attempts if a.paid == "unknown"),
        times={step.step: stamp(step.at) for step in record.steps},
        record=uri,
        # Every picture of these models carries SynthID by Google's word; C2PA was
        # looked for in the bytes.
        provenance={"synthid": True, "c2pa": last.c2pa} if last else {},
        trace=record.trace,
    )
    return outgoing(kind, record, data.model_copy(update=dict(extra)))


def outgoing(kind: EventType, record: Record, data: EventData) -> Outgoing:
    """Return an event of `kind` about `record`, its id fixed by what it tells."""
    # A job may be deferred more than once, by one holder after another.
    turn = record.fence if kind in {EventType.DEFERRED, EventType.ATTENTION} else 0
    return Outgoing(
        id=names.event_id(record.id, kind.value, turn),
        kind="event",
        type=kind.value,
        at=record.steps[-1].at if record.steps else record.created_at,
        data=data.model_dump(mode="json", by_alias=True),
    )


def stamp(at: float) -> str:
    """Return a time as RFC 3339, UTC, milliseconds."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def attributes(item: Outgoing, *, subject: str, trace: str) -> dict[str, str]:
    """Return the CloudEvents attributes of `item` in the Pub/Sub binary binding."""
    found = {
        "ce-specversion": "1.0",
        "ce-id": item.id,
        "ce-source": SOURCE,
        "ce-type": item.type,
        "ce-subject": subject,
        "ce-time": stamp(item.at),
        "ce-datacontenttype": "application/json",
        "content-type": "application/json",
    }
    if trace:
        found["ce-traceparent"] = found["googclient_traceparent"] = trace
    return found


def _asked(request: Request) -> dict[str, Any]:
    asked = {
        "model": request.model,
        "aspect_ratio": request.aspect_ratio,
        "image_size": request.image_size,
        "images": len(request.images) or None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _got(picture: Picture | None, model: str) -> dict[str, Any]:
    if picture is None:
        return {}
    return {
        "model": model,
        "content_type": picture.content_type,
        "width": picture.width,
        "height": picture.height,
    }


def _attempt(attempt: Attempt) -> AttemptData:
    ended = attempt.ended_at
    return AttemptData(
        n=attempt.n,
        route=attempt.route,
        model=attempt.model,
        host=attempt.host,
        klass=attempt.klass,
        reason=attempt.reason,
        seconds=None if ended is None else round(ended - attempt.started_at, 3),
        paid=attempt.paid,
    )
