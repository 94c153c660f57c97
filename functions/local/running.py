"""A whole stack for synchronous code: tests, the bench and the demo.

    with RunningStack(tmp_path) as stack:
        stack.publish({"id": "a", "prompt": "a pear"})
        event = stack.wait_event("a")

The law: everything asked here is asked from outside, through the real clients; only
faults, kills and the clock reach inside.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from functions.job import names
from functions.job.errors import PlantainError
from functions.local import topology
from functions.local.client import Neighbours
from functions.local.events import Event, Events
from functions.local.stack import Options, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path
    from types import TracebackType

    from functions.clock import StepClock
    from functions.job.record import Record
    from functions.local.faults import Faults
    from functions.local.model.app import ModelApp
    from functions.local.storage.server import StorageApp

_START: Final = 60.0  # s
_LOOK: Final = 0.02  # s between two looks at a record
_T = TypeVar("_T")


class StackFaults:
    """The fault rules of each emulator."""

    def __init__(self, faults: Mapping[str, Faults]) -> None:
        self.storage = faults["storage"]
        self.model = faults["model"]
        self._faults = faults

    @property
    def pubsub(self) -> Faults:
        """Return those of our broker; Google's emulator has none."""
        return self._faults["pubsub"]

    def clear(self) -> None:
        """Forget every rule."""
        for faults in self._faults.values():
            faults.clear()


class RunningStack:
    """A stack in a thread of this process, its functions in processes of their own."""

    def __init__(self, state: Path, options: Options | None = None) -> None:
        """Run on `state`, on free ports unless `options` says otherwise."""
        base = options or Options(port_base=0)
        self._options = dataclasses.replace(base, state=state)
        self._thread = threading.Thread(target=self._main, name="stack", daemon=True)
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop
        self.stack: Stack
        self.neighbours: Neighbours
        self._events: Events
        self.faults: StackFaults

    @property
    def clock(self) -> StepClock:
        """Return the clock of the emulators and the functions; step it."""
        return self.stack.clock

    def env(self) -> dict[str, str]:
        """Return the variables by which real client libraries find this stack."""
        return self.stack.place.environ()

    def url(self, name: str) -> str:
        """Return the address of storage, model, pubsub, control or a function."""
        return self.stack.ports.url(name)

    def publish(
        self,
        request: Mapping[str, Any] | bytes,
        topic: str = "",
        attributes: dict[str, str] | None = None,
    ) -> str:
        """Publish a request, by default where its kind goes; return the message id."""
        if isinstance(request, bytes):
            return self.neighbours.publish(
                request, topic or "generate-requests", attributes
            )
        topic = topic or topology.topic_of(str(request.get("kind", "generate")))
        return self.neighbours.publish(json.dumps(request).encode(), topic, attributes)

    def events(self, job_id: str | None = None) -> list[Event]:
        """Return the events that came so far."""
        return self._events.all(job_id)

    def wait_event(self, job_id: str, timeout: float = 20.0, count: int = 1) -> Event:
        """Return the `count`-th event of a job.

        Raises:
            TimeoutError: it did not come; with what is known of the job.

        """
        found = self._events.wait(job_id, timeout, count)
        if len(found) < count:
            raise TimeoutError(self._what_is_known(job_id, f"event {count}", timeout))
        return found[count - 1]

    def record(self, job_id: str) -> Record | None:
        """Return a job's record, None while nobody has claimed it."""
        return self.neighbours.record(job_id)

    def wait_record(
        self,
        job_id: str,
        until: Callable[[Record], bool] = lambda record: record.state.terminal,
        timeout: float = 20.0,
    ) -> Record:
        """Return a job's record as soon as it is as wanted, by default at its end.

        Raises:
            TimeoutError: it never was; with what is known of the job.

        """
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            record = self.record(job_id)
            if record is not None and until(record):
                return record
            threading.Event().wait(_LOOK)
        raise TimeoutError(self._what_is_known(job_id, "wanted record", timeout))

    def kill(self, function: str) -> int:
        """Kill -9 a function, master and workers; it is started again at once."""
        return self._call(self.stack.child(function).kill)

    def freeze(self, function: str) -> None:
        """Stop a function in its tracks, as a throttled instance is."""
        self._call(lambda: self.stack.child(function).freeze())

    def thaw(self, function: str) -> None:
        """Let it go on."""
        self._call(lambda: self.stack.child(function).thaw())

    def probe(self, function: str, probe: str) -> None:
        """Restart a function with PLANTAIN_PROBE set, for its first worker only."""
        child = self.stack.child(function)

        async def restart() -> None:
            child.probe = probe
            await child.restart()

        self.run(restart())

    def wait_ready(self, function: str) -> None:
        """Return once a function answers (again)."""
        self.run(self.stack.child(function).ready())

    def restarts(self, function: str) -> int:
        """Return how often a function was started again."""
        return self.stack.child(function).restarts

    def log(self, function: str) -> str:
        """Return what a function wrote so far."""
        path = self.stack.state.logs / f"{function}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def meter(self) -> dict[str, Any]:
        """Return the stand-in's counts: calls, paid, and the same by job's hash."""
        return self.stack.meter()

    def paid(self, job_id: str) -> int:
        """Return how many paid calls a job made."""
        return self.model.meter.paid_by(names.job_hash(job_id))

    def script(self, *scenarios: str, job_id: str = "") -> None:
        """Say how the next calls go, of one job or of any."""
        job = names.job_hash(job_id) if job_id else None
        self.model.meter.script(scenarios, job)

    @property
    def model(self) -> ModelApp:
        """Return the stand-in: its meter, script and holds work from any thread."""
        return self.stack.emulators.model

    @property
    def storage(self) -> StorageApp:
        """Return the bucket emulator: its calls and writes, for looking."""
        return self.stack.emulators.storage

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine in the loop of the stack and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START)

    def start(self) -> Self:
        """Return once every function answers.

        Raises:
            PlantainError: what is in the way, and the remedy.

        """
        self._thread.start()
        if not self._ready.wait(_START):
            raise PlantainError(f"the stack was not ready after {_START:.0f} s.")
        if self._error is not None:
            self._thread.join()
            raise self._error
        self.faults = StackFaults(self.stack.emulators.faults)
        self.neighbours = Neighbours(self.stack.place)
        self._events = Events(self.neighbours).open()
        return self

    def stop(self) -> None:
        """Stop everything; harmless when done before."""
        if not self._thread.is_alive():
            return
        self._events.close()
        self.neighbours.close()
        self._loop.call_soon_threadsafe(self.stack.leave.set)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001  # handed to the thread that waits
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.stack = Stack(self._options)
        async with self.stack:
            self._ready.set()
            await self.stack.leave.wait()

    def _call(self, work: Callable[[], _T]) -> _T:
        async def inside() -> _T:
            return work()

        return self.run(inside())

    def _what_is_known(self, job_id: str, what: str, timeout: float) -> str:
        record = self.record(job_id)
        known = record.state.value if record else "nobody claimed it"
        types = [event.type for event in self.events(job_id)]
        return f"no {what} of {job_id} after {timeout:.0f} s: {known}, events {types}"

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything."""
        self.stop()
