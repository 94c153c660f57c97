"""The completion events as a subscriber sees them, kept as they come.

The law: nothing published after `open` is missed, a message delivered twice is
shown once, and closing takes the temporary subscription away.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import grpc
from google.api_core import exceptions
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1.types import (
    ExpirationPolicy,
    StreamingPullRequest,
    Subscription,
)

from functions.local import topology
from functions.local.client import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from functions.local.client import Neighbours

_ACK: Final = 60  # s
_CALL: Final = 5.0  # s; at once, or never
_A_DAY: Final = 86_400  # s; the least that Pub/Sub takes: a killed watcher's is gone


@dataclass(frozen=True, slots=True)
class Event:
    """One CloudEvent of the binary binding."""

    message_id: str
    attributes: dict[str, str]
    data: dict[str, Any]

    @property
    def id(self) -> str:
        """Return the event's id, the same at every publish of the same outcome."""
        return self.attributes.get("ce-id", "")

    @property
    def type(self) -> str:
        """Return the event's type."""
        return self.attributes.get("ce-type", "")

    @property
    def subject(self) -> str:
        """Return the job's id."""
        return self.attributes.get("ce-subject", "")


class Events:
    """A temporary subscription on the events, read by one thread."""

    def __init__(self, neighbours: Neighbours) -> None:
        place = neighbours.place
        self._client = neighbours.subscriber
        name = f"watch-{uuid.uuid4().hex[:12]}"
        self._path = topology.subscription_path(name, place.project)
        self._topic = topology.topic_path(place.events_topic, place.project)
        self._seen: list[Event] = []
        self._ids: set[str] = set()
        self._news = threading.Condition()
        self._requests: queue.SimpleQueue[StreamingPullRequest | None] = (
            queue.SimpleQueue()
        )
        self._call: Any = None
        self._thread: threading.Thread | None = None
        self.lost = False  # the stream ended though nobody closed it

    def open(self) -> Self:
        """Subscribe; every event published from now on will be seen.

        Raises:
            UnreachableError: the subscription cannot be made.

        """
        wanted = Subscription(
            name=self._path,
            topic=self._topic,
            ack_deadline_seconds=_ACK,
            expiration_policy=ExpirationPolicy(ttl=Duration(seconds=_A_DAY)),
        )
        try:
            self._client.create_subscription(request=wanted, retry=None, timeout=_CALL)
        except exceptions.GoogleAPIError as error:
            raise UnreachableError(
                f"cannot subscribe to {self._topic} ({type(error).__name__}); is the"
                " stack running, and may you create subscriptions there?"
            ) from error
        self._requests.put(
            StreamingPullRequest(
                subscription=self._path,
                stream_ack_deadline_seconds=_ACK,
                client_id=uuid.uuid4().hex,
            )
        )
        # The bare call: the library's own wrapping waits for the first message.
        self._call = self._client.transport.streaming_pull(
            iter(self._requests.get, None)  # type: ignore[arg-type]  # a stream
        )
        self._thread = threading.Thread(target=self._read, name="events", daemon=True)
        self._thread.start()
        return self

    def all(self, subject: str | None = None) -> list[Event]:
        """Return what came so far, of one job or of every."""
        with self._news:
            return [e for e in self._seen if subject is None or e.subject == subject]

    def wait(self, subject: str | None, timeout: float, count: int = 1) -> list[Event]:
        """Return the events of a job once `count` came, or all after `timeout`."""

        def enough() -> bool:
            return self.lost or len(self.all(subject)) >= count

        with self._news:
            self._news.wait_for(enough, timeout)
        return self.all(subject)

    def follow(self, pause: float = 0.2) -> Iterator[Event | None]:
        """Yield each event as it comes, None whenever `pause` seconds were quiet."""
        at = 0
        while not self.lost:
            fresh = self._after(at, pause)
            at += len(fresh)
            yield from fresh or (None,)

    def _after(self, at: int, pause: float) -> list[Event]:
        with self._news:
            self._news.wait_for(lambda: len(self._seen) > at or self.lost, pause)
            return self._seen[at:]

    def close(self) -> None:
        """Unsubscribe; harmless when done before."""
        if self._thread is None:
            return
        self._requests.put(None)
        self._call.cancel()
        self._thread.join()
        self._thread = None
        with contextlib.suppress(exceptions.GoogleAPIError):
            self._client.delete_subscription(
                request={"subscription": self._path}, retry=None, timeout=_CALL
            )

    def _read(self) -> None:
        try:
            for answer in self._call:
                messages = answer.received_messages
                with self._news:
                    for message in messages:
                        self._take(message.message)
                    self._news.notify_all()
                self._requests.put(
                    StreamingPullRequest(ack_ids=[m.ack_id for m in messages])
                )
        except grpc.RpcError:
            pass  # cancelled by `close`, or the stack is gone: `lost` says so
        with self._news:
            self.lost = True
            self._news.notify_all()

    def _take(self, message: Any) -> None:  # noqa: ANN401  # the library has no types
        if message.message_id in self._ids:
            return
        self._ids.add(message.message_id)
        try:
            data = json.loads(message.data or b"{}")
        except ValueError:
            data = {}
        self._seen.append(
            Event(
                message.message_id,
                dict(message.attributes),
                data if isinstance(data, dict) else {"value": data},
            )
        )

    def __enter__(self) -> Self:
        """Subscribe."""
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Unsubscribe."""
        self.close()
