from __future__ import annotations

import random
from typing import TYPE_CHECKING

from functions.local.faults import Rule
from tests.walk.laws import check_done, new_id, visible

if TYPE_CHECKING:
    from functions.local.running import RunningStack

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_five_times_published_is_paid_once(stack: RunningStack) -> None:
    """Two at once and three later: one paid call, one image, one event id."""
    job = new_id("five")
    request = {"id": job, "prompt": "five times a pear"}
    stack.script("delay=0.5", job_id=job)
    for _ in range(2):
        stack.publish(request)
    check_done(stack, job)
    for _ in range(3):
        stack.publish(request)
    stack.publish({"id": new_id("after"), "prompt": "p"})
    record = check_done(stack, job)
    assert stack.paid(job) == 1
    assert len(visible(stack, job)) == 1
    assert record.fence == 1


def test_a_queue_that_delivers_twice_pays_once(stack: RunningStack) -> None:
    """The broker hands the same message over twice at the same moment."""
    job = new_id("twice")
    rule = stack.faults.pubsub.add(Rule("push", "duplicate", contains=job, times=3))
    stack.publish({"id": job, "prompt": "twice a pear"})
    check_done(stack, job)
    assert rule.fired >= 1
    assert stack.paid(job) == 1


def test_a_lost_acknowledgement_costs_nothing(stack: RunningStack) -> None:
    """The answer of the function never arrives; the second delivery finds the end."""
    job = new_id("lost")
    rule = stack.faults.pubsub.add(Rule("push", "drop_after", contains=job))
    stack.publish({"id": job, "prompt": "p"})
    check_done(stack, job)
    stack.clock.step(700)
    check_done(stack, job)
    assert rule.fired == 1
    assert stack.paid(job) == 1


def test_many_jobs_delivered_many_times_are_paid_once_each(
    stack: RunningStack,
) -> None:
    """Sixty jobs, each published one to five times, shuffled, all at once."""
    rng = random.Random(11)  # noqa: S311  # a fixed shuffle
    jobs = [new_id("many") for _ in range(60)]
    wishes = [job for job in jobs for _ in range(rng.randint(1, 5))]
    rng.shuffle(wishes)
    for job in wishes:
        stack.publish({"id": job, "prompt": f"[[noise=1K]] {job}"})
    for job in jobs:
        check_done(stack, job)
        assert stack.paid(job) == 1


def test_the_publishers_trace_reaches_the_event(stack: RunningStack) -> None:
    """From the message's attribute to the event's, and into every log line."""
    job = new_id("trace")
    stack.publish(
        {"id": job, "prompt": "p"}, attributes={"googclient_traceparent": TRACE}
    )
    check_done(stack, job)
    (event,) = stack.events(job)
    assert event.attributes["ce-traceparent"] == TRACE
    lines = [line for line in stack.log("generate").splitlines() if job in line]
    assert lines
    assert all(TRACE.split("-")[1] in line for line in lines)
