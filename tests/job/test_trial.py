from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions.job import names
from functions.job.errors import FencedError, NeighbourUnavailableError
from functions.job.record import Record, State
from functions.job.walk import Step
from functions.local import topology
from functions.local.faults import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.job.ports import Album
    from tests.world import World

INBOX = topology.INBOX_BUCKET


def test_chance_is_asked_again_and_each_call_is_written_first(world: World) -> None:
    """IMAGE_OTHER twice, then a picture: three attempts, one paid, one event."""
    job = world.new_id()
    world.script(job, "image_other", "image_other")
    seen: list[int] = []

    def at(step: Step) -> None:
        if step is Step.ASKED:
            seen.append(len(world.record(job).attempts))

    walk = dataclasses.replace(world.walk(), at=at)
    assert world.deliver({"id": job, "prompt": "p"}, walk=walk) == ("done", 200)
    assert seen == [1, 2, 3]
    attempts = world.record(job).attempts
    assert [(a.klass, a.paid) for a in attempts] == [
        ("image_other", "no"),
        ("image_other", "no"),
        ("image", "yes"),
    ]
    assert len(world.pictures(job)) == 1
    assert world.pictures(job)[0].split("/")[1] == "a1-3"


@pytest.mark.parametrize(
    ("scenario", "answer", "klass"),
    [
        ("prompt_block", "refused", "blocked_prompt"),
        ("image_safety", "refused", "blocked_output"),
        ("quota_zero", "failed", "quota_zero"),
        ("key_invalid", "failed", "auth"),
        ("refusal", "refused", "refused_text"),
    ],
)
def test_what_no_repeat_can_cure_is_asked_once(
    world: World, scenario: str, answer: str, klass: str
) -> None:
    """One call, an end with its class, and nothing visible in the bucket."""
    job = world.new_id()
    world.script(job, scenario)
    assert world.deliver({"id": job, "prompt": "p"}) == (answer, 200)
    assert world.calls(job) == 1
    assert world.event(job).data["verdict"]["class"] == klass
    assert world.pictures(job) == []
    types = {e.type for e in world.stack.events(job)}
    attention = "plantain.job.attention.v1" in types
    if answer == "failed":
        world.event(job, 2)
        types = {e.type for e in world.stack.events(job)}
        assert "plantain.job.attention.v1" in types
    else:
        assert not attention


def test_an_overloaded_model_is_waited_out_inside_the_run(world: World) -> None:
    """Backoff through the clock, no money spent on it."""
    job = world.new_id()
    world.script(job, "overloaded", "overloaded")
    before = world.clock.waited
    assert world.deliver({"id": job, "prompt": "p"}) == ("done", 200)
    assert world.clock.waited - before > 2
    assert world.paid(job) == 1


def test_a_cut_answer_leaves_nothing_visible_and_is_counted(world: World) -> None:
    """The connection breaks in the picture: unknown, repeated once, then the limit."""
    job = world.new_id()
    world.script(job, "reset=0.5", "reset=0.5")
    assert world.deliver({"id": job, "prompt": "p"}) == ("failed", 200)
    record = world.record(job)
    assert [(a.klass, a.paid) for a in record.attempts] == [
        ("malformed_body", "unknown")
    ] * 2
    assert world.pictures(job) == []
    assert world.event(job).data["unknown_calls"] == 2


def test_what_only_looks_like_a_picture_is_no_picture(world: World) -> None:
    """Bytes that are no picture never end as done, whatever the type claimed."""
    job = world.new_id()
    walk = world.walk()

    def ask(call: Any, album: Any, *, alive: Any) -> Any:
        answer = walk.model.ask(call, cast("Album", _Spoiled(album)), alive=alive)
        return dataclasses.replace(answer)

    class Model:
        route = "native"

        def ask(self, call: Any, album: Any, *, alive: Any) -> Any:
            return ask(call, album, alive=alive)

    spoiled = dataclasses.replace(walk, model=Model())
    answer = world.deliver(
        {"id": job, "prompt": "p", "max_paid_calls": 1}, walk=spoiled
    )
    assert answer == ("failed", 200)
    assert world.pictures(job) == []
    assert world.record(job).attempts[0].klass == "malformed_body"


class _Spoiled:
    """Turns the first bytes of every picture into something else."""

    def __init__(self, album: Any) -> None:
        self._album = album
        self._first = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._album, name)

    def write(self, data: bytes) -> None:
        if self._first:
            data = b"<svg>" + bytes(data)[5:]
            self._first = False
        self._album.write(data)


