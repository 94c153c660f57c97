"""The broker: topics, subscriptions and what is published between them.

It lives in one event loop and in memory; all its time is the clock it was given. A
publish is accepted whole or not at all, and then stands in every subscription of the
topic whose filter passes it.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from typing import TYPE_CHECKING, Final

import httpx
from google.pubsub_v1 import types

from functions.local.faults import Faults
from functions.local.pubsub import policy
from functions.local.pubsub.identity import Issuer
from functions.local.pubsub.message import Message, PubsubMessage, check
from functions.local.pubsub.refusal import not_found, taken
from functions.local.pubsub.resources import check_name
from functions.local.pubsub.subscription import Subscription
from functions.local.pubsub.topic import check_topic
from functions.local.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from functions.job.ports import Clock
    from functions.local.pubsub.message import Proto

_CONNECT: Final = 5.0  # s; how long an answer takes is the ack deadline's business
_IDLE: Final = 1.0  # s; servers close idle connections later than that
_TURNS: Final = 3  # of the loop, in which a closed connection lets go of its socket
_WINDOW: Final = 8  # "a small single-digit size", says the service's page

Topic: Final = types.Topic.pb()


class Broker:
    """Pub/Sub for one machine; make it and use it inside one event loop."""

    def __init__(
        self,
        clock: Clock,
        faults: Faults | None = None,
        *,
        push_window: int = _WINDOW,
    ) -> None:
        self.timers = Timers(clock)
        self.faults = faults or Faults()
        self.issuer = Issuer(clock)
        self.push_window = push_window
        self.topics: dict[str, Proto] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self._ids = itertools.count(int(clock.now() * 1000) * 1000)

    @functools.cached_property
    def http(self) -> httpx.AsyncClient:
        """Return the client that pushes; no proxy of the environment is used."""
        return httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=_CONNECT),
            limits=httpx.Limits(max_connections=None, keepalive_expiry=_IDLE),
            trust_env=False,
        )

    def create_topic(self, name: str) -> None:
        """Make a topic without special settings.

        Raises:
            RefusedError: the name is wrong or taken.

        """
        self.add_topic(Topic(name=name))

    def create_subscription(self, **settings: object) -> None:
        """Make a subscription from fields of `google.pubsub_v1.types.Subscription`.

        Raises:
            RefusedError: a setting is wrong, the name taken, or a topic missing.

        """
        config = types.Subscription(settings)
        self.add_subscription(types.Subscription.pb(config))

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> str:
        """Publish one message from inside the process and return its id.

        Fault rules for `publish` are about the wire and do not apply here.

        Raises:
            RefusedError: there is no such topic, or the message breaks a limit.

        """
        message = PubsubMessage(data=data, attributes=attributes)
        return self.accept(topic, [message])[0]

    def accept(self, topic: str, messages: Sequence[Proto]) -> list[str]:
        """Check and store what a publish request holds; return the ids."""
        self.topic(topic)
        check(messages)
        return [self._store(topic, message) for message in messages]

    def topic(self, name: str) -> Proto:
        """Return a topic's config."""
        if name not in self.topics:
            raise not_found(name)
        return self.topics[name]

    def subscription(self, name: str) -> Subscription:
        """Return a subscription."""
        if name not in self.subscriptions:
            raise not_found(name)
        return self.subscriptions[name]

    def add_topic(self, config: Proto) -> Proto:
        """Make a topic and return its full config."""
        check_name(config.name, "topics")
        check_topic(config)
        if config.name in self.topics:
            raise taken(config.name)
        full = Topic()
        full.CopyFrom(config)
        full.state = types.Topic.State.ACTIVE
        self.topics[full.name] = full
        return full

    def add_subscription(self, config: Proto) -> Proto:
        """Make a subscription and return its full config."""
        full = policy.completed(config)
        full.ClearField("detached")
        self.check_subscription(full)
        if full.name in self.subscriptions:
            raise taken(full.name)
        self.topic(full.topic)
        self.subscriptions[full.name] = Subscription(self, full)
        return full

    def check_subscription(self, config: Proto) -> None:
        """Refuse settings that are wrong or name a dead-letter topic that is not."""
        settings = policy.read(config)
        if settings.dead_letter:
            self.topic(settings.dead_letter)

    def dead_letter(self, source: Subscription, message: Message, tried: int) -> bool:
        """Publish to the dead-letter topic; False when that was deleted."""
        topic = source.policy.dead_letter
        if topic not in self.topics:
            return False
        _, project, _, name = source.name.split("/")
        prefix = "CloudPubSubDeadLetterSource"
        forwarded = PubsubMessage(
            data=message.data,
            attributes={
                **message.attributes,
                f"{prefix}DeliveryCount": str(tried),
                f"{prefix}Subscription": name,
                f"{prefix}SubscriptionProject": project,
                f"{prefix}TopicPublishTime": message.publish_time,
            },
            ordering_key=message.ordering_key,
        )
        self._store(topic, forwarded)
        return True

    def certs(self) -> dict[str, str]:
        """Return the keys that check push tokens: key id -> PEM."""
        return self.issuer.certs()

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the same keys as a JSON Web Key Set."""
        return self.issuer.jwks()

    def report(self) -> list[dict[str, object]]:
        """Return what a person wants to see of every subscription."""
        return [each.report() for _, each in sorted(self.subscriptions.items())]

    async def close(self) -> None:
        """Cut pushes, end streams and forget everything that was to come."""
        for subscription in self.subscriptions.values():
            subscription.delete()
            await subscription.pusher.closed()
        self.subscriptions.clear()
        self.timers.close()
        if "http" in self.__dict__:
            await self.http.aclose()
            for _ in range(_TURNS):
                await asyncio.sleep(0)

    def _store(self, topic: str, message: Proto) -> str:
        stored = Message(
            message_id=str(next(self._ids)),
            data=message.data,
            attributes=dict(message.attributes),
            published_ms=int(self.timers.clock.now() * 1000),
            ordering_key=message.ordering_key,
        )
        for subscription in self.subscriptions.values():
            if subscription.config.topic == topic:
                subscription.add(stored)
        return stored.message_id
