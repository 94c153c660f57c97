from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.local.running import RunningStack
    from tests.cli.conftest import Ran


def test_a_job_is_shown_whole(on: Callable[..., Ran], stack: RunningStack) -> None:
    """Steps, attempts with what they cost, the picture; the exit code is the job's."""
    stack.publish({"id": "shown", "prompt": "a pear"})
    stack.wait_event("shown")
    ran = on("status", "shown")
    assert ran.code == 0
    for word in ("done", "claimed", "settled", "attempt 1", "paid: yes", "gs://"):
        assert word in ran.out
    found = on("status", "shown", "--json").json()
    assert found["state"] == "done"
    assert found["attempts"][0]["class"] == "image"
    assert "outbox" not in found


def test_the_latest_jobs_come_first(
    on: Callable[..., Ran], stack: RunningStack
) -> None:
    """Without an id, one line a job, the last one on top, no more than asked for."""
    for name in ("older", "newer"):
        stack.publish({"id": name, "prompt": "a pear"})
        stack.wait_event(name)
    lines = on("status", "--limit", "2").out.splitlines()
    assert ["newer" in lines[0], "older" in lines[1], len(lines)] == [True, True, 2]
    jobs = json.loads(on("status", "--json").out)["jobs"]
    assert jobs[0]["id"] == "newer"


def test_an_unknown_job_has_no_end_yet(on: Callable[..., Ran]) -> None:
    """Exit code 5 and what that can mean; as an object for scripts."""
    ran = on("status", "never-heard-of")
    assert ran.code == 5
    assert "never-heard-of" in ran.err
    assert on("status", "never-heard-of", "--json").json()["exit"] == 5


def test_a_refused_job_says_why(on: Callable[..., Ran], stack: RunningStack) -> None:
    """Its exit code is 3 and the change stands below."""
    stack.publish({"id": "why", "prompt": "a pear", "image_size": "9K"})
    stack.wait_event("why")
    ran = on("status", "why")
    assert ran.code == 3
    assert "change:" in ran.out
