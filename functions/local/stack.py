"""The whole system on one machine, in one asyncio process and its children.

The law: all of it or none. What is in the way (a taken port, another stack, a
missing file) is found before anything is started; whatever fails while starting, or
ends the stack later, takes everything down that was up.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from functions.clock import StepClock
from functions.job.errors import PlantainError
from functions.local import broker_setup, environment, network, state, topology
from functions.local.children import Child, Echo, Spec
from functions.local.client import Neighbours, Place
from functions.local.control import Control
from functions.local.emulators import Emulators
from functions.local.serving import serve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

ROOT: Final = Path(__file__).resolve().parents[2]
_STOP: Final = 0.2  # s for open connections of a server
_CHILD_STOP: Final = 0.5  # s for a function to give its leases back


class NoSourceError(PlantainError):
    """main.py is not where it should be."""


def _silent(function: str, line: str) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run a stack."""

    state: Path = state.DEFAULT
    port_base: int = network.DEFAULT_BASE
    fresh: bool = False
    live: bool = False
    source: Path = ROOT / "main.py"
    functions: tuple[str, ...] = topology.FUNCTIONS
    environ: Mapping[str, str] | None = None  # None: this process's
    extra: Mapping[str, str] = field(default_factory=dict)  # for the functions
    echo: Echo = _silent


class Stack:
    """`async with Stack(options) as stack:` runs while inside."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.state = state.StateDir(options.state)
        self.clock = StepClock(self.state.clock)
        self.environ = (
            environment.shell() if options.environ is None else dict(options.environ)
        )
        self.children: dict[str, Child] = {}
        self.leave = asyncio.Event()  # set by whoever wants the stack to end
        self._exit = contextlib.AsyncExitStack()
        self.ports: network.Ports
        self.place: Place
        self.emulators: Emulators
        self.neighbours: Neighbours

    async def __aenter__(self) -> Self:
        """Start everything; return when every function answers.

        Raises:
            PlantainError: what is in the way, and the remedy.

        """
        try:
            self._prepare()
            await self._start_emulators()
            await self._start_functions()
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything."""
        await self._exit.aclose()

    def describe(self) -> dict[str, Any]:
        """Return what `stack.json` says."""
        names = (*network.SERVICES, *self.children)
        return {
            "pid": os.getpid(),
            "place": dataclasses.asdict(self.place),
            "urls": {name: self.ports.url(name) for name in names},
            "functions": {
                name: {"pid": child.pid, "restarts": child.restarts}
                for name, child in self.children.items()
            },
            "clock": str(self.state.clock.absolute()),
            "live": self.options.live,
            "google_pubsub": self.emulators.foreign_pubsub,
        }

    def child(self, function: str) -> Child:
        """Return a function's process.

        Raises:
            PlantainError: there is no such function.

        """
        try:
            return self.children[function]
        except KeyError:
            known = ", ".join(self.children)
            raise PlantainError(f"there is no such function; known: {known}.") from None

    def meter(self) -> dict[str, Any]:
        """Return the stand-in's meter of paid calls."""
        return self.emulators.model.meter.report()

    def _prepare(self) -> None:
        options = self.options
        if not options.source.is_file():
            raise NoSourceError(
                f"{options.source} is missing: the functions start from a clone of the"
                " repository, not from an installed package. Run `plantain up` there,"
                " or name the file with --source."
            )
        if options.live:
            environment.key(self.environ)
        lock = state.Lock.take(self.state)
        self._exit.callback(lock.release)
        self.ports = network.choose(options.port_base, options.functions)
        if options.fresh:
            self.state.wipe()
        self.state.prepare()

    async def _start_emulators(self) -> None:
        foreign = self.environ.get("PUBSUB_EMULATOR_HOST", "")
        self.emulators = Emulators(
            state=self.state, clock=self.clock, ports=self.ports, foreign=foreign
        )
        self._exit.push_async_callback(self.emulators.stop)
        await self.emulators.start()
        self.place = Place(
            storage=self.ports.url("storage"),
            pubsub=foreign or self.ports.address("pubsub"),
        )
        self.neighbours = Neighbours(self.place)
        self._exit.callback(self.neighbours.close)
        await asyncio.to_thread(
            broker_setup.make_topics, self.neighbours, foreign=bool(foreign)
        )
        control = await serve(Control(self), network.HOST, self.ports["control"])
        self._exit.push_async_callback(control.stop, _STOP)

    async def _start_functions(self) -> None:
        lifeline, ours = os.pipe()
        self._exit.callback(os.close, ours)
        self._exit.callback(os.close, lifeline)
        environ = environment.of_functions(
            self.environ,
            self.ports,
            self.state,
            pubsub=self.place.pubsub,
            live=self.options.live,
        )
        environ |= self.options.extra
        for function in self.options.functions:
            spec = Spec(
                function=function,
                source=self.options.source.absolute(),
                host=network.HOST,
                port=self.ports[function],
                environ=environ,
                log=self.state.logs / f"{function}.log",
                lifeline=lifeline,
            )
            self.children[function] = Child(spec, ROOT, self.options.echo, self._tell)
        self._exit.push_async_callback(self._stop_functions)
        self._exit.callback(self.state.withdraw)
        await asyncio.gather(*(child.start() for child in self.children.values()))
        await asyncio.gather(*(child.ready() for child in self.children.values()))
        await asyncio.to_thread(self._subscribe)
        self._tell(ready=True)

    def _subscribe(self) -> None:
        """Push only now: what a dead port refuses waits ten seconds to come again."""
        for push in topology.PUSHES:
            if push.function in self.children:
                url = self.ports.url(push.function)
                broker_setup.make_push(self.neighbours, push, url)

    def _tell(self, *, ready: bool = False) -> None:
        """Write stack.json, from the moment everything answers."""
        if ready or self.state.stack.exists():
            self.state.announce(self.describe())

    async def _stop_functions(self) -> None:
        stops = (child.stop(_CHILD_STOP) for child in self.children.values())
        await asyncio.gather(*stops)
