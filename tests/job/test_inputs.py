from __future__ import annotations

import base64
import dataclasses
import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from functions.job import names
from functions.job.errors import NeighbourUnavailableError, ReferenceRefusedError
from functions.local import topology
from functions.local.faults import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import World

INBOX = topology.INBOX_BUCKET


def reference(world: World, name: str, pad: int = 0) -> str:
    """Return the address of a small picture in the inbox bucket."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(out, "PNG")
    out.write(bytes(pad))
    bucket = world.stack.neighbours.storage.bucket(INBOX)
    bucket.blob(name).upload_from_string(out.getvalue(), "image/png")
    return f"gs://{INBOX}/{name}"


def test_an_edit_sends_its_references(world: World) -> None:
    """gs:// and data: are opened, sent in order, and change the result."""
    job = world.new_id()
    data = "data:image/png;base64," + _pixel()
    request = {
        "id": job,
        "kind": "edit",
        "prompt": "bluer",
        "images": [{"uri": reference(world, f"{job}.png")}, {"uri": data}],
    }
    assert world.deliver(request) == ("done", 200)
    (entry,) = [
        e
        for e in world.stack.stack.emulators.model.meter.log()
        if e.get("job") == names.job_hash(job)
    ]
    assert str(entry).count("image/png") >= 2


def _pixel() -> str:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "blue").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


@pytest.mark.parametrize(
    "uri",
    [
        f"gs://{INBOX}/not-there.png",
        f"gs://{topology.STATE_BUCKET}/jobs/x/request.json",
        "gs://another-bucket/a.png",
        "https://example.com/a.png",
        "data:text/plain;base64,aGVsbG8=",
        "file:///etc/passwd",
    ],
)
def test_a_reference_that_may_not_be_sent_is_refused_unpaid(
    world: World, uri: str
) -> None:
    """Named, with the remedy, before any call."""
    job = world.new_id()
    request = {"id": job, "kind": "edit", "prompt": "p", "images": [{"uri": uri}]}
    assert world.deliver(request) == ("refused", 200)
    assert world.calls(job) == 0
    record = world.record(job)
    assert record.attempts == ()
    assert record.result is not None
    assert record.result.verdict["field"].startswith("images")


def test_a_bucket_that_is_away_costs_no_attempt(world: World) -> None:
    """The call that never left is taken out of the record again."""
    job = world.new_id()
    uri = reference(world, f"{job}.png")
    world.stack.faults.storage.add(
        Rule("GET /storage", "status", times=99, contains=f"{INBOX}/o")
    )
    request = {"id": job, "kind": "edit", "prompt": "p", "images": [{"uri": uri}]}
    assert world.deliver(request) == ("again", 503)
    assert world.record(job).attempts == ()
    world.stack.faults.clear()
    assert world.deliver(request) == ("done", 200)
    assert world.calls(job) == 1
    assert world.record(job).fence == 2


def gif() -> str:
    out = io.BytesIO()
    Image.new("P", (8, 8)).save(out, "GIF")
    return "data:image/gif;base64," + base64.b64encode(out.getvalue()).decode()


def test_a_type_the_model_does_not_take_is_refused_unpaid(world: World) -> None:
    """By its bytes, whatever it calls itself; the error lists what is taken."""
    job = world.new_id()
    request = {"id": job, "kind": "edit", "prompt": "p", "images": [{"uri": gif()}]}
    assert world.deliver(request) == ("refused", 200)
    assert world.calls(job) == 0
    verdict = world.event(job).data["verdict"]
    assert verdict["field"] == "images[0]"
    assert "image/png" in verdict["change"]


def test_references_too_heavy_for_one_request_are_refused_unpaid(
    world: World,
) -> None:
    """Each may pass alone; together they would not arrive."""
    job = world.new_id()
    uri = reference(world, f"{job}.png", pad=8_000_000)
    images = [{"uri": uri}] * 2
    request = {"id": job, "kind": "edit", "prompt": "p", "images": images}
    assert world.deliver(request) == ("refused", 200)
    assert world.calls(job) == 0
    assert world.event(job).data["verdict"]["reason"] == "too_large"


@pytest.mark.parametrize("refused", [True, False])
def test_a_reference_that_breaks_on_the_way_costs_nothing(
    world: World, refused: bool
) -> None:
    """The model got no whole request: the call is withdrawn, refused or repeated."""
    job = world.new_id()
    base = world.walk("edit")

    class Breaking:
        content_type = "image/png"
        size = 10

        def chunks(self) -> Iterator[bytes]:
            yield b"12345"
            if refused:
                raise ReferenceRefusedError("changed", "the picture changed")
            raise NeighbourUnavailableError

    class References:
        def open(self, uri: str) -> Breaking:
            return Breaking()

    walk = dataclasses.replace(base, references=References())
    request = {
        "id": job,
        "kind": "edit",
        "prompt": "p",
        "images": [{"uri": "gs://b/o"}],
    }
    answer = world.deliver(request, walk=walk)
    assert answer == (("refused", 200) if refused else ("again", 503))
    assert world.record(job).attempts == ()
    assert world.paid(job) == 0
