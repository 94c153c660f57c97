"""Storage, model and Pub/Sub of one stack, started together and stopped together.

The law: they share one clock and one loop; what happens in a bucket is published in
the same process. With a foreign Pub/Sub, ours is not started at all.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import httpx

from functions.local import environment, network, topology
from functions.local.faults import Faults
from functions.local.model.app import ModelApp
from functions.local.pubsub import Broker
from functions.local.pubsub import serve as serve_pubsub
from functions.local.serving import serve
from functions.local.storage.app import StorageApp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.job.ports import Clock
    from functions.local.network import Ports
    from functions.local.state import StateDir

_STOP: Final = 0.5  # s for open calls
_CALL: Final = 5.0  # s
_CONFLICT: Final = 409


class Emulators:
    """The neighbours of the functions on this machine."""

    def __init__(
        self, *, state: StateDir, clock: Clock, ports: Ports, foreign: str
    ) -> None:
        self.foreign_pubsub = foreign
        self._state = state
        self._clock = clock
        self._ports = ports
        self._exit = contextlib.AsyncExitStack()
        self._broker: Broker | None = None
        self.faults: dict[str, Faults] = {"storage": Faults(), "model": Faults()}

    async def start(self) -> None:
        """Return once everything is served."""
        if not self.foreign_pubsub:
            self.faults["pubsub"] = Faults()
            self._broker = Broker(self._clock, self.faults["pubsub"])
            pubsub = await serve_pubsub(
                self._broker, network.HOST, self._ports["pubsub"]
            )
            self._exit.push_async_callback(pubsub.stop, _STOP)
        storage = StorageApp(
            self._state.storage, self._clock, self.faults["storage"], self._publish
        )
        self._exit.callback(storage.close)
        self.model = model = ModelApp(
            clock=self._clock,
            key=environment.STAND_IN_KEY,
            faults=self.faults["model"],
        )
        for name, app in (("storage", storage), ("model", model)):
            server = await serve(app, network.HOST, self._ports[name])
            self._exit.push_async_callback(server.stop, _STOP)
        self._http = httpx.AsyncClient(trust_env=False, timeout=_CALL)
        self._exit.push_async_callback(self._http.aclose)

    async def stop(self) -> None:
        """Stop what was started."""
        await self._exit.aclose()

    async def make_buckets(self) -> None:
        """Make every bucket that is not there yet, over the wire like anybody."""
        for bucket in topology.BUCKETS:
            answer = await self._http.post(
                f"{self._ports.url('storage')}/storage/v1/b",
                params={"project": topology.PROJECT},
                json={"name": bucket},
            )
            if answer.status_code != _CONFLICT:
                answer.raise_for_status()

    async def meter(self) -> Any:  # noqa: ANN401  # the stand-in's own JSON
        """Return the stand-in's meter."""
        answer = await self._http.get(f"{self._ports.url('model')}/_control/meter")
        return answer.json()

    def _publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish what a bucket tells; Google's emulator gets no such messages yet."""
        if self._broker is not None:
            self._broker.publish(topic, data, attributes)
