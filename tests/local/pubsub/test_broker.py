"""The broker inside its process, without the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from functions.local.faults import Faults, Rule
from functions.local.pubsub import Broker
from functions.local.pubsub.refusal import RefusedError
from tests.local.pubsub.manual import ManualTimers

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

TOPIC = "projects/p/topics/requests"
SUB = "projects/p/subscriptions/generate"


def _with(work: Callable[[Broker], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        timers = ManualTimers()
        broker = Broker(timers.clock)
        broker.timers = timers
        broker.create_topic(TOPIC)
        broker.create_subscription(name=SUB, topic=TOPIC)
        await work(broker)
        await broker.close()

    asyncio.run(run())


def test_a_neighbour_in_the_process_publishes() -> None:
    """Law: what `publish` returns is the id that a pull shows, in order."""

    async def work(broker: Broker) -> None:
        ids = [broker.publish(TOPIC, b"x", {"eventType": "OBJECT_FINALIZE"})]
        ids.append(broker.publish(TOPIC, b"", {"k": "v"}))
        assert len(set(ids)) == 2
        assert sorted(ids, key=int) == ids
        leases = await broker.subscription(SUB).pull(10, wait=False)
        assert [lease.message.message_id for lease in leases] == ids
        assert leases[0].message.attributes == {"eventType": "OBJECT_FINALIZE"}

    _with(work)


def test_a_publish_that_breaks_a_limit_stores_nothing() -> None:
    """Law: a missing topic and an empty message are refused."""

    async def work(broker: Broker) -> None:
        with pytest.raises(RefusedError, match="missing"):
            broker.publish("projects/p/topics/missing", b"x", {})
        with pytest.raises(RefusedError, match="empty"):
            broker.publish(TOPIC, b"", {})
        assert len(broker.subscription(SUB).backlog) == 0

    _with(work)


def test_faults_of_the_wire_spare_the_process() -> None:
    """Law: a `publish` rule counts clients' calls, not a bucket's notifications."""

    async def work(broker: Broker) -> None:
        rule = broker.faults.add(Rule("publish", "status"))
        broker.publish(TOPIC, b"x", {})
        assert rule.seen == 0

    _with(work)


def test_the_faults_it_is_given_are_the_ones_it_uses() -> None:
    """Law: an empty set of rules is shared, not replaced by a private one."""
    faults = Faults()
    assert Broker(ManualTimers().clock, faults).faults is faults


def test_a_second_of_a_name_is_refused() -> None:
    """Law: names are unique, and a subscription needs its topic."""

    async def work(broker: Broker) -> None:
        with pytest.raises(RefusedError, match="already exists"):
            broker.create_topic(TOPIC)
        with pytest.raises(RefusedError, match="already exists"):
            broker.create_subscription(name=SUB, topic=TOPIC)
        with pytest.raises(RefusedError, match="not found"):
            broker.create_subscription(name=f"{SUB}-2", topic=f"{TOPIC}-2")

    _with(work)


def test_the_report_shows_what_is_waiting() -> None:
    """Law: a person sees backlog and leases of each subscription."""

    async def work(broker: Broker) -> None:
        for _ in range(3):
            broker.publish(TOPIC, b"x", {})
        await broker.subscription(SUB).pull(1, wait=False)
        (row,) = broker.report()
        assert row["name"] == SUB
        assert row["topic"] == TOPIC
        assert (row["unacknowledged"], row["outstanding"]) == (3, 1)
        assert row["push"] is None

    _with(work)


def test_a_dead_letter_keeps_its_limits_and_loses_none() -> None:
    """Law: forwarding adds attributes even to a message that has a hundred."""

    async def work(broker: Broker) -> None:
        full = {str(n): "v" for n in range(100)}
        dead = "projects/p/topics/dead"
        broker.create_topic(dead)
        broker.create_subscription(name=f"{SUB}-hold", topic=dead)
        policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
        name = f"{SUB}-strict"
        broker.create_subscription(name=name, topic=TOPIC, dead_letter_policy=policy)
        broker.publish(TOPIC, b"x", full)
        source = broker.subscription(name)
        (lease,) = await source.pull(1, wait=False)
        source.backlog.nack(lease.ack_id)
        for _ in range(4):
            (again,) = await source.pull(1, wait=False)
            source.backlog.nack(again.ack_id)
        (letter,) = await broker.subscription(f"{SUB}-hold").pull(1, wait=False)
        assert len(letter.message.attributes) == 104
        prefix = "CloudPubSubDeadLetterSource"
        stamp = letter.message.attributes[f"{prefix}TopicPublishTime"]
        assert stamp == lease.message.publish_time

    _with(work)


def test_a_deleted_dead_letter_topic_loses_nothing() -> None:
    """Law: while the topic is gone the message keeps coming; then it is forwarded."""

    async def work(broker: Broker) -> None:
        dead, name = "projects/p/topics/dead", f"{SUB}-strict"
        broker.create_topic(dead)
        policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
        broker.create_subscription(name=name, topic=TOPIC, dead_letter_policy=policy)
        del broker.topics[dead]
        broker.publish(TOPIC, b"x", {})
        backlog = broker.subscription(name).backlog
        for _ in range(6):
            (lease,) = await broker.subscription(name).pull(1, wait=False)
            backlog.nack(lease.ack_id)
        assert len(backlog) == 1
        broker.create_topic(dead)
        (lease,) = await broker.subscription(name).pull(1, wait=False)
        backlog.nack(lease.ack_id)
        assert len(backlog) == 0

    _with(work)


def test_nothing_is_born_detached() -> None:
    """Law: detaching is a call of its own; at creation the flag means nothing."""

    async def work(broker: Broker) -> None:
        broker.create_subscription(name=f"{SUB}-2", topic=TOPIC, detached=True)
        assert not broker.subscription(f"{SUB}-2").config.detached

    _with(work)


def test_both_forms_of_the_keys_name_the_same_key() -> None:
    """Law: `certs` and `jwks` show one key."""
    broker = Broker(ManualTimers().clock)
    assert [key["kid"] for key in broker.jwks()["keys"]] == list(broker.certs())
