"""Follows one job to its end, from outside: its record and its events.

The law: the job's record says how it stands and its event that everybody knows; the
job is over here only when both are seen, or when the time to wait is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from functions.cli.exits import Exit, of_state
from functions.job import names
from functions.job.outcome import EventType
from functions.local.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.job.ports import Clock
    from functions.job.record import Attempt, Picture, Record
    from functions.local.client import Neighbours
    from functions.local.events import Events

_LOOK: Final = 0.1  # s between two looks at the record
_SOON: Final = 1.0  # s after which the event of an end usually came
_FAREWELL: Final = 15.0  # s an event may come after its record, then we stop waiting
_NOT_AN_END: Final = {EventType.DEFERRED, EventType.ATTENTION, EventType.CONFLICT}


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the walk, as it is shown."""

    step: str
    at: float
    detail: str = ""


@dataclass(slots=True)
class Ending:
    """How the job stands when following stops."""

    record: Record | None = None
    event: Event | None = None
    conflict: bool = False
    told: list[Event] = field(default_factory=list)

    @property
    def code(self) -> Exit:
        """Return the exit code."""
        if self.conflict:
            return Exit.REFUSED
        return of_state(self.record.state) if self.record else Exit.NO_END

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Return the kept pictures, the result last."""
        result = self.record.result if self.record else None
        return result.images if result else ()


class Following:
    """One job on its way; `lines` yields the steps, then `ending` is whole."""

    def __init__(
        self,
        neighbours: Neighbours,
        events: Events | None,
        job_id: str,
        request_hash: str,
        clock: Clock,
    ) -> None:
        self.ending = Ending()
        self._neighbours = neighbours
        self._events = events
        self._id = job_id
        self._hash = request_hash
        self._clock = clock
        self._steps = 0
        self._answers = 0

    @property
    def lost(self) -> bool:
        """Whether the events stopped coming though nobody closed them."""
        return self._events is not None and self._events.lost

    def lines(self, timeout: float, alive: Callable[[], None]) -> Iterator[Line]:
        """Yield what happened until the end, or until `timeout` seconds passed.

        `alive` is asked while nothing comes, and raises when nobody is there to wait
        for.
        """
        began = time.monotonic()
        ended: float | None = None
        while True:
            yield from self._look()
            record, now = self.ending.record, time.monotonic()
            if self.ending.conflict:
                return
            if record is not None and record.state.terminal:
                ended = ended or now
                if self._told(record, now - ended):
                    return
            elif now - began > timeout:
                return
            alive()
            self._clock_wait()

    def _told(self, record: Record, since: float) -> bool:
        """Say whether everybody knows of the end, or there is no use in waiting.

        A job that had ended before we asked is not announced again: its mark says
        that it was, and its outbox what.
        """
        if self.ending.event is not None or self._events is None:
            return True
        if since > _SOON:
            for item in record.outbox:
                place = self._neighbours.place.state_bucket
                mark = names.sent(record.id, item.id)
                if item.kind == "event" and self._neighbours.read(place, mark):
                    attributes = {"ce-id": item.id, "ce-type": item.type}
                    self.ending.event = Event("", attributes, item.data)
                    return True
        return since > _FAREWELL

    def _look(self) -> Iterator[Line]:
        """Yield what is new: the record's steps first, they are older."""
        seen = len(self.ending.told)
        events = self._events.all(self._id)[seen:] if self._events else []
        yield from self._from_record()
        for event in events:
            self.ending.told.append(event)
            yield Line("announced", self._clock.now(), event.type)
            if event.type == EventType.CONFLICT:
                self.ending.conflict = self.ending.record is None
            elif event.type not in _NOT_AN_END:
                self.ending.event = event

    def _clock_wait(self) -> None:
        """Wait a little, less when an event comes."""
        seen = len(self.ending.told)
        if self._events is not None and not self.lost:
            self._events.wait(self._id, _LOOK, seen + 1)
        else:
            self._clock.wait(_LOOK)

    def _from_record(self) -> Iterator[Line]:
        record = self._neighbours.record(self._id)
        if record is None or record.request_hash != self._hash:
            return
        self.ending.record = record
        for step in record.steps[self._steps :]:
            yield Line(step.step, step.at, self._detail(step.step, record))
        self._steps = len(record.steps)

    def _detail(self, step: str, record: Record) -> str:
        match step:
            case "claimed" | "taken_over":
                return f"holder {record.fence}" if record.fence > 1 else ""
            case "asked" if self._answers < len(record.attempts):
                attempt = record.attempts[self._answers]
                return f"{attempt.model} by {attempt.route}"
            case "answered" if self._answers < len(record.attempts):
                self._answers += 1
                return verdict(record.attempts[self._answers - 1])
            case "settled":
                return record.state.value
            case _:
                return ""


def verdict(attempt: Attempt) -> str:
    """Return what an attempt brought, in a few words."""
    if attempt.open:
        return "no answer yet"
    reason = f" ({attempt.reason})" if attempt.reason else ""
    return f"{attempt.klass}{reason}, paid: {attempt.paid}"


def summary(record: Record) -> dict[str, Any]:
    """Return what the record says of a job, without its outbox."""
    tree = record.model_dump(mode="json", by_alias=True)
    names = ("id", "kind", "state", "labels", "attempts", "steps", "due")
    found = {name: tree[name] for name in names if tree.get(name) is not None}
    result = tree.get("result") or {}
    found["images"] = result.get("images", [])
    found["verdict"] = result.get("verdict", {})
    return found
