"""The events topic: publish one message and wait until it was accepted.

google-cloud-pubsub is a quarter of a second of imports, so `warm` loads it in a
thread while the model works. The law: returned means accepted.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from functions.job.errors import NeighbourUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRY: Final = 5.0  # s for one try of the library


class Topic:
    """One topic of one project; thread-safe."""

    def __init__(self, topic: str, *, project: str, budget: float) -> None:
        self._path = f"projects/{project}/topics/{topic}"
        self._budget = budget
        self._lock = threading.Lock()
        self._client: Future[Any] | None = None

    def warm(self) -> None:
        """Begin to load the client; never waits, never fails."""
        self._loading()

    def _loading(self) -> Future[Any]:
        with self._lock:
            if self._client is not None:
                return self._client
            future = self._client = Future()
        thread = threading.Thread(
            target=_load, args=(future,), name="warm-pubsub", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # too many threads; told to whoever publishes
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Close the channel, once a load under way has ended."""
        with self._lock:
            future, self._client = self._client, None
        if future is not None and future.exception() is None:
            client, _ = future.result()
            client.stop()
            client.transport.close()

    def publish(self, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish one message; see `job.ports.Events`."""
        future = self._loading()
        try:
            client, retry = future.result(timeout=self._budget)
            client.publish(
                self._path, data, retry=retry(self._budget), timeout=_TRY, **attributes
            ).result(timeout=self._budget)
        except Exception as error:
            self._forget(future)
            if not _of_google(error):
                raise
            raise NeighbourUnavailableError(
                f"{self._path} did not accept an event ({type(error).__name__}): check"
                " that the topic exists and that our service account has"
                " roles/pubsub.publisher on it; the queue delivers again."
            ) from None

    def _forget(self, future: Future[Any]) -> None:
        """Load anew next time where loading itself had failed."""
        with self._lock:
            failed = future.done() and future.exception() is not None
            if failed and self._client is future:
                self._client = None


def _of_google(error: Exception) -> bool:
    module = type(error).__module__
    return module.startswith(("google.", "grpc")) or isinstance(error, TimeoutError)


def _load(future: Future[Any]) -> None:
    """Import and build the client; the result is (client, retry for a budget)."""
    try:
        from google.api_core.retry import Retry  # noqa: PLC0415  # see the module
        from google.cloud import pubsub_v1  # noqa: PLC0415

        # One event a job: nothing is gained by waiting for a batch to fill.
        client = pubsub_v1.PublisherClient(
            batch_settings=pubsub_v1.types.BatchSettings(max_messages=1)
        )
        future.set_result((client, lambda budget: Retry(timeout=budget)))
    except BaseException as error:  # noqa: BLE001  # told to whoever publishes
        with contextlib.suppress(Exception):
            future.set_exception(error)
