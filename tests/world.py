"""The walk's real neighbours in this process: emulators on the wire, no function child.

Tests of the walk stand on this: the product's own wiring, Google's client libraries
and httpx over sockets against the emulators, so nothing that they cover is mocked.
"""

from __future__ import annotations

import base64
import dataclasses
import itertools
import json
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from functions import settings, wiring
from functions.clock import StepClock
from functions.job import names
from functions.job.record import Record
from functions.local import environment, topology
from functions.receive import receive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.job.walk import Walk
    from functions.local.events import Event
    from functions.local.running import RunningStack

_NUMBERS = itertools.count(1)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class JumpClock(StepClock):
    """A stepped clock that never sleeps: who waits moves everybody forward."""

    waited: float = 0.0

    @override
    def wait(self, seconds: float) -> None:
        self.waited += seconds
        self.step(max(seconds, 0.0))


class World:
    """One test's view: its own job ids, its own walks."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.clock = JumpClock(stack.stack.state.clock)
        self.said: list[dict[str, Any]] = []
        self._walks: dict[str, Walk] = {}

    def close(self) -> None:
        """Let go of every connection."""
        for walk in self._walks.values():
            walk.close()

    def environ(self) -> dict[str, str]:
        """Return the environment that a function child would have."""
        stack = self.stack.stack
        return environment.of_functions(
            {},
            stack.ports,
            stack.state,
            pubsub=stack.place.environ()["PUBSUB_EMULATOR_HOST"],
        )

    def settings(self, **more: str) -> settings.Settings:
        """Return settings as a function child would read them."""
        return settings.read(self.environ() | more)

    def walk(self, kind: str = "generate", **more: str) -> Walk:
        """Return a walk as wiring builds it, its clock jumping over waits."""
        key = f"{kind}{sorted(more.items())}"
        if key not in self._walks:
            built = wiring.build(self.settings(**more), kind)
            self._walks[key] = dataclasses.replace(
                built, clock=self.clock, say=self._say, chance=lambda: 0.5
            )
        return self._walks[key]

    def _say(self, action: str, **facts: object) -> None:
        self.said.append({"action": action, **facts})

    def new_id(self) -> str:
        """Return an id that no other test uses."""
        return f"job-{next(_NUMBERS)}-{id(self)}"

    def push(
        self,
        request: Mapping[str, Any] | bytes,
        message_id: str = "",
        trace: str = "",
    ) -> tuple[dict[str, str], bytes]:
        """Return headers and body of the push that delivers `request`."""
        data = request if isinstance(request, bytes) else json.dumps(request).encode()
        message: dict[str, Any] = {
            "data": base64.b64encode(data).decode(),
            "messageId": message_id or f"m-{next(_NUMBERS)}",
            "publishTime": "2026-11-20T10:00:00.123Z",
        }
        if trace:
            message["attributes"] = {"googclient_traceparent": trace}
        tree = {"message": message, "subscription": "projects/p/subscriptions/s"}
        return {"Content-Type": "application/json"}, json.dumps(tree).encode()

    def deliver(
        self,
        request: Mapping[str, Any] | bytes,
        *,
        walk: Walk | None = None,
        message_id: str = "",
        trace: str = "",
    ) -> tuple[str, int]:
        """Push `request` into its door and return the door's answer."""
        kind = "generate"
        if not isinstance(request, bytes) and request.get("kind") == "edit":
            kind = "edit"
        headers, body = self.push(request, message_id, trace)
        return receive(walk or self.walk(kind), headers, body)

    def script(self, job: str, *scenarios: str) -> None:
        """Let the model's next answers to a job go otherwise."""
        meter = self.stack.stack.emulators.model.meter
        meter.script(scenarios, names.job_hash(job))

    def paid(self, job: str) -> int:
        """Return how many calls the stand-in would have billed for a job."""
        meter = self.stack.stack.emulators.model.meter
        return meter.paid_by(names.job_hash(job))

    def calls(self, job: str) -> int:
        """Return how many calls the stand-in got for a job."""
        log = self.stack.stack.emulators.model.meter.log()
        return sum(1 for entry in log if entry.get("job") == names.job_hash(job))

    def record(self, job: str) -> Record:
        """Return a job's record as it lies in the bucket."""
        found = self.read(names.record(job))
        assert found is not None
        return Record.from_json(found)

    def read(self, name: str, bucket: str = topology.STATE_BUCKET) -> bytes | None:
        """Return an object, None if there is none."""
        return self.stack.neighbours.read(bucket, name)

    def listed(self, prefix: str, bucket: str = topology.STATE_BUCKET) -> list[str]:
        """Return the names of the visible objects under a prefix."""
        store = self.stack.neighbours.storage
        return [blob.name for blob in store.list_blobs(bucket, prefix=prefix)]

    def pictures(self, job: str) -> list[str]:
        """Return the visible pictures of a job."""
        return self.listed(f"{names.job_hash(job)}/", topology.IMAGES_BUCKET)

    def event(self, job: str, count: int = 1) -> Event:
        """Return the `count`-th event about a job, waited for."""
        return self.stack.wait_event(job, count=count)

    def event_ids(self, job: str) -> set[str]:
        """Return the ids of the events about a job that came so far."""
        return {event.attributes["ce-id"] for event in self.stack.events(job)}
