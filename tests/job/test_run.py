from __future__ import annotations

import dataclasses
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from functions.job import names
from functions.job.record import State
from functions.local.faults import Rule
from tests.world import TRACE

if TYPE_CHECKING:
    from tests.world import World


def test_one_event_in_one_image_out(world: World) -> None:
    """The picture is in the bucket, the record says so, and the event tells it."""
    job = world.new_id()
    answer = world.deliver(
        {"id": job, "prompt": "a pear", "labels": {"shop": "7"}, "tenant": "t"},
        trace=TRACE,
    )
    assert answer == ("done", 200)
    record = world.record(job)
    assert record.state is State.DONE
    assert [(a.paid, a.klass) for a in record.attempts] == [("yes", "image")]
    event = world.event(job)
    assert event.attributes["ce-type"] == "plantain.image.completed.v1"
    assert event.attributes["ce-traceparent"] == TRACE
    assert event.data["trace"] == TRACE
    assert event.data["labels"] == {"shop": "7"}
    (image,) = event.data["images"]
    assert [image["uri"]] == [
        f"gs://plantain-local-images/{name}" for name in world.pictures(job)
    ]
    assert world.paid(job) == 1


def test_the_walks_steps_are_told_in_order(world: World) -> None:
    """Whoever asks where the time went finds every step with its time."""
    job = world.new_id()
    world.deliver({"id": job, "prompt": "p"})
    steps = [(s.step, s.at) for s in world.record(job).steps]
    assert [name for name, _ in steps] == [
        "received",
        "claimed",
        "asked",
        "answered",
        "kept",
        "settled",
    ]
    assert sorted(steps, key=lambda s: s[1]) == steps


def test_a_second_delivery_asks_nothing_and_tells_nothing(world: World) -> None:
    """The end is found, the mark is found, and the message is acknowledged."""
    job = world.new_id()
    request = {"id": job, "prompt": "p"}
    first = world.deliver(request)
    before = world.record(job)
    published = len(world.said)
    assert world.deliver(request) == first
    assert world.record(job) == before
    assert world.calls(job) == 1
    assert [s["action"] for s in world.said[published:]] == []


def test_two_at_once_pay_once(world: World) -> None:
    """One claims, the other waits for the end and acknowledges it."""
    job = world.new_id()
    world.script(job, "delay=0.3")
    answers: list[tuple[str, int]] = []
    walk = dataclasses.replace(
        world.walk(), clock=world.stack.clock, timing=world.walk().timing
    )
    threads = [
        threading.Thread(
            target=lambda: answers.append(
                world.deliver({"id": job, "prompt": "p"}, walk=walk)
            )
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [("done", 200)] * 4
    assert world.calls(job) == 1
    world.event(job)
    assert len(world.event_ids(job)) == 1


def test_the_message_id_is_the_key_where_the_sender_gave_none(world: World) -> None:
    """Two messages of one body are two wishes; one message is one."""
    first, second = world.new_id(), world.new_id()
    for message in (first, first, second):
        world.deliver({"prompt": "the same"}, message_id=message)
    assert [world.calls(job) for job in (first, second)] == [1, 1]


def test_another_request_under_the_same_id_is_a_conflict(world: World) -> None:
    """The first stays as it is; the second is told, acknowledged and not paid."""
    job = world.new_id()
    world.deliver({"id": job, "prompt": "first"})
    before = world.record(job)
    assert world.deliver({"id": job, "prompt": "second"}) == ("conflict", 200)
    assert world.deliver({"id": job, "prompt": "second"}) == ("conflict", 200)
    assert world.record(job) == before
    assert world.calls(job) == 1
    told = [e for e in _events(world, job, 2) if "conflict" in e.attributes["ce-type"]]
    assert told[0].data["verdict"]["reason"] == "id_taken"


def test_a_conflict_is_seen_before_there_is_a_record(world: World) -> None:
    """The stored request decides whose job it is, even before the claim."""
    job = world.new_id()
    stored = json.dumps({"id": job, "kind": "generate", "prompt": "first"})
    world.walk().objects.create(names.request(job), stored.encode())
    assert world.deliver({"id": job, "prompt": "second"}) == ("conflict", 200)
    assert world.read(names.record(job)) is None


def test_a_record_of_another_request_is_a_conflict(world: World) -> None:
    """Where the stored request is gone, the record still knows its hash."""
    job = world.new_id()
    world.deliver({"id": job, "prompt": "first"})
    bucket = world.stack.neighbours.storage.bucket("plantain-local-state")
    bucket.blob(names.request(job)).delete()
    assert world.deliver({"id": job, "prompt": "second"}) == ("conflict", 200)


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"aspect_ratio": "7:3"}, "not_supported", "aspect_ratio"),
        ({"image_size": "1k"}, "not_supported", "image_size"),
        ({"lane": "batch"}, "not_yet", "lane"),
        ({"session": "s"}, "not_yet", "session"),
        ({"mask": {"uri": "gs://b/o"}}, "not_yet", "mask"),
    ],
)
def test_what_cannot_pass_is_refused_before_it_is_paid(
    world: World, change: dict[str, Any], reason: str, field: str
) -> None:
    """A refused record names the field and the remedy, and no call is made."""
    job = world.new_id()
    assert world.deliver({"id": job, "prompt": "p", **change}) == ("refused", 200)
    record = world.record(job)
    assert record.attempts == ()
    assert record.result is not None
    assert record.result.verdict["reason"] == reason
    assert record.result.verdict["field"] == field
    assert world.calls(job) == 0
    assert world.event(job).attributes["ce-type"] == "plantain.image.refused.v1"


