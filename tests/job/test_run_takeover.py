from __future__ import annotations

import contextlib
import dataclasses
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from functions.job import names
from functions.job.record import Record, State
from functions.job.walk import Step
from tests.canary import marked

if TYPE_CHECKING:
    from tests.world import World


def _abandon(
    world: World, job: str, *, until: float = 0.0, **changes: Any
) -> Record:  # fields of a record
    """Leave a job as a holder does that died after it wrote its intent."""
    world.walk().objects.create(names.request(job), _request(job))
    record = Record.model_validate(
        {
            "id": job,
            "kind": "generate",
            "request_hash": _hash(job),
            "holder": "dead",
            "until": until,
            "created_at": world.clock.now(),
            "attempts": [
                {"n": 1, "fence": 1, "route": "native", "model": "m", "started_at": 1.0}
            ],
            **changes,
        }
    )
    world.walk().objects.create(names.record(job), record.to_json())
    return record


def _request(job: str, **more: object) -> bytes:
    order = {"id": job, "kind": "generate", "prompt": "p", **more}
    return json.dumps(marked(order)).encode()


def _hash(job: str, **more: object) -> str:
    from functions.job.request import fingerprint, from_json  # noqa: PLC0415

    return fingerprint(from_json(_request(job, **more)))


def test_a_successor_calls_once_more_and_counts_both(world: World) -> None:
    """The dead holder's call may have been paid; the bound holds."""
    job = world.new_id()
    _abandon(world, job)
    assert world.deliver({"id": job, "prompt": "p"}) == ("done", 200)
    record = world.record(job)
    assert [(a.fence, a.paid, a.reason) for a in record.attempts] == [
        (1, "unknown", "holder_lost"),
        (2, "yes", "STOP"),
    ]
    assert world.event(job).data["unknown_calls"] == 1


def test_a_live_holder_is_left_alone(world: World) -> None:
    """Busy is not acknowledged: the queue asks again."""
    job = world.new_id()
    _abandon(world, job, until=world.clock.now() + 1000)
    assert world.deliver({"id": job, "prompt": "p"}) == ("again", 503)
    assert world.calls(job) == 0
    assert world.said[-1]["error"] == "BusyError"


def test_no_successor_spends_beyond_the_budget(world: World) -> None:
    """Two calls whose end nobody saw are two calls; the job fails, announced."""
    job = world.new_id()
    lost = {"route": "native", "model": "m", "started_at": 1.0, "fence": 1}
    _abandon(world, job, attempts=[{"n": 1, **lost}, {"n": 2, **lost}])
    assert world.deliver({"id": job, "prompt": "p"}) == ("failed", 200)
    assert world.calls(job) == 0
    data = world.event(job).data
    assert data["verdict"]["ended_by"] == "max_paid_calls"
    assert data["verdict"]["class"] == "malformed_body"


@pytest.mark.parametrize(
    ("policy", "answer"), [("hold", ("wait", 200)), ("fail", ("failed", 200))]
)
def test_a_successor_asks_only_where_the_sender_lets_it(
    world: World, policy: str, answer: tuple[str, int]
) -> None:
    """`on_unknown` holds for a call that died with its holder, too."""
    job = world.new_id()
    world.walk().objects.create(names.request(job), _request(job, on_unknown=policy))
    _abandon(world, job, request_hash=_hash(job, on_unknown=policy))
    request = {"id": job, "prompt": "p", "on_unknown": policy}
    assert world.deliver(request) == answer
    assert world.deliver(request) == answer
    assert world.calls(job) == 0
    if policy == "hold":
        assert world.event(job).attributes["ce-type"] == "plantain.job.attention.v1"


def test_what_a_dead_holder_finished_is_adopted_unpaid(world: World) -> None:
    """The manifest stands: the successor only writes the end."""
    job = world.new_id()
    world.deliver({"id": job, "prompt": "p"})
    done = world.record(job)
    lost = done.attempts[0].but(ended_at=None, klass="", paid="unknown")
    bare = done.but(
        state=State.RUN, result=None, outbox=(), attempts=(lost,), until=0.0
    )
    found = world.walk().objects.read(names.record(job))
    assert found is not None
    world.walk().objects.replace(names.record(job), bare.to_json(), found[1])
    assert world.deliver({"id": job, "prompt": "p"}) == ("done", 200)
    record = world.record(job)
    assert world.calls(job) == 1
    assert record.result is not None
    assert done.result is not None
    assert record.result.images == done.result.images
    assert [(a.fence, a.reason, a.paid) for a in record.attempts] == [
        (1, "adopted", "yes")
    ]
    assert record.fence == 2


def test_a_day_quota_is_deferred_and_resumes_by_itself(world: World) -> None:
    """Not acknowledged, not asked before its time, told once; then it goes on."""
    job = world.new_id()
    request = {"id": job, "prompt": "p"}
    world.script(job, "rate_day")
    assert world.deliver(request) == ("again", 503)
    record = world.record(job)
    assert record.state is State.WAIT
    assert record.due is not None
    assert record.due > world.clock.now() + 600
    assert world.deliver(request) == ("again", 503)
    assert world.calls(job) == 1
    assert world.event(job).attributes["ce-type"] == "plantain.image.deferred.v1"
    world.clock.step(record.due - world.clock.now() + 1)
    assert world.deliver(request) == ("done", 200)
    assert world.calls(job) == 2
    assert len(world.event_ids(job) | {world.event(job, 2).id}) == 2


@pytest.mark.parametrize("waiting", ["hold", "day"])
def test_a_waiting_job_ends_at_its_deadline(world: World, waiting: str) -> None:
    """Held for a person or deferred to a reset: after the deadline it is expired."""
    job = world.new_id()
    then = datetime.fromtimestamp(world.clock.now() + 3600, UTC).isoformat()
    policy = "hold" if waiting == "hold" else "repeat"
    request = {"id": job, "prompt": "p", "deadline": then, "on_unknown": policy}
    world.script(job, "reset=0.5" if waiting == "hold" else "rate_minute=300")
    world.deliver(request)
    assert world.record(job).state is State.WAIT
    world.clock.step(3700)
    assert world.deliver(request) == ("expired", 200)
    assert world.calls(job) == 1


def test_a_holder_that_slept_before_it_asked_asks_nothing(world: World) -> None:
    """It wakes after its lease: whoever took the job over fences it, unpaid."""
    job = world.new_id()
    base = world.walk()

    def at(step: Step) -> None:
        if step is Step.OPENED:
            world.clock.step(200)
            assert world.deliver({"id": job, "prompt": "p"}) == ("done", 200)

    walk = dataclasses.replace(
        base, at=at, keeping=lambda _: contextlib.nullcontext()
    )  # the renewer slept as well
    assert world.deliver({"id": job, "prompt": "p"}, walk=walk) == ("again", 503)
    assert world.calls(job) == 1
    assert len(world.pictures(job)) == 1


def test_no_call_leaves_without_time_to_be_answered(world: World) -> None:
    """What came before it used up the run; the call is not made and not counted."""
    job = world.new_id()
    base = world.walk()

    def at(step: Step) -> None:
        if step is Step.OPENED:
            world.clock.step(400)

    walk = dataclasses.replace(base, at=at)
    assert world.deliver({"id": job, "prompt": "p"}, walk=walk) == ("again", 503)
    assert world.calls(job) == 0
    assert world.record(job).attempts == ()
    assert world.deliver({"id": job, "prompt": "p"}) == ("done", 200)
