from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from functions.job import names
from functions.job.record import Manifest
from functions.job.walk import Step

if TYPE_CHECKING:
    from tests.world import World

ORDER = {"prompt": "p", "aspect_ratio": "16:9", "on_mismatch": "retry"}


def test_a_paid_picture_is_not_lost_to_a_repeat_that_fails(world: World) -> None:
    """Otherwise than ordered, then blocked: the picture is kept, flagged."""
    job = world.new_id()
    world.script(job, "pixels=512x512", "image_safety")
    assert world.deliver({"id": job, **ORDER}) == ("done", 200)
    data = world.event(job).data
    assert data["mismatch"] == ["aspect_ratio"]
    assert [a["class"] for a in data["attempts"]] == ["image", "blocked_output"]
    assert world.pictures(job) == [data["images"][0]["uri"].split("images/")[1]]
    assert "/a1-1/" in data["images"][0]["uri"]
    found = world.read(names.manifest(job, 1, 1))
    assert found is not None
    assert Manifest.from_json(found).result.mismatch == ("aspect_ratio",)


def test_a_repeat_that_is_as_ordered_takes_its_place(world: World) -> None:
    """The first was paid for and is not shown; the second is what was wanted."""
    job = world.new_id()
    world.script(job, "pixels=512x512")
    assert world.deliver({"id": job, **ORDER}) == ("done", 200)
    data = world.event(job).data
    assert data["mismatch"] == []
    assert data["paid_calls"] == 2
    assert len(world.pictures(job)) == 1
    assert "/a1-2/" in data["images"][0]["uri"]


@pytest.mark.parametrize("step", [Step.KEPT, Step.MANIFESTED])
def test_a_death_after_the_pictures_are_visible_ends_well(
    world: World, step: Step
) -> None:
    """With a manifest the successor adopts; without one it asks once more."""
    job = world.new_id()

    class Died(BaseException):
        pass

    def at(passed: Step) -> None:
        if passed is step:
            raise Died

    walk: Any = dataclasses.replace(world.walk(), at=at)
    with pytest.raises(Died):
        world.deliver({"id": job, "prompt": "p"}, walk=walk)
    assert world.deliver({"id": job, "prompt": "p"}) == ("done", 200)
    assert world.calls(job) == (1 if step is Step.MANIFESTED else 2)
