from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from functions.job.walk import Step
from functions.local import topology
from functions.local.faults import Rule
from functions.receive import receive

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


def test_poison_without_any_message_is_buried_by_its_body(world: World) -> None:
    """Not even an id: the body's hash names it, and the answer is 200."""
    before = set(world.listed("poison/"))
    body = b"[" * 100_000 + world.new_id().encode()
    for _ in range(2):
        assert receive(world.walk(), {}, body) == ("poison", 200)
    (kept,) = set(world.listed("poison/")) - before
    assert "/body-" in kept


def test_a_poison_record_that_vanishes_is_told_all_the_same(world: World) -> None:
    """Refused and then gone: the event goes out with the time of this delivery."""
    base = world.walk()

    class Vanishing:
        def create(self, name: str, body: bytes) -> int | None:
            return None

        def replace(self, name: str, body: bytes, generation: int) -> int | None:
            return base.objects.replace(name, body, generation)

        def read(self, name: str) -> tuple[bytes, int] | None:
            return None

    walk = dataclasses.replace(base, objects=Vanishing())
    body = b"[]" + world.new_id().encode()
    assert receive(walk, {}, body) == ("poison", 200)
