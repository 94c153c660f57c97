"""Storage, model and Pub/Sub of one stack, started together and stopped together.

The law: they share one clock and one loop; what happens in a bucket is published in
the same process. With a foreign Pub/Sub, ours is not started at all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from functions.local import environment, network, topology
from functions.local.faults import Faults
from functions.local.model.app import ModelApp
from functions.local.pubsub import Broker
from functions.local.pubsub import serve as serve_pubsub
from functions.local.serving import serve
from functions.local.storage.server import StorageApp

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.job.ports import Clock
    from functions.local.network import Ports
    from functions.local.state import StateDir

_STOP: Final = 0.2  # s for open calls; the functions are gone by then


class _Stopping(Protocol):
    """A server, of whichever protocol."""

    async def stop(self, grace: float) -> None:
        """End calls that end within `grace` seconds, cut the others."""
        ...


class Emulators:
    """The neighbours of the functions on this machine."""

    def __init__(
        self, *, state: StateDir, clock: Clock, ports: Ports, foreign: str
    ) -> None:
        self.foreign_pubsub = foreign
        self._state = state
        self._clock = clock
        self._ports = ports
        self._servers: list[_Stopping] = []
        self._close: Callable[[], None] | None = None
        self._broker: Broker | None = None
        self.faults: dict[str, Faults] = {"storage": Faults(), "model": Faults()}
        self.storage: StorageApp
        self.model: ModelApp

    async def start(self) -> None:
        """Return once everything is served."""
        if not self.foreign_pubsub:
            self.faults["pubsub"] = Faults()
            self._broker = Broker(self._clock, self.faults["pubsub"])
            pubsub = await serve_pubsub(
                self._broker, network.HOST, self._ports["pubsub"]
            )
            self._servers.append(pubsub)
        self.storage = StorageApp(
            self._state.storage,
            clock=self._clock,
            faults=self.faults["storage"],
            publish=self._publish,
        )
        self._close = self.storage.close
        for bucket in topology.BUCKETS:
            self.storage.create_bucket(bucket)
        self.model = ModelApp(
            clock=self._clock,
            key=environment.STAND_IN_KEY,
            faults=self.faults["model"],
        )
        for name, app in (("storage", self.storage), ("model", self.model)):
            server = await serve(app, network.HOST, self._ports[name])
            self._servers.append(server)

    async def stop(self) -> None:
        """Stop what was started."""
        await asyncio.gather(*(server.stop(_STOP) for server in self._servers))
        self._servers.clear()
        if self._close is not None:
            self._close()

    def _publish(self, topic: str, data: bytes, attributes: dict[str, str]) -> None:
        """Publish what a bucket tells; Google's emulator gets no such messages yet."""
        if self._broker is not None:
            self._broker.publish(topic, data, attributes)
