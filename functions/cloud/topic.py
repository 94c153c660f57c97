"""The events topic: publish one message and wait until it was accepted.

Publisher.Publish over a plain gRPC channel, its message written by hand: the client
library costs a cold instance 200 ms of CPU and 34 MiB for this one call. `warm`
loads gRPC in a thread while the model works. The law: returned means accepted.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any, Final

from functions.cloud.media import Patience
from functions.cloud.protobuf import publish_request
from functions.job.errors import NeighbourUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.cloud.identity import Tokens
    from functions.job.ports import Clock

GOOGLE: Final = "pubsub.googleapis.com:443"
_METHOD: Final = "/google.pubsub.v1.Publisher/Publish"
_TRY: Final = 5.0  # s for one try
# What the client library repeats for this call (google.pubsub_v1, Publisher.publish).
_TRANSIENT: Final = frozenset(
    {
        "ABORTED",
        "CANCELLED",
        "DEADLINE_EXCEEDED",
        "INTERNAL",
        "RESOURCE_EXHAUSTED",
        "UNAVAILABLE",
        "UNKNOWN",
    }
)


class Topic:
    """One topic of one project; thread-safe."""

    def __init__(  # noqa: PLR0913  # each is one thing that a call depends on
        self,
        topic: str,
        *,
        project: str,
        clock: Clock,
        budget: float,
        tokens: Tokens,
        emulator: str = "",
    ) -> None:
        self._path = f"projects/{project}/topics/{topic}"
        self._clock = clock
        self._budget = budget
        self._tokens = tokens
        self._emulator = emulator
        self._lock = threading.Lock()
        self._channel: Any = None
        self._call: Any = None

    def warm(self) -> None:
        """Begin to load and connect; never waits, never fails."""
        if self._call is None:
            thread = threading.Thread(
                target=self._warmed, name="warm-pubsub", daemon=True
            )
            with contextlib.suppress(RuntimeError):  # no thread to spare: publish loads
                thread.start()

    def close(self) -> None:
        """Close the channel."""
        with self._lock:
            channel, self._channel, self._call = self._channel, None, None
        if channel is not None:
            channel.close()

    def publish(self, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish one message; see `job.ports.Events`."""
        call, request = (
            self._connected(),
            publish_request(self._path, data, attributes),
        )
        patience, fresh = Patience(self._clock, self._budget, "Pub/Sub"), False
        while True:
            code = self._tried(call, request, patience.timeout(_TRY), fresh=fresh)
            if not code:
                return
            if code in _TRANSIENT:
                patience.pause("accept an event", code)
            elif code == "UNAUTHENTICATED" and not fresh:
                fresh = True
            else:
                raise NeighbourUnavailableError(
                    f"{self._path} did not accept an event ({code}): check that the"
                    " topic exists and that our service account has"
                    " roles/pubsub.publisher on it; the queue delivers again."
                )

    def _tried(self, call: Any, request: bytes, timeout: float, *, fresh: bool) -> str:  # noqa: ANN401  # gRPC has no types
        """Send once; return the status code's name, "" for accepted."""
        import grpc  # noqa: PLC0415  # loaded while the model works

        token = self._tokens(fresh=fresh)
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        try:
            call(request, timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            return str(error.code().name)
        return ""

    def _warmed(self) -> None:
        with contextlib.suppress(Exception):  # told to whoever publishes
            self._connected()

    def _connected(self) -> Any:  # noqa: ANN401  # gRPC has no types
        with self._lock:
            if self._call is None:
                import grpc  # noqa: PLC0415  # loaded while the model works

                options = (("grpc.enable_http_proxy", 0),)
                self._channel = (
                    grpc.insecure_channel(self._emulator, options)
                    if self._emulator
                    else grpc.secure_channel(
                        GOOGLE, grpc.ssl_channel_credentials(), options
                    )
                )
                self._call = self._channel.unary_unary(_METHOD)
            return self._call
