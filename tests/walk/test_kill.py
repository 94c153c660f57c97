from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from functions.job import names
from functions.job.walk import Step
from functions.local import topology
from tests.walk.laws import check_done, eventually, new_id, visible
from tests.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from functions.local.running import RunningStack

# After these the picture was asked for or might have been: a second call may follow.
_ASKED = {Step.ASKED, Step.ARRIVING, Step.ANSWERED, Step.JUDGED, Step.KEPT}


def _calls(stack: RunningStack, job: str) -> int:
    log = stack.model.meter.log()
    return sum(1 for entry in log if entry.get("job") == names.job_hash(job))


def _order(job: str) -> dict[str, Any]:
    place = {"bucket": topology.IMAGES_BUCKET, "prefix": "shop", "name": f"{job}.jpg"}
    return {"id": job, "prompt": "[[noise=1K]] p", "destination": place}


@pytest.mark.parametrize("step", list(Step))
def test_killed_at_every_step_the_job_ends_done(
    stack: RunningStack, step: Step, tmp_path: Path
) -> None:
    """Kill -9 there: nothing lost, nothing half-visible, nothing paid unrecorded."""
    job, fell = new_id(f"kill-{step.value}"), tmp_path / "fell"
    stack.probe("generate", f"kill:{step.value}:1:{fell}")
    stack.publish(_order(job))
    record = check_done(stack, job)
    assert eventually(fell.exists), "the probe never fired"
    assert record.result is not None
    kept = {image.uri.rpartition("images/")[2] for image in record.result.images}
    orphans = 1 if step is Step.KEPT else 0  # visible, never announced, swept later
    assert kept <= set(visible(stack, job))
    assert len(visible(stack, job)) == len(kept) + orphans
    assert stack.paid(job) <= (2 if step in _ASKED else 1)


@pytest.mark.parametrize("scenario", ["hold", "slow=100000"])
def test_the_whole_instance_is_killed_during_the_call(
    stack: RunningStack, scenario: str
) -> None:
    """Master and worker die at once, as a lost machine does; the job ends done."""
    job = new_id("machine")
    stack.script(scenario, job_id=job)
    stack.publish({"id": job, "prompt": "[[noise=1K]] p"})
    assert eventually(lambda: _calls(stack, job))
    stack.kill("generate")
    stack.model.holds.release()
    record = check_done(stack, job)
    assert [a.paid for a in record.attempts] == ["unknown", "yes"]
    assert len(visible(stack, job)) == 1


@pytest.mark.parametrize("step", [Step.ANSWERED, Step.KEPT, Step.MANIFESTED])
def test_a_holder_that_slept_through_its_lease_changes_nothing(
    stack: RunningStack,
    step: Step,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped, taken over by another instance, woken: one result, one event."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", stack.env()["PUBSUB_EMULATOR_HOST"])
    job, stopped = new_id(f"frozen-{step.value}"), tmp_path / "stopped"
    stack.probe("generate", f"stop:{step.value}:1:{stopped}")
    stack.publish(_order(job))
    assert eventually(stopped.exists), "the probe never fired"
    with contextlib.closing(World(stack)) as other:
        other.clock.step(200)
        assert other.deliver(_order(job)) == ("done", 200)
    before = check_done(stack, job)
    known = len(stack.log("generate"))
    stack.thaw("generate")
    assert eventually(lambda: "FencedError" in stack.log("generate")[known:])
    after = stack.record(job)
    assert after == before
    assert len({e.id for e in stack.events(job)}) == 1
