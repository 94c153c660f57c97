from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions.job import names
from functions.job.record import Record, State
from functions.local import topology
from functions.local.children import ChildError
from functions.local.faults import Rule
from functions.local.running import RunningStack
from tests.local.stacks import alive, group, options, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.conftest import Noting


@pytest.mark.parametrize("kind", ["generate", "edit"])
def test_a_published_request_reaches_its_function_as_deployed(
    noting: Noting, kind: str
) -> None:
    """The push has token, CloudEvent headers and attempt, and goes by the topic."""
    noting.stack.publish({"id": f"push-{kind}", "kind": kind})
    [note] = wait_for(lambda: noting.notes.of(id=f"push-{kind}"))
    assert note["bearer"]
    assert note["attempt"] == 1
    assert note["source"].endswith(f"/topics/{kind}-requests")
    assert note["environ"]["THREADS"] == "32"
    assert note["environ"].items() >= noting.stack.env().items()


def test_a_killed_function_comes_back_on_its_port(noting: Noting) -> None:
    """Kill -9 takes master and workers; the successor answers, counted."""
    pid = noting.stack.stack.child("generate").pid
    assert pid is not None
    family = group(pid)
    assert len(family) >= 2, "the master and a worker"
    before = noting.stack.restarts("generate")
    assert noting.stack.kill("generate") == pid
    wait_for(lambda: not any(alive(one) for one in family))
    wait_for(lambda: noting.stack.restarts("generate") > before)
    noting.stack.wait_ready("generate")
    assert noting.stack.stack.child("generate").pid not in family
    noting.stack.publish({"id": "after-kill"})
    wait_for(lambda: noting.notes.of(id="after-kill"))
    assert "SIGKILL" in noting.stack.log("generate")


def test_a_probe_is_for_one_life(noting: Noting) -> None:
    """The instance started for it sees the probe, the one after it does not."""
    noting.stack.probe("generate", "kill:asked")
    noting.stack.publish({"id": "probed"})
    [note] = wait_for(lambda: noting.notes.of(id="probed"))
    assert note["environ"]["PLANTAIN_PROBE"] == "kill:asked"
    noting.stack.probe("generate", "")
    noting.stack.publish({"id": "unprobed"})
    [note] = wait_for(lambda: noting.notes.of(id="unprobed"))
    assert "PLANTAIN_PROBE" not in note["environ"]


def test_a_dead_worker_takes_the_probe_along(noting: Noting) -> None:
    """The worker that gunicorn starts in its place would else die there for ever."""
    noting.stack.probe("edit", "kill:asked")
    noting.stack.publish({"id": "first", "kind": "edit"})
    [note] = wait_for(lambda: noting.notes.of(id="first"))
    assert "PLANTAIN_PROBE" in note["environ"]
    noting.stack.publish({"id": "dies", "kind": "edit", "do": "die"})
    wait_for(lambda: not alive(note["pid"]))
    noting.stack.publish({"id": "second", "kind": "edit"})

    def look() -> list[dict[str, Any]]:
        noting.stack.clock.step(20)  # past the backoff of what the dead one held
        return noting.notes.of(id="second")

    note = wait_for(look)[0]
    assert "PLANTAIN_PROBE" not in note["environ"]


def test_a_frozen_function_answers_nothing_until_thawed(noting: Noting) -> None:
    """Freezing holds every process of it; nothing is lost meanwhile."""
    noting.stack.freeze("edit")
    noting.stack.publish({"id": "frozen", "kind": "edit"})
    noting.stack.publish({"id": "flows"})
    wait_for(lambda: noting.notes.of(id="flows"))
    assert not noting.notes.of(id="frozen")
    noting.stack.thaw("edit")
    wait_for(lambda: noting.notes.of(id="frozen"))


def test_the_clock_is_shared(noting: Noting) -> None:
    """A step moves broker and functions: a lost push comes again without waiting."""
    rule = noting.stack.faults.pubsub.add(Rule("push", "status", status=503))
    noting.stack.publish({"id": "again"})
    wait_for(lambda: rule.fired)
    assert not noting.notes.of(id="again")
    noting.stack.clock.step(700)
    [note] = wait_for(lambda: noting.notes.of(id="again"))
    assert note["attempt"] == 2
    noting.stack.faults.clear()


def test_events_are_seen_by_their_subject(noting: Noting) -> None:
    """What is published on the events' topic is there, in order, under its job."""
    for number in (1, 2):
        noting.stack.publish(
            {"n": number},
            topic=topology.EVENTS_TOPIC,
            attributes={"ce-subject": "seen", "ce-id": str(number), "ce-type": "t"},
        )
    second = noting.stack.wait_event("seen", count=2)
    assert (second.subject, second.id, second.type) == ("seen", "2", "t")
    assert [event.data["n"] for event in noting.stack.events("seen")] == [1, 2]
    assert noting.stack.events("another") == []


def test_records_are_read_from_the_bucket(noting: Noting) -> None:
    """`wait_record` returns as soon as the record is as wanted."""
    assert noting.stack.record("r") is None
    record = Record(
        id="r", kind="generate", request_hash="h", state=State.DONE, created_at=1.0
    )
    bucket = noting.stack.neighbours.storage.bucket(topology.STATE_BUCKET)
    bucket.blob(names.record("r")).upload_from_string(record.to_json())
    assert noting.stack.wait_record("r") == record
    assert noting.stack.neighbours.records(10) == [record]


def test_waiting_in_vain_says_what_is_known(noting: Noting) -> None:
    """A test that waits for ever would say nothing; this one names the job's state."""
    with pytest.raises(TimeoutError, match="nobody claimed it"):
        noting.stack.wait_event("nobody", timeout=0.1)
    with pytest.raises(TimeoutError, match="nobody claimed it"):
        noting.stack.wait_record("nobody", timeout=0.1)


def test_the_meter_is_that_of_the_stand_in(noting: Noting) -> None:
    """Nothing was asked, nothing is counted."""
    assert noting.stack.meter()["paid"] == 0
    assert noting.stack.model.meter.calls == 0
    assert noting.stack.env()["STORAGE_EMULATOR_HOST"] == noting.stack.url("storage")


def test_a_broken_function_shows_its_last_words(tmp_path: Path) -> None:
    """What does not start is an error with the reason, and nothing is left over."""
    wanted = options(tmp_path, TEST_BROKEN="1")
    with pytest.raises(ChildError, match="the reason that people must see"):
        RunningStack(wanted.state, wanted).start()
    assert not (wanted.state / "stack.json").exists()


def test_a_restarted_stack_keeps_its_buckets(tmp_path: Path) -> None:
    """State is on disk: the next stack on the directory has it, `fresh` has not."""
    wanted = replace(options(tmp_path), functions=())
    with RunningStack(wanted.state, wanted) as stack:
        bucket = stack.neighbours.storage.bucket(topology.IMAGES_BUCKET)
        bucket.blob("kept").upload_from_string(b"picture")
        stack.clock.step(5)
    with RunningStack(wanted.state, wanted) as stack:
        assert stack.neighbours.fetch("gs://plantain-local-images/kept") == b"picture"
        assert stack.clock.offset() == 5
    fresh = replace(wanted, fresh=True)
    with RunningStack(fresh.state, fresh) as stack:
        assert stack.neighbours.fetch("gs://plantain-local-images/kept") is None
        assert stack.clock.offset() == 0
        described = json.loads((fresh.state / "stack.json").read_text())
        assert described["place"]["pubsub"] == stack.stack.place.pubsub
