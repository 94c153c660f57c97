"""One subscription: its config, its backlog, and the outlets that drain it.

Messages leave as soon as an outlet has room: streams and the pusher in turn, a
unary pull with what is left. `pump` runs once a loop turn, however often it is asked.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from google.pubsub_v1 import types

from functions.local.pubsub import policy as policies
from functions.local.pubsub.backlog import Backlog
from functions.local.pubsub.push import Pusher
from functions.local.pubsub.refusal import not_found, on_demand, precondition

if TYPE_CHECKING:
    from functions.local.pubsub.backlog import Lease, Outlet
    from functions.local.pubsub.broker import Broker
    from functions.local.pubsub.message import Message, Proto

_LONG_POLL: Final = 90.0  # s a unary pull waits for a first message
_RESPONSE: Final = 3_500_000  # bytes; clients of an emulator receive 4 MiB at most

ReceivedMessage: Final = types.ReceivedMessage.pb()


class Subscription:
    """A named backlog with its ways out."""

    def __init__(self, broker: Broker, config: Proto) -> None:
        self.broker = broker
        self.config = config
        self._rank = 0
        self._scheduled = False
        self._deleted = False
        self._waiting: set[asyncio.Future[None]] = set()
        self.backlog = Backlog(
            policies.read(config),
            broker.timers,
            dead_letter=lambda message, n: broker.dead_letter(self, message, n),
            changed=self.kick,
        )
        self.pusher = Pusher(self, broker)
        self._outlets: list[Outlet] = [self.pusher]

    @property
    def name(self) -> str:
        """Return the full name."""
        return str(self.config.name)

    @property
    def policy(self) -> policies.Policy:
        """Return what the config means."""
        return self.backlog.policy

    def configure(self, config: Proto) -> None:
        """Take a changed config; leases and the backlog stay."""
        policy = policies.read(config)
        moved = policy.push != self.policy.push
        self.config, self.backlog.policy = config, policy
        if moved:
            self.pusher.reset()
            self._recheck()
        self.kick()

    def add(self, message: Message) -> None:
        """Take a message published to the topic, unless the filter drops it."""
        if self.policy.passes(message.attributes):
            self.backlog.add(message)

    def detach(self) -> None:
        """Drop the backlog and take nothing more from the topic."""
        self.config.detached = True
        self.backlog.purge()
        self._recheck()

    def delete(self) -> None:
        """End every delivery; streams and pulls learn that the name is gone."""
        self._deleted = True
        self.backlog.purge()
        self.pusher.close()
        self._recheck()

    def check_pull(self) -> None:
        """Refuse a pull on a subscription that is pushed, detached or deleted."""
        if self._deleted:
            raise not_found(self.name)
        if self.config.detached:
            raise precondition(f"The subscription is detached ({self.name}).")
        if self.policy.push is not None:
            raise precondition(
                "This method is not supported for this subscription type: it pushes"
                f" ({self.name})."
            )

    def attach(self, outlet: Outlet) -> None:
        """Let a stream take messages."""
        self._outlets.append(outlet)
        self.kick()

    def leave(self, outlet: Outlet) -> None:
        """Give a stream nothing more; its leases run on."""
        self._outlets.remove(outlet)
        self.kick()

    def kick(self) -> None:
        """Pump soon."""
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._pump)

    async def changed(self, within: float) -> None:
        """Return when there may be news, after `within` seconds at the latest."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        timer = self.broker.timers.call_later(within, self._wake)
        try:
            await future
        finally:
            timer.cancel()
            self._waiting.discard(future)

    async def pull(self, most: int, *, wait: bool) -> list[Lease]:
        """Lease up to `most` messages; with `wait`, until there is one."""
        until = self.broker.timers.clock.now() + _LONG_POLL
        while True:
            self.check_pull()
            leases = self._take(most)
            left = until - self.broker.timers.clock.now()
            if leases or not wait or left <= 0:
                return leases
            await self.changed(left)

    async def hand_over(self, leases: list[Lease]) -> list[Lease]:
        """Return what a pull answers for these leases, faults applied.

        Raises:
            RefusedError: a fault rule says so; the leases are undone or left to lapse.

        """
        detail = " ".join([self.name, *(i.message.detail() for i in leases)])
        rule = self.broker.faults.hit("pull", detail)
        if rule is None:
            return leases
        if rule.action in ("status", "drop"):
            for lease in reversed(leases):
                self.backlog.give_back(lease)
            raise on_demand(rule)
        if rule.action == "delay":
            await self.broker.timers.sleep(rule.seconds)
            return leases
        if rule.action == "duplicate":
            return [*leases, *(self.backlog.twin(lease) for lease in leases)]
        raise on_demand(rule)

    def received(self, lease: Lease) -> Proto:
        """Return a delivery as pulls answer it."""
        counted = bool(self.policy.dead_letter)
        return ReceivedMessage(
            ack_id=lease.ack_id,
            message=lease.message.proto(),
            delivery_attempt=lease.attempt if counted else 0,
        )

    def report(self) -> dict[str, object]:
        """Return what a person wants to see of it."""
        return {
            "name": self.name,
            "topic": self.config.topic,
            "unacknowledged": len(self.backlog),
            "outstanding": self.backlog.outstanding,
            "push": self.policy.push.endpoint if self.policy.push else None,
            "window": int(self.pusher.window),
        }

    def _take(self, most: int) -> list[Lease]:
        leases: list[Lease] = []
        size = 0
        while len(leases) < most and (message := self.backlog.peek()) is not None:
            size += message.size
            if leases and size > _RESPONSE:
                break
            leases.append(self.backlog.lease(None, self.policy.ack_deadline))
        return leases

    def _pump(self) -> None:
        self._scheduled = False
        while (message := self.backlog.peek()) is not None:
            outlet = self._outlet(message)
            if outlet is None:
                break
            deadline = outlet.ack_deadline or self.policy.ack_deadline
            outlet.offer(self.backlog.lease(outlet, deadline))
        if message is not None:
            self._wake()

    def _outlet(self, message: Message) -> Outlet | None:
        for step in range(len(self._outlets)):
            rank = (self._rank + step) % len(self._outlets)
            if self._outlets[rank].room(message):
                self._rank = rank + 1
                return self._outlets[rank]
        return None

    def _recheck(self) -> None:
        for outlet in self._outlets:
            outlet.recheck()
        self._wake()

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
