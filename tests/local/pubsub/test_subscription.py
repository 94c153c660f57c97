"""How a subscription shares its messages, without the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from functions.local.pubsub import Broker
from functions.local.pubsub.backlog import Outlet
from functions.local.pubsub.refusal import RefusedError
from tests.local.pubsub.manual import ManualTimers

if TYPE_CHECKING:
    from functions.local.pubsub.backlog import Lease
    from functions.local.pubsub.message import Message
    from functions.local.pubsub.subscription import Subscription

TOPIC = "projects/p/topics/requests"
SUB = "projects/p/subscriptions/generate"


class Taker(Outlet):
    """An outlet with room for `most` messages."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.leases: list[Lease] = []

    @property
    @override
    def ack_deadline(self) -> float | None:
        return 60.0

    @override
    def room(self, message: Message) -> bool:
        return len(self.leases) < self.most

    @override
    def offer(self, lease: Lease) -> None:
        self.leases.append(lease)

    @override
    def ended(self, lease: Lease) -> None:
        self.leases.remove(lease)

    @override
    def recheck(self) -> None:
        self.most = 0


def _made(**settings: object) -> tuple[Broker, Subscription]:
    timers = ManualTimers()
    broker = Broker(timers.clock)
    broker.timers = timers
    broker.create_topic(TOPIC)
    broker.create_subscription(name=SUB, topic=TOPIC, **settings)
    return broker, broker.subscription(SUB)


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_outlets_with_room_take_turns() -> None:
    """Law: messages are spread, and whoever has room gets the rest."""

    async def work() -> None:
        broker, subscription = _made()
        small, large = Taker(1), Taker(9)
        subscription.attach(small)
        subscription.attach(large)
        for _ in range(6):
            broker.publish(TOPIC, b"x", {})
        await _settle()
        assert (len(small.leases), len(large.leases)) == (1, 5)
        subscription.backlog.ack(small.leases[0].ack_id)
        broker.publish(TOPIC, b"x", {})
        await _settle()
        assert len(small.leases) + len(large.leases) == 6
        await broker.close()

    asyncio.run(work())


def test_equal_outlets_get_equal_shares() -> None:
    """Law: a stream that still has room does not starve the next one."""

    async def work() -> None:
        broker, subscription = _made()
        takers = [Taker(99), Taker(99)]
        for taker in takers:
            subscription.attach(taker)
        for _ in range(6):
            broker.publish(TOPIC, b"x", {})
        await _settle()
        assert [len(taker.leases) for taker in takers] == [3, 3]
        await broker.close()

    asyncio.run(work())


def test_a_pull_gets_what_streams_have_no_room_for() -> None:
    """Law: a waiting pull is woken by a message that no stream takes."""

    async def work() -> None:
        broker, subscription = _made()
        subscription.attach(Taker(1))
        waiting = asyncio.create_task(subscription.pull(5, wait=True))
        await _settle()
        broker.publish(TOPIC, b"1", {})
        await _settle()
        assert not waiting.done()
        broker.publish(TOPIC, b"2", {})
        (lease,) = await waiting
        assert lease.message.data == b"2"
        await broker.close()

    asyncio.run(work())


def test_a_pull_that_was_given_up_takes_nothing() -> None:
    """Law: a client that left while it waited costs no delivery."""

    async def work() -> None:
        broker, subscription = _made()
        waiting = asyncio.create_task(subscription.pull(5, wait=True))
        await _settle()
        waiting.cancel()
        broker.publish(TOPIC, b"x", {})
        await asyncio.gather(waiting, return_exceptions=True)
        (lease,) = await subscription.pull(5, wait=False)
        assert lease.attempt == 1
        await broker.close()

    asyncio.run(work())


def test_deleting_wakes_who_waits() -> None:
    """Law: a waiting pull learns NOT_FOUND; outlets are told to look again."""

    async def work() -> None:
        broker, subscription = _made()
        taker = Taker(0)
        subscription.attach(taker)
        waiting = asyncio.create_task(subscription.pull(5, wait=True))
        await _settle()
        taker.most = 1
        subscription.delete()
        assert taker.most == 0
        with pytest.raises(RefusedError, match="not found"):
            await waiting
        await broker.close()

    asyncio.run(work())


def test_a_changed_config_keeps_the_backlog() -> None:
    """Law: new settings apply to what already waits."""

    async def work() -> None:
        broker, subscription = _made(filter="attributes:a")
        broker.publish(TOPIC, b"x", {"a": "1"})
        broker.publish(TOPIC, b"dropped", {"b": "1"})
        config = type(subscription.config)()
        config.CopyFrom(subscription.config)
        config.ack_deadline_seconds = 300
        subscription.configure(config)
        assert subscription.policy.ack_deadline == 300
        (lease,) = await subscription.pull(5, wait=False)
        assert lease.timer is not None
        assert lease.timer.at == broker.timers.clock.now() + 300
        await broker.close()

    asyncio.run(work())
