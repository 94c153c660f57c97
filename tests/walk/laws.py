"""What must hold of every job, whatever was done to the system."""

from __future__ import annotations

import base64
import hashlib
import itertools
import threading
from typing import TYPE_CHECKING, Any

import google_crc32c

from functions.job import names
from functions.job.record import State
from functions.local import topology

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.job.record import Record
    from functions.local.running import RunningStack

_NUMBERS = itertools.count(1)
_LEASE = 150.0  # s: past any lease, its margins and the first pauses of the queue
_LIVELY = 3.0  # s of real time in which whoever is alive gets on
_LOOK = 0.02
_ROUNDS = 12


def new_id(what: str) -> str:
    """Return an id that no other test uses."""
    return f"{what}-{next(_NUMBERS)}"


def eventually(what: Callable[[], object], seconds: float = 20.0) -> bool:
    """Look until `what` holds; nothing is stepped."""
    for _ in range(int(seconds / _LOOK)):
        if what():
            return True
        threading.Event().wait(_LOOK)
    return False


def _stepping(stack: RunningStack, what: Callable[[], object]) -> bool:
    """Look until `what` holds, past one lease after another.

    A step comes only after a while without any: it stands for the silence after a
    death, and must not fence whoever is alive and at work.
    """
    for _ in range(_ROUNDS):
        if eventually(what, _LIVELY):
            return True
        stack.clock.step(_LEASE)
    return False


def settled(stack: RunningStack, job: str) -> Record:
    """Return the job's record once it has its end."""

    def ended() -> bool:
        record = stack.record(job)
        return record is not None and record.state.terminal

    assert _stepping(stack, ended), f"{job} never ended: {stack.record(job)}"
    found = stack.record(job)
    assert found is not None
    return found


def told(stack: RunningStack, job: str) -> list[Any]:
    """Return the events about a job once there is one."""
    assert _stepping(stack, lambda: stack.events(job)), f"{job} was never announced"
    return stack.events(job)


def visible(stack: RunningStack, job: str) -> list[str]:
    """Return the names of a job's visible pictures."""
    prefix = f"{names.job_hash(job)}/"
    store = stack.neighbours.storage
    return [b.name for b in store.list_blobs(topology.IMAGES_BUCKET, prefix=prefix)]


def check_done(stack: RunningStack, job: str) -> Record:
    """Check a job that must have ended well; return its record.

    Its picture is whole, what was paid was written down, and it was told once.
    """
    record = settled(stack, job)
    assert record.state is State.DONE, record
    assert record.result is not None
    for image in record.result.images:
        found = stack.neighbours.fetch(image.uri)
        assert found is not None
        crc = base64.b64encode(google_crc32c.Checksum(found).digest()).decode()
        assert (image.bytes, image.crc32c) == (len(found), crc)
        assert image.sha256 == hashlib.sha256(found).hexdigest()
    assert stack.paid(job) <= len(record.attempts)
    spent = sum(1 for attempt in record.attempts if attempt.paid != "no")
    assert stack.paid(job) <= spent <= 2
    events = told(stack, job)
    assert len({e.id for e in events}) == 1
    assert len({str(e.data) for e in events}) == 1
    assert events[0].data["images"][0]["uri"] == record.result.images[0].uri
    return record
