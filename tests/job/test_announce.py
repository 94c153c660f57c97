from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from functions.job import names
from functions.job.walk import Step
from functions.local import topology
from functions.local.faults import Rule

if TYPE_CHECKING:
    from tests.world import World

IMAGES = topology.IMAGES_BUCKET


def test_a_publish_that_fails_is_made_up_for_without_a_call(world: World) -> None:
    """The record is done and holds its outbox; the next delivery tells it."""
    job = world.new_id()
    rule = world.stack.faults.pubsub.add(
        Rule("publish", "status", times=999, contains="image-events")
    )
    walk = world.walk(PLANTAIN_STORAGE_SECONDS="1")
    request = {"id": job, "prompt": "p"}
    assert world.deliver(request, walk=walk) == ("again", 503)
    assert rule.fired >= 1
    assert world.said[-1]["error"] == "NeighbourUnavailableError"
    assert world.record(job).state.terminal
    world.stack.faults.clear()
    assert world.deliver(request) == ("done", 200)
    assert world.calls(job) == 1
    assert len(world.event_ids(job) | {world.event(job).id}) == 1


@pytest.mark.parametrize("step", [Step.SETTLED, Step.PUBLISHED])
def test_a_death_around_the_publish_tells_the_same_event_again(
    world: World, step: Step
) -> None:
    """Published at least once, always under one id with one content."""
    job = world.new_id()

    class Died(BaseException):
        pass

    def at(passed: Step) -> None:
        if passed is step:
            raise Died

    walk = dataclasses.replace(world.walk(), at=at)
    with pytest.raises(Died):
        world.deliver({"id": job, "prompt": "p"}, walk=walk)
    assert world.deliver({"id": job, "prompt": "p"}) == ("done", 200)
    world.event(job)
    assert len(world.event_ids(job)) == 1
    assert len({str(e.data) for e in world.stack.events(job)}) == 1
    assert world.calls(job) == 1


def _copied(world: World, job: str, **destination: str) -> Any:
    place = {"bucket": IMAGES, **destination}
    request = {"id": job, "prompt": "p", "destination": place}
    assert world.deliver(request) == ("done", 200)
    return world.event(job)


def test_the_copy_stands_before_anybody_is_told(world: World) -> None:
    """Under the chosen name, with the same bytes; the event names it."""
    job = world.new_id()
    event = _copied(world, job, prefix="shop", name=f"{job}.jpg")
    name = f"shop/{job}.jpg"
    assert event.data["destination"] == f"gs://{IMAGES}/{name}"
    assert world.read(name, IMAGES) == world.read(world.pictures(job)[0], IMAGES)
    assert len(world.listed(f"{names.folder(job)}sent/")) == 2
    assert world.deliver(
        {
            "id": job,
            "prompt": "p",
            "destination": {"bucket": IMAGES, "prefix": "shop", "name": f"{job}.jpg"},
        }
    ) == ("done", 200)


def test_a_place_that_is_taken_is_told_to_a_person(world: World) -> None:
    """Nothing is overwritten, the job stays done, and somebody hears of it."""
    job = world.new_id()
    bucket = world.stack.neighbours.storage.bucket(IMAGES)
    bucket.blob(f"shop/{job}.jpg").upload_from_string(b"theirs")
    _copied(world, job, prefix="shop", name=f"{job}.jpg")
    world.event(job, 2)
    told = {e.type: e for e in world.stack.events(job)}
    alarm = told["plantain.job.attention.v1"]
    assert alarm.data["verdict"]["reason"]
    assert "plantain.image.completed.v1" in told
    assert world.read(f"shop/{job}.jpg", IMAGES) == b"theirs"


def test_a_bucket_that_is_away_holds_the_announcement_back(world: World) -> None:
    """The copy comes first, so the event never names what is not there."""
    job = world.new_id()
    world.stack.faults.storage.add(
        Rule("POST /storage", "status", times=999, contains="rewriteTo")
    )
    place = {"bucket": IMAGES, "prefix": "shop", "name": f"{job}.jpg"}
    request = {"id": job, "prompt": "p", "destination": place}
    assert world.deliver(request) == ("again", 503)
    assert world.stack.events(job) == []
    world.stack.faults.clear()
    assert world.deliver(request) == ("done", 200)
    assert world.event(job).data["destination"]


def test_poison_without_any_message_is_buried_by_its_body(world: World) -> None:
    """Not even an id: the body's hash names it, and the answer is 200."""
    from functions.receive import receive  # noqa: PLC0415  # beside its only use

    before = set(world.listed("poison/"))
    body = b"[" * 100_000 + world.new_id().encode()
    for _ in range(2):
        assert receive(world.walk(), {}, body) == ("poison", 200)
    (kept,) = set(world.listed("poison/")) - before
    assert "/body-" in kept