@pytest.mark.parametrize(
    ("policy", "answer", "calls"),
    [("flag", "done", 1), ("retry", "done", 2), ("fail", "failed", 1)],
)
def test_a_picture_otherwise_than_ordered_is_never_silent(
    world: World, policy: str, answer: str, calls: int
) -> None:
    """Flagged, asked again within the money, or failed: as the order says."""
    job = world.new_id()
    world.script(job, *["pixels=512x512"] * 2)
    request = {
        "id": job,
        "prompt": "p",
        "aspect_ratio": "16:9",
        "image_size": "1K",
        "on_mismatch": policy,
    }
    assert world.deliver(request) == (answer, 200)
    assert world.calls(job) == calls
    data = world.event(job).data
    if answer == "done":
        assert data["mismatch"] == ["aspect_ratio", "image_size"]
        assert data["got"]["width"] == 512
    else:
        assert data["verdict"]["ended_by"] == "mismatch"
        assert world.pictures(job) == []


def test_drafts_are_kept_only_where_asked_for(world: World) -> None:
    """The last picture is the result; earlier ones are drafts or nothing."""
    for drafts, count in ((False, 1), (True, 3)):
        job = world.new_id()
        world.script(job, "images=3")
        world.deliver({"id": job, "prompt": "p", "drafts": drafts})
        images = world.event(job).data["images"]
        assert [i["draft"] for i in images] == [True] * (count - 1) + [False]
        assert len(world.pictures(job)) == count


def test_text_beside_the_picture_is_told_where_asked_for(world: World) -> None:
    """Only with `include_text`; a thought is never told."""
    for wanted in (True, False):
        job = world.new_id()
        world.script(job, "text=before")
        world.deliver({"id": job, "prompt": "p", "include_text": wanted})
        assert bool(world.event(job).data["text"]) is wanted


def _rob(world: World, job: str) -> None:
    """Let another holder take the job over, as after a long pause."""
    objects = world.walk().objects
    found = objects.read(names.record(job))
    assert found is not None
    record = Record.from_json(found[0])
    robbed = record.but(fence=record.fence + 1, holder="other", writer="x")
    assert objects.replace(names.record(job), robbed.to_json(), found[1])


@pytest.mark.parametrize("step", [Step.ASKED, Step.JUDGED, Step.MANIFESTED])
def test_a_holder_that_was_fenced_changes_nothing(world: World, step: Step) -> None:
    """It woke up late: no commit, no event, the successor's record untouched."""
    job = world.new_id()
    walk = _robbed_at(world, job, step, lambda: _rob(world, job))
    assert world.deliver({"id": job, "prompt": "p"}, walk=walk) == ("again", 503)
    assert world.said[-1]["error"] == FencedError.__name__
    record = world.record(job)
    assert (record.holder, record.state) == ("other", State.RUN)
    assert world.stack.events(job) == []


def _robbed_at(world: World, job: str, step: Step, rob: Callable[[], None]) -> Any:
    """Return a walk whose job is taken over at `step`; a look at ASKED tells it."""
    leases: list[Any] = []
    base = world.walk()

    def at(passed: Step) -> None:
        if passed is step:
            rob()
            if step is Step.ASKED:
                with pytest.raises(FencedError):
                    leases[-1].renew()

    def keeping(lease: Any) -> Any:
        leases.append(lease)
        return base.keeping(lease)

    return dataclasses.replace(base, at=at, keeping=keeping)


def test_a_manifest_of_another_writer_fences(world: World) -> None:
    """The same attempt under two holders cannot both be manifested."""
    job = world.new_id()
    base = world.walk()

    def at(step: Step) -> None:
        if step is Step.KEPT:
            base.objects.create(names.manifest(job, 1, 1), b"{}")

    walk = dataclasses.replace(base, at=at)
    assert world.deliver({"id": job, "prompt": "p"}, walk=walk) == ("again", 503)
    assert world.said[-1]["error"] == FencedError.__name__


def test_a_bucket_that_takes_no_picture_gives_the_message_back(world: World) -> None:
    """The call was made and may be paid: it is counted, and nothing is visible."""
    job = world.new_id()
    world.stack.faults.storage.add(
        Rule("POST /upload", "status", times=999, contains="uploadType=resumable")
    )
    assert world.deliver({"id": job, "prompt": "p"}) == ("again", 503)
    assert world.said[-1]["error"] == NeighbourUnavailableError.__name__
    assert world.record(job).state is State.RUN
    assert world.record(job).until == 0.0
    world.stack.faults.clear()
    assert world.deliver({"id": job, "prompt": "p"}) == ("done", 200)
    assert [a.paid for a in world.record(job).attempts] == ["unknown", "yes"]


def test_a_call_that_provably_never_left_costs_nothing(world: World) -> None:
    """Nobody listens there: repeated within the attempts, paid for in none."""
    job = world.new_id()
    walk = world.walk(PLANTAIN_MODEL_BASE_URL="http://127.0.0.1:9")
    assert world.deliver({"id": job, "prompt": "p"}, walk=walk) == ("failed", 200)
    record = world.record(job)
    assert {a.paid for a in record.attempts} == {"no"}
    assert len(record.attempts) == 6
    assert "asked" not in {step.step for step in record.steps}
