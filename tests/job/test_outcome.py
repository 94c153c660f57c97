from __future__ import annotations

import pytest

from functions.job import outcome
from functions.job.outcome import EventData, EventType
from functions.job.record import Attempt, Outgoing, Picture, Record, Result, State
from functions.job.request import Request

PICTURE = Picture(
    uri="gs://b/n",
    generation=1,
    content_type="image/jpeg",
    bytes=10,
    crc32c="AAAAAA==",
    sha256="00",
    width=4,
    height=3,
    c2pa=True,
)


def record(state: State, **more: object) -> Record:
    attempts = (
        Attempt(n=1, fence=1, route="r", model="m", started_at=1.0, ended_at=3.5),
        Attempt(n=2, fence=1, route="r", model="m", started_at=4.0, paid="yes"),
    )
    made = Record(
        id="j", kind="generate", request_hash="h", created_at=1.0, attempts=attempts
    )
    return made.step("settled", 1_763_719_200.0).but(state=state, **more)


def told(found: Record, **asked: object) -> Outgoing:
    request = Request.model_validate({"id": "j", "prompt": "secret words", **asked})
    return outcome.event(found, request, uri="gs://s/r", extra={"cost": {"usd": 1}})


@pytest.mark.parametrize("state", [s for s in State if s is not State.RUN])
def test_every_end_has_its_event(state: State) -> None:
    """The type follows from the state, and the data says it too."""
    item = told(record(state))
    assert item.data["state"] == state.value
    assert item.type in set(EventType)
    assert item.at == 1_763_719_200.0


def test_an_event_depends_on_the_record_only() -> None:
    """Whoever publishes it, and when, the id and the content are the same."""
    assert told(record(State.DONE)) == told(record(State.DONE))
    first = told(record(State.WAIT, fence=1))
    assert first.id != told(record(State.WAIT, fence=2)).id
    end = told(record(State.FAILED, fence=1))
    assert end.id == told(record(State.FAILED, fence=2)).id


def test_a_picture_is_told_by_reference() -> None:
    """Asked and got, provenance, cost; and never a word of the prompt."""
    result = Result(images=(PICTURE,), model="m-1", text="t", mismatch=("image_size",))
    item = told(record(State.DONE, result=result), aspect_ratio="4:3")
    data = EventData.model_validate(item.data)
    assert data.asked == {"aspect_ratio": "4:3"}
    assert data.got["model"] == "m-1"
    assert data.got["width"] == 4
    assert data.provenance == {"synthid": True, "c2pa": True}
    assert data.attempts[0].seconds == 2.5
    assert data.attempts[1].seconds is None
    assert (data.paid_calls, data.unknown_calls) == (1, 1)
    assert data.times == {"settled": "2025-11-21T10:00:00.000Z"}
    assert "secret" not in str(item.data)


def test_without_a_picture_nothing_is_claimed_of_one() -> None:
    """No provenance and nothing got."""
    data = told(record(State.FAILED)).data
    assert data["got"] == {}
    assert data["provenance"] == {}


@pytest.mark.parametrize("trace", ["", "00-" + "a" * 32 + "-" + "b" * 16 + "-01"])
def test_the_binding_carries_the_envelope(trace: str) -> None:
    """CloudEvents 1.0 as attributes; the trace only where there is one."""
    item = told(record(State.DONE))
    found = outcome.attributes(item, subject="j", trace=trace)
    assert found["ce-id"] == item.id
    assert found["ce-subject"] == "j"
    assert found["ce-time"] == "2025-11-21T10:00:00.000Z"
    assert ("ce-traceparent" in found) is bool(trace)
