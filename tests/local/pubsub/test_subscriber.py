"""Subscriptions and unary pulls, through the real client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc.aio
import pytest
from google.api_core import exceptions
from google.pubsub_v1 import (
    PublisherAsyncClient,
    SubscriberAsyncClient,
    types,
)
from google.pubsub_v1.services.publisher import transports as publishing
from google.pubsub_v1.services.subscriber import transports as subscribing

from tests.local.pubsub.emulators import PROJECT

if TYPE_CHECKING:
    from tests.local.pubsub.emulators import Local, Pubsub


def test_subscriptions_are_created_found_and_deleted(pubsub: Pubsub) -> None:
    """Law: 409 for a second one, 404 for a missing one or a missing topic."""
    topic, name = pubsub.pair()
    subscriber = pubsub.subscriber
    with pytest.raises(exceptions.AlreadyExists):
        subscriber.create_subscription(name=name, topic=topic)
    with pytest.raises(exceptions.NotFound):
        pubsub.subscription(f"{PROJECT}/topics/nothing-here")
    found = subscriber.get_subscription(subscription=name)
    assert (found.name, found.topic) == (name, topic)
    assert found.ack_deadline_seconds == 10
    listed = subscriber.list_subscriptions(project=PROJECT)
    assert name in [each.name for each in listed]
    subscriber.delete_subscription(subscription=name)
    with pytest.raises(exceptions.NotFound):
        subscriber.get_subscription(subscription=name)


def test_a_nack_redelivers_at_once(pubsub: Pubsub) -> None:
    """Law: without a retry policy a nack brings the message back under a new id."""
    topic, name = pubsub.pair()
    pubsub.publish(topic)
    first = pubsub.one(name)
    pubsub.nack(name, first)
    second = pubsub.one(name)
    assert second.message.message_id == first.message.message_id
    assert second.ack_id != first.ack_id


def test_a_lease_ends_after_its_deadline(pubsub: Pubsub) -> None:
    """Law: without an ack the message is delivered again after the ack deadline."""
    topic, name = pubsub.pair(ack_deadline_seconds=10)
    pubsub.publish(topic)
    first = pubsub.one(name)
    pubsub.pass_time(9)
    assert pubsub.empty(name)
    pubsub.pass_time(1)
    second = pubsub.one(name)
    assert second.message.message_id == first.message.message_id


def test_the_clock_moves_leases(own: Pubsub, local: Local) -> None:
    """Law: a stepped clock ends leases at once, and extensions hold against it."""
    topic, name = own.pair(ack_deadline_seconds=60)
    own.publish(topic)
    received = own.one(name)
    own.extend(name, received, 600)
    local.clock.step(590)
    assert own.empty(name)
    local.clock.step(11)
    assert own.one(name).message.message_id == received.message.message_id


def test_the_retry_policy_delays_redelivery(pubsub: Pubsub) -> None:
    """Law: 100, 200, 400, 400 s after nacks with a policy of 100 s to 400 s."""
    retry = {"minimum_backoff": {"seconds": 100}, "maximum_backoff": {"seconds": 400}}
    topic, name = pubsub.pair(retry_policy=retry)
    pubsub.publish(topic)
    for delay in (100, 200, 400, 400):
        pubsub.nack(name, pubsub.one(name))
        pubsub.pass_time(delay - 10)
        assert pubsub.empty(name)
        pubsub.pass_time(10)
    pubsub.one(name)


def test_retention_ends_a_message(own: Pubsub, local: Local) -> None:
    """Law: past the retention a message is gone, and new ones still come."""
    topic, name = own.pair(message_retention_duration={"seconds": 600})
    own.publish(topic, b"old")
    local.clock.step(601)
    own.publish(topic, b"new")
    assert own.one(name).message.data == b"new"
    assert own.empty(name)


def test_the_last_attempt_is_dead_lettered(pubsub: Pubsub) -> None:
    """Law: 5 attempts, counted; then the dead-letter topic with its attributes."""
    dead, hold = pubsub.pair()
    policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
    topic, name = pubsub.pair(dead_letter_policy=policy)
    pubsub.publish(topic, b"bad", k="v")
    for attempt in range(1, 6):
        received = pubsub.one(name)
        assert received.delivery_attempt == attempt
        pubsub.nack(name, received)
    # Google's emulator moves the message only when the source is pulled again.
    assert pubsub.empty(name)
    letter = pubsub.one(hold).message
    attributes = dict(letter.attributes)
    assert letter.data == b"bad"
    assert attributes["k"] == "v"
    prefix = "CloudPubSubDeadLetterSource"
    assert attributes[f"{prefix}DeliveryCount"] == "5"
    assert attributes[f"{prefix}Subscription"] == name.rpartition("/")[2]
    assert attributes[f"{prefix}SubscriptionProject"] == PROJECT.partition("/")[2]
    assert attributes[f"{prefix}TopicPublishTime"]


def test_filters_choose_what_a_subscription_gets(pubsub: Pubsub) -> None:
    """Law: what the filter drops never reaches the subscription."""
    topic = pubsub.topic()
    filters = {
        'attributes.kind = "gen"': {b"a"},
        'attributes.kind != "gen"': {b"b", b"c"},
        'hasPrefix(attributes.kind, "ge")': {b"a"},
        'attributes.kind = "x" AND (attributes:edit OR NOT attributes:z)': {b"b"},
        "-attributes:kind": {b"c"},
    }
    names = {text: pubsub.subscription(topic, filter=text) for text in filters}
    pubsub.publish(topic, b"a", kind="gen")
    pubsub.publish(topic, b"b", kind="x", edit="1")
    pubsub.publish(topic, b"c", q="1")
    for text, wanted in filters.items():
        assert {each.message.data for each in pubsub.pull(names[text])} == wanted


def test_subscription_settings_change_by_mask(pubsub: Pubsub) -> None:
    """Law: an update changes what the mask names, and the filter never."""
    _, name = pubsub.pair()
    change = {"name": name, "ack_deadline_seconds": 60, "labels": {"a": "b"}}
    pubsub.subscriber.update_subscription(
        subscription=change, update_mask={"paths": ["ack_deadline_seconds", "labels"]}
    )
    found = pubsub.subscriber.get_subscription(subscription=name)
    assert (found.ack_deadline_seconds, found.labels) == (60, {"a": "b"})
    with pytest.raises(exceptions.InvalidArgument):
        pubsub.subscriber.update_subscription(
            subscription={"name": name, "filter": "attributes:a"},
            update_mask={"paths": ["filter"]},
        )


@pytest.mark.parametrize(
    "settings",
    [
        {"ack_deadline_seconds": 5},
        {"ack_deadline_seconds": 601},
        {"filter": "attributes.kind == 3"},
        {"name": f"{PROJECT}/subscriptions/goog-x"},
    ],
)
def test_wrong_settings_are_refused(
    pubsub: Pubsub, settings: dict[str, object]
) -> None:
    """Law: what a project would refuse is refused at once."""
    with pytest.raises(exceptions.InvalidArgument):
        pubsub.subscription(pubsub.topic(), **settings)


@pytest.mark.parametrize(
    ("settings", "feature"),
    [
        ({"enable_message_ordering": True}, "message ordering"),
        ({"enable_exactly_once_delivery": True}, "exactly-once delivery"),
    ],
)
def test_absent_features_are_refused_by_name(
    own: Pubsub, settings: dict[str, object], feature: str
) -> None:
    """Law: nothing is promised that is not kept."""
    topic, name = own.pair()
    with pytest.raises(exceptions.MethodNotImplemented, match=feature):
        own.subscription(topic, **settings)
    with pytest.raises(exceptions.MethodNotImplemented, match=feature):
        own.subscriber.update_subscription(
            subscription={"name": name, **settings},
            update_mask={"paths": list(settings)},
        )


def test_a_dead_letter_topic_must_exist(own: Pubsub) -> None:
    """Law: a policy that names a missing topic is refused."""
    policy = {"dead_letter_topic": f"{PROJECT}/topics/missing"}
    with pytest.raises(exceptions.NotFound, match="missing"):
        own.subscription(own.topic(), dead_letter_policy=policy)
    _, name = own.pair()
    with pytest.raises(exceptions.NotFound, match="missing"):
        own.subscriber.update_subscription(
            subscription={"name": name, "dead_letter_policy": policy},
            update_mask={"paths": ["dead_letter_policy"]},
        )
    found = own.subscriber.get_subscription(subscription=name)
    assert not found.dead_letter_policy.dead_letter_topic


def test_a_pull_needs_a_number_and_a_pull_subscription(own: Pubsub) -> None:
    """Law: max_messages is positive; a pushed subscription is not pulled."""
    topic, name = own.pair()
    with pytest.raises(exceptions.InvalidArgument, match="max_messages"):
        own.pull(name, most=0)
    push = {"push_endpoint": "http://127.0.0.1:9/"}
    pushed = own.subscription(topic, push_config=push)
    with pytest.raises(exceptions.FailedPrecondition, match="pushes"):
        own.pull(pushed)


def test_a_pull_may_return_at_once(own: Pubsub) -> None:
    """Law: return_immediately answers an empty list without waiting."""
    request = types.PullRequest(
        subscription=own.pair()[1], max_messages=1, return_immediately=True
    )
    found = own.subscriber.transport.pull(request, timeout=10)
    assert list(found.received_messages) == []


def test_a_waiting_pull_ends_empty_in_the_end(own: Pubsub, local: Local) -> None:
    """Law: a pull without a message answers an empty list after a minute or two."""
    _, name = own.pair()
    call = own.subscriber.transport.pull.future(
        types.PullRequest(subscription=name, max_messages=1), timeout=60
    )
    assert not call.done()
    local.until(lambda: local.broker.subscription(name)._waiting)
    local.clock.step(91)
    assert list(call.result(20).received_messages) == []


def test_pulls_are_cut_below_what_clients_take(own: Pubsub) -> None:
    """Law: one answer stays under the client's 4 MiB; the rest comes next."""
    topic, name = own.pair()
    for _ in range(4):
        own.publish(topic, b"." * 1_500_000)
    assert [len(own.pull(name)), len(own.pull(name))] == [2, 2]


def test_the_async_clients_work_as_well(pubsub: Pubsub) -> None:
    """Law: publish, pull and ack over grpc.aio."""
    topic, name = pubsub.pair()

    async def walk() -> bytes:
        async with grpc.aio.insecure_channel(pubsub.target) as channel:
            publisher = PublisherAsyncClient(
                transport=publishing.PublisherGrpcAsyncIOTransport(channel=channel)
            )
            subscriber = SubscriberAsyncClient(
                transport=subscribing.SubscriberGrpcAsyncIOTransport(channel=channel)
            )
            await publisher.publish(
                topic=topic, messages=[types.PubsubMessage(data=b"z")]
            )
            answer = await subscriber.pull(subscription=name, max_messages=5)
            (received,) = answer.received_messages
            await subscriber.acknowledge(subscription=name, ack_ids=[received.ack_id])
            return bytes(received.message.data)

    assert asyncio.run(walk()) == b"z"
