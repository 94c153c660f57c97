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


def test_a_place_that_is_taken_is_told_and_never_claimed(world: World) -> None:
    """Nothing is overwritten; the event names no destination but why there is none."""
    job = world.new_id()
    bucket = world.stack.neighbours.storage.bucket(IMAGES)
    bucket.blob(f"shop/{job}.jpg").upload_from_string(b"theirs")
    _copied(world, job, prefix="shop", name=f"{job}.jpg")
    world.event(job, 2)
    told = {e.type: e for e in world.stack.events(job)}
    alarm = told["plantain.job.attention.v1"]
    done = told["plantain.image.completed.v1"]
    assert alarm.data["verdict"]["reason"]
    assert done.data["destination"] == ""
    assert done.data["destination_refused"] == alarm.data["verdict"]
    assert world.read(f"shop/{job}.jpg", IMAGES) == b"theirs"
    before = len(world.stack.events(job))
    place = {"bucket": IMAGES, "prefix": "shop", "name": f"{job}.jpg"}
    assert world.deliver({"id": job, "prompt": "p", "destination": place}) == (
        "done",
        200,
    )
    assert len(world.stack.events(job)) == before


def test_a_place_that_is_not_allowed_is_refused_unpaid(world: World) -> None:
    """Known before the call, so nothing is paid for a copy that cannot be."""
    job = world.new_id()
    request = {"id": job, "prompt": "p", "destination": {"bucket": "not-listed-bucket"}}
    assert world.deliver(request) == ("refused", 200)
    assert world.calls(job) == 0
    assert world.event(job).data["verdict"]["field"] == "destination"


def test_what_became_of_the_copy_is_written_before_it_is_told(world: World) -> None:
    """Whoever publishes later says what the first one found, even if it changed."""
    job = world.new_id()

    class Died(BaseException):
        pass

    def at(step: Step) -> None:
        if step is Step.PUBLISHED:
            raise Died

    bucket = world.stack.neighbours.storage.bucket(IMAGES)
    theirs = bucket.blob(f"shop/{job}.jpg")
    theirs.upload_from_string(b"theirs")
    place = {"bucket": IMAGES, "prefix": "shop", "name": f"{job}.jpg"}
    request = {"id": job, "prompt": "p", "destination": place}
    with pytest.raises(Died):
        world.deliver(request, walk=dataclasses.replace(world.walk(), at=at))
    theirs.delete()
    assert world.deliver(request) == ("done", 200)
    world.event(job, 2)
    done = [e for e in world.stack.events(job) if "completed" in e.type]
    assert len({str(e.data) for e in done}) == 1
    assert done[0].data["destination_refused"]


@pytest.mark.parametrize("gone", [True, False])
def test_a_mark_that_another_wrote_first_is_what_is_told(
    world: World, gone: bool
) -> None:
    """Two publishers at once tell one outcome; a mark that vanishes tells none."""
    job = world.new_id()
    base = world.walk()
    mark = names.sent(job, names.event_id(job, "copy"))
    theirs = b'{"destination": "gs://theirs/x"}'

    class Racing:
        def create(self, name: str, body: bytes) -> int | None:
            if name != mark:
                return base.objects.create(name, body)
            if not gone:
                base.objects.create(name, theirs)
            return None

        def replace(self, name: str, body: bytes, generation: int) -> int | None:
            return base.objects.replace(name, body, generation)

        def read(self, name: str) -> tuple[bytes, int] | None:
            return base.objects.read(name)

    place = {"bucket": IMAGES, "prefix": "shop", "name": f"{job}.jpg"}
    request = {"id": job, "prompt": "p", "destination": place}
    walk = dataclasses.replace(base, objects=Racing())
    answer = world.deliver(request, walk=walk)
    assert answer == (("again", 503) if gone else ("done", 200))
    if not gone:
        assert world.event(job).data["destination"] == "gs://theirs/x"


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