def test_an_edit_on_the_topic_of_generate_is_refused(world: World) -> None:
    """Each door has the rights of its own kind only."""
    job = world.new_id()
    request = {
        "id": job,
        "kind": "edit",
        "prompt": "p",
        "images": [{"uri": "gs://b/o"}],
    }
    answer = world.deliver(request, walk=world.walk("generate"))
    assert answer == ("refused", 200)
    result = world.record(job).result
    assert result is not None
    assert result.verdict["reason"] == "other_topic"


def test_a_deadline_that_passed_ends_the_job_unpaid(world: World) -> None:
    """Nobody wants the picture any more."""
    job = world.new_id()
    then = datetime.fromtimestamp(world.clock.now() - 1, UTC).isoformat()
    request = {"id": job, "prompt": "p", "deadline": then}
    assert world.deliver(request) == ("expired", 200)
    assert world.calls(job) == 0
    assert world.event(job).attributes["ce-type"] == "plantain.image.expired.v1"


def test_poison_is_recorded_told_and_acknowledged(world: World) -> None:
    """No redelivery could turn it into a request."""
    message = world.new_id()
    body = b'{"prompt": "p", "negative_prompt": "secret words"}'
    assert world.deliver(body, message_id=message) == ("poison", 200)
    event = world.event(message)
    assert event.attributes["ce-type"] == "plantain.image.failed.v1"
    assert event.data["verdict"]["reason"] == "unknown_field"
    kept = world.read(event.data["record"].removeprefix("gs://plantain-local-state/"))
    assert kept is not None
    assert b"secret words" not in kept
    assert world.deliver(body, message_id=message) == ("poison", 200)
    assert world.event_ids(message) == {event.id}


def test_a_stored_request_that_vanishes_is_not_taken_for_another(world: World) -> None:
    """Refused and then gone: the queue delivers again."""
    job = world.new_id()
    request = names.request(job)

    class Vanishing:
        def create(self, name: str, body: bytes) -> int | None:
            return None if name == request else objects.create(name, body)

        def replace(self, name: str, body: bytes, generation: int) -> int | None:
            return objects.replace(name, body, generation)

        def read(self, name: str) -> tuple[bytes, int] | None:
            return objects.read(name)

    objects = world.walk().objects
    walk = dataclasses.replace(world.walk(), objects=Vanishing())
    assert world.deliver({"id": job, "prompt": "p"}, walk=walk) == ("again", 503)


def test_a_damaged_record_is_left_as_it_is(world: World) -> None:
    """Never overwritten, never acknowledged, and a person is told once."""
    job = world.new_id()
    world.walk().objects.create(names.record(job), b"{broken")
    for _ in range(2):
        assert world.deliver({"id": job, "prompt": "p"}) == ("again", 503)
    assert world.event(job).type == "plantain.job.attention.v1"
    assert len(world.stack.events(job)) == 1
    assert world.read(names.record(job)) == b"{broken"
    assert world.said[-1]["action"] == "damaged"


def test_a_lost_reply_to_the_claim_is_not_a_conflict(world: World) -> None:
    """The library repeats and is told 412 by our own record; we read it back."""
    job = world.new_id()
    rule = world.stack.faults.storage.add(
        Rule("POST /upload", "drop_after", contains="uploadType=media", nth=2)
    )
    assert world.deliver({"id": job, "prompt": "p"}) == ("done", 200)
    assert rule.fired == 1
    assert world.calls(job) == 1
    assert world.record(job).fence == 1


def _events(world: World, job: str, count: int) -> list[Any]:
    world.event(job, count)
    return world.stack.events(job)
