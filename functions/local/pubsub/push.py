"""Pushes one subscription's messages to its endpoint, many at a time.

The window of requests in flight starts small, grows with every success and halves
once for each round that failed. Without a retry policy a failing endpoint also gets
the push backoff, 0.1 s doubling to 60 s. No answer within the ack deadline, or no
connection, is a nack like any bad status.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import httpx
from typing_extensions import override

from functions.local.pubsub import envelope
from functions.local.pubsub.backlog import Lease, Outlet

if TYPE_CHECKING:
    from functions.local.pubsub.broker import Broker
    from functions.local.pubsub.message import Message
    from functions.local.pubsub.policy import Push
    from functions.local.pubsub.subscription import Subscription
    from functions.local.timers import Timer

# The service also lists 102, which HTTP clients do not show as a final answer.
ACKNOWLEDGED: Final = frozenset({200, 201, 202, 204})
MAX_WINDOW: Final = 1000.0
_BACKOFF: Final = (0.1, 60.0)  # s


class Pusher(Outlet):
    """The push side of a subscription; idle while that has no endpoint."""

    def __init__(self, subscription: Subscription, broker: Broker) -> None:
        self._subscription = subscription
        self._broker = broker
        self._tasks: dict[str, tuple[asyncio.Task[None], int]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._round = 0  # requests of one round share one verdict on the endpoint
        self._failures = 0
        self._pause: Timer | None = None
        self.window = float(broker.push_window)
        self.last = ""  # how the last push ended, for a person

    @property
    @override
    def ack_deadline(self) -> float | None:
        return None

    @property
    def in_flight(self) -> int:
        """Return how many requests are out."""
        return len(self._tasks)

    @override
    def room(self, message: Message) -> bool:
        push = self._subscription.policy.push
        ready = push is not None and self._pause is None
        return ready and len(self._tasks) < int(self.window)

    @override
    def offer(self, lease: Lease) -> None:
        task = asyncio.create_task(self._send(lease))
        self._tasks[lease.ack_id] = (task, self._round)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    @override
    def ended(self, lease: Lease) -> None:
        task, started = self._tasks.pop(lease.ack_id, (None, 0))
        if task is not None:  # not by its answer: the ack deadline passed
            task.cancel()
            self.last = "no answer within the ack deadline"
            self._failed(started)

    @override
    def recheck(self) -> None:
        pass

    def reset(self) -> None:
        """Start anew with a changed endpoint; requests that are out go on."""
        self._round += 1
        self._failures = 0
        self.window = float(self._broker.push_window)
        self._resume()

    def close(self) -> None:
        """Cut every request."""
        for task, _ in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        if self._pause is not None:
            self._pause.cancel()

    async def closed(self) -> None:
        """Return once the requests that were cut are gone."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _send(self, lease: Lease) -> None:
        push = self._subscription.policy.push
        good = push is not None and await self._deliver(push, lease)
        _, started = self._tasks.pop(lease.ack_id)
        if good:
            self._failures = 0
            self.window = min(MAX_WINDOW, self.window + 1)
            self._subscription.backlog.ack(lease.ack_id)
        else:
            self._failed(started)
            self._subscription.backlog.nack(lease.ack_id)

    async def _deliver(self, push: Push, lease: Lease) -> bool:
        detail = f"{self._subscription.name} {lease.message.detail()}"
        rule = self._broker.faults.hit("push", detail)
        if rule is None:
            return await self._post(push, lease)
        if rule.action in ("status", "drop"):
            self.last = f"fault on demand: {rule.action} {rule.status}"
            return rule.action == "status" and rule.status in ACKNOWLEDGED
        if rule.action == "delay":
            await self._broker.timers.sleep(rule.seconds)
            return await self._post(push, lease)
        if rule.action == "duplicate":
            both = (self._post(push, lease), self._post(push, lease))
            return any(await asyncio.gather(*both))
        await self._post(push, lease)
        self.last = f"fault on demand: {rule.action} {rule.status}"
        return rule.action == "status_after" and rule.status in ACKNOWLEDGED

    async def _post(self, push: Push, lease: Lease) -> bool:
        policy = self._subscription.policy
        headers = envelope.headers(lease.message, policy, push)
        if push.account:
            token = self._broker.issuer.token(push.account, push.audience)
            headers["authorization"] = f"Bearer {token}"
        try:
            answer = await self._broker.http.post(
                push.endpoint,
                content=envelope.body(lease.message, policy, push, lease.attempt),
                headers=headers,
            )
        except httpx.HTTPError as error:
            self.last = type(error).__name__
            return False
        self.last = str(answer.status_code)
        return answer.status_code in ACKNOWLEDGED

    def _failed(self, started: int) -> None:
        if started != self._round:
            return
        self._round += 1
        self.window = max(1.0, self.window / 2)
        if self._subscription.policy.backoff is None and self._pause is None:
            least, most = _BACKOFF
            pause = min(most, least * 2.0 ** min(self._failures, 16))
            self._failures += 1
            self._pause = self._broker.timers.call_later(pause, self._resume)

    def _resume(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        self._subscription.kick()
