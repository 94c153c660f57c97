"""StreamingPull: messages down one stream while it has room, acks up the same one.

Room is the client's flow control: messages and bytes that are out and not yet ended.
What was leased for a stream and never written goes back as if it had not been.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from google.pubsub_v1 import types
from typing_extensions import override

from functions.local.pubsub.acks import acknowledge, check_deadline, extend
from functions.local.pubsub.backlog import Lease, Outlet
from functions.local.pubsub.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from functions.local.pubsub.broker import Broker
    from functions.local.pubsub.message import Message, Proto
    from functions.local.pubsub.subscription import Subscription

    Write = Callable[[Proto], Awaitable[None]]

_BATCH: Final = 100  # messages in one response
_BYTES: Final = 3_500_000  # in one response; clients of an emulator take 4 MiB
_UNWRITTEN: Final = 1000  # leased ahead of a client that reads slowly

Response: Final = types.StreamingPullResponse.pb()


class Stream(Outlet):
    """One open StreamingPull."""

    def __init__(self, subscription: Subscription, first: Proto) -> None:
        check_deadline(first.stream_ack_deadline_seconds, least=10)
        self._subscription = subscription
        self._deadline = float(first.stream_ack_deadline_seconds)
        self._messages = max(0, first.max_outstanding_messages)
        self._bytes = max(0, first.max_outstanding_bytes)
        self._out: dict[str, int] = {}  # ack id -> bytes
        self._out_bytes = 0
        self._unwritten: deque[Lease] = deque()
        self._woken = asyncio.Event()

    @property
    @override
    def ack_deadline(self) -> float | None:
        return self._deadline

    @override
    def room(self, message: Message) -> bool:
        if len(self._unwritten) >= _UNWRITTEN:
            return False
        if self._messages and len(self._out) >= self._messages:
            return False
        # A message above the byte limit still goes out, alone.
        full = self._out_bytes + message.size > self._bytes
        return not (self._bytes and self._out and full)

    @override
    def offer(self, lease: Lease) -> None:
        self._out[lease.ack_id] = lease.message.size
        self._out_bytes += lease.message.size
        self._unwritten.append(lease)
        self._woken.set()

    @override
    def ended(self, lease: Lease) -> None:
        self._out_bytes -= self._out.pop(lease.ack_id, 0)

    @override
    def recheck(self) -> None:
        self._woken.set()

    async def run(self, requests: AsyncIterator[Proto], write: Write) -> None:
        """Serve the stream until its client closes it.

        Raises:
            RefusedError: the subscription is gone or changed, or a fault rule fired.

        """
        reader = asyncio.create_task(self._read(requests))
        reader.add_done_callback(lambda _: self._woken.set())
        self._subscription.attach(self)
        try:
            await write(Response(subscription_properties={}))
            while not reader.done():
                await self._woken.wait()
                self._woken.clear()
                self._subscription.check_pull()
                await self._flush(write)
            reader.result()
        finally:
            self._subscription.leave(self)
            for lease in reversed(self._unwritten):
                self._subscription.backlog.give_back(lease)
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def take(self, request: Proto) -> None:
        """Do what one request of the client says."""
        broker, name = self._subscription.broker, self._subscription.name
        if request.stream_ack_deadline_seconds:
            check_deadline(request.stream_ack_deadline_seconds, least=10)
            self._deadline = float(request.stream_ack_deadline_seconds)
        asked = zip(
            request.modify_deadline_ack_ids,
            request.modify_deadline_seconds,
            strict=False,
        )
        if request.ack_ids:
            await acknowledge(broker, name, request.ack_ids)
        for ack_id, seconds in asked:
            await extend(broker, name, [ack_id], seconds)

    async def _read(self, requests: AsyncIterator[Proto]) -> None:
        async for request in requests:
            if request.subscription:
                raise invalid("subscription: only the first request may name it.")
            await self.take(request)

    async def _flush(self, write: Write) -> None:
        while batch := self._batch():
            leases = await self._subscription.hand_over(batch)
            received = [self._subscription.received(lease) for lease in leases]
            await write(Response(received_messages=received))
            self._subscription.kick()

    def _batch(self) -> list[Lease]:
        batch: list[Lease] = []
        size = 0
        while self._unwritten and len(batch) < _BATCH:
            size += self._unwritten[0].message.size
            if batch and size > _BYTES:
                break
            batch.append(self._unwritten.popleft())
        return batch


async def streaming_pull(
    broker: Broker, requests: AsyncIterator[Proto], write: Write
) -> None:
    """Serve one StreamingPull call."""
    first = await anext(requests, None)
    if first is None:
        raise invalid("The first request of a stream must name a subscription.")
    subscription = broker.subscription(first.subscription)
    subscription.check_pull()
    stream = Stream(subscription, first)
    await stream.take(first)
    await stream.run(requests, write)
