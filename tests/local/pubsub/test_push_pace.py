"""How fast pushes follow each other, on a clock that moves by hand."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import httpx
from typing_extensions import override

from functions.local.pubsub import Broker
from tests.local.pubsub.manual import ManualTimers

if TYPE_CHECKING:
    from functions.local.pubsub.subscription import Subscription

TOPIC = "projects/p/topics/topic"
SUB = "projects/p/subscriptions/sub"
RETRY = {"minimum_backoff": {"seconds": 300}, "maximum_backoff": {"seconds": 600}}


class Answers(httpx.AsyncBaseTransport):
    """Answers from a list, then 204, and notes when each push came."""

    def __init__(self, timers: ManualTimers, statuses: list[int]) -> None:
        self._timers = timers
        self._statuses = statuses
        self.times: list[float] = []

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.times.append(self._timers.clock.now())
        return httpx.Response(self._statuses.pop(0) if self._statuses else 204)


class Pace:
    """A pushed subscription whose endpoint answers from a list."""

    def __init__(self, statuses: list[int], **settings: object) -> None:
        self.timers = ManualTimers()
        self.broker = Broker(self.timers.clock)
        self.broker.timers = self.timers
        self.answers = Answers(self.timers, list(statuses))
        self.broker.__dict__["http"] = httpx.AsyncClient(transport=self.answers)
        self.broker.create_topic(TOPIC)
        push = {"push_endpoint": "http://f/"}
        self.broker.create_subscription(
            name=SUB, topic=TOPIC, push_config=push, **settings
        )

    @property
    def subscription(self) -> Subscription:
        return self.broker.subscription(SUB)

    async def send(self, count: int = 1) -> None:
        """Publish, and move the clock from timer to timer until all are acked."""
        for _ in range(count):
            self.broker.publish(TOPIC, b"x", {})
        while len(self.subscription.backlog):
            for _ in range(30):
                await asyncio.sleep(0)
            due = self.timers.due()
            if due and len(self.subscription.backlog):
                self.timers.advance(due[0] + 1e-6)

    def gaps(self) -> list[float]:
        return [round(b - a, 2) for a, b in itertools.pairwise(self.answers.times)]


def _gaps(statuses: list[int], *counts: int, **settings: object) -> list[float]:
    """Return the time between pushes when messages are sent in these groups."""

    async def run() -> list[float]:
        pace = Pace(statuses, **settings)
        for count in counts:
            await pace.send(count)
        await pace.broker.close()
        return pace.gaps()

    return asyncio.run(run())


def test_a_failing_endpoint_is_left_alone_longer_each_time() -> None:
    """Law: without a retry policy 0.1 s doubling to 60 s."""
    wanted = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60, 60]
    assert _gaps([500] * 12, 1) == wanted


def test_a_success_ends_the_backoff() -> None:
    """Law: after a success the next failure waits 0.1 s again."""
    assert _gaps([500, 500, 204, 500], 1, 1) == [0.1, 0.2, 0.0, 0.1]


def test_with_a_retry_policy_that_alone_paces() -> None:
    """Law: a policy replaces the push backoff."""
    assert _gaps([500] * 3, 1, retry_policy=RETRY) == [300, 600, 600]


def test_failures_of_one_round_count_once() -> None:
    """Law: eight requests that fail together halve the window and wait once."""

    async def run() -> None:
        pace = Pace([500] * 8)
        await pace.send(8)
        assert pace.gaps()[7] == 0.1
        assert pace.subscription.pusher.window == 4 + 8
        assert len(pace.answers.times) == 16
        await pace.broker.close()

    asyncio.run(run())


def test_a_changed_endpoint_starts_anew() -> None:
    """Law: the backoff and window that the old endpoint earned are forgotten."""

    async def run() -> None:
        pace = Pace([500] * 3)
        pace.broker.publish(TOPIC, b"x", {})
        for _ in range(2):
            for _ in range(30):
                await asyncio.sleep(0)
            pace.timers.advance(0.15)
        for _ in range(30):
            await asyncio.sleep(0)
        assert pace.subscription.pusher.window < 8
        config = type(pace.subscription.config)()
        config.CopyFrom(pace.subscription.config)
        config.push_config.push_endpoint = "http://g/"
        before = len(pace.answers.times)
        pace.subscription.configure(config)
        assert pace.subscription.pusher.window == 8
        for _ in range(30):
            await asyncio.sleep(0)
        assert len(pace.answers.times) == before + 1, "at once, no pause is left"
        await pace.broker.close()

    asyncio.run(run())


def test_the_old_endpoint_does_not_slow_the_new_one() -> None:
    """Law: a request that is out when the endpoint changes counts no failure."""

    async def run() -> None:
        pace = Pace([500])
        pace.broker.publish(TOPIC, b"x", {})
        await asyncio.sleep(0)
        assert pace.subscription.pusher.in_flight == 1
        config = type(pace.subscription.config)()
        config.CopyFrom(pace.subscription.config)
        config.push_config.push_endpoint = "http://g/"
        pace.subscription.configure(config)
        await pace.send(0)
        assert pace.gaps() == [0.0], "no pause"
        assert pace.subscription.pusher.window == 9, "one success, no failure"
        await pace.broker.close()

    asyncio.run(run())
