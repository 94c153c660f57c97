"""A backlog on a clock that moves by hand, with what it dead-lettered."""

from __future__ import annotations

from typing_extensions import override

from functions.local.pubsub import policy
from functions.local.pubsub.backlog import Backlog, Lease, Outlet
from functions.local.pubsub.message import Message
from tests.local.pubsub.manual import ManualTimers

DEAD = {"dead_letter_topic": "projects/p/topics/dead", "max_delivery_attempts": 5}
RETRY = {"minimum_backoff": {"seconds": 10}, "maximum_backoff": {"seconds": 30}}


class Ends(Outlet):
    """An outlet that only writes down which leases are over."""

    def __init__(self) -> None:
        self.over: list[Lease] = []

    @property
    @override
    def ack_deadline(self) -> float | None:
        return None

    @override
    def room(self, message: Message) -> bool:
        return True

    @override
    def offer(self, lease: Lease) -> None:
        raise AssertionError("the backlog alone offers nothing")

    @override
    def ended(self, lease: Lease) -> None:
        self.over.append(lease)

    @override
    def recheck(self) -> None:
        raise AssertionError("the backlog alone knows no config")


class Bench:
    """A backlog, its time, and what it dead-lettered."""

    def __init__(self, **settings: object) -> None:
        config = policy.Subscription(name="projects/p/subscriptions/sub", **settings)
        self.timers = ManualTimers()
        self.dead: list[tuple[str, int]] = []
        self.dead_topic = True
        self.changes = 0
        self.backlog = Backlog(
            policy.read(policy.completed(config)),
            self.timers,
            dead_letter=self._dead_letter,
            changed=self._changed,
        )
        self._count = 0

    def add(self) -> str:
        self._count += 1
        now = int(self.timers.clock.now() * 1000)
        self.backlog.add(Message(str(self._count), b"x", {}, now))
        return str(self._count)

    def take(self, outlet: Outlet | None = None, seconds: float = 10) -> Lease | None:
        if self.backlog.peek() is None:
            return None
        return self.backlog.lease(outlet, seconds)

    def must(self, outlet: Outlet | None = None, seconds: float = 10) -> Lease:
        lease = self.take(outlet, seconds)
        assert lease is not None, "a message should be ready"
        return lease

    def _changed(self) -> None:
        self.changes += 1

    def _dead_letter(self, message: Message, attempts: int) -> bool:
        if self.dead_topic:
            self.dead.append((message.message_id, attempts))
        return self.dead_topic
