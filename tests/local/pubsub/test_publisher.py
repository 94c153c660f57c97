"""Topics and publishing, through the real client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from google.api_core import exceptions
from google.pubsub_v1 import types

from functions.local.faults import Rule
from tests.local.pubsub.emulators import PROJECT

if TYPE_CHECKING:
    from tests.local.pubsub.emulators import Local, Pubsub


def test_topics_are_created_found_and_deleted(pubsub: Pubsub) -> None:
    """Law: 409 for a second one, 404 after the end; subscriptions outlive a topic."""
    topic, subscription = pubsub.pair()
    publisher = pubsub.publisher
    with pytest.raises(exceptions.AlreadyExists):
        publisher.create_topic(name=topic)
    assert publisher.get_topic(topic=topic).name == topic
    assert topic in [each.name for each in publisher.list_topics(project=PROJECT)]
    assert list(publisher.list_topic_subscriptions(topic=topic)) == [subscription]
    publisher.delete_topic(topic=topic)
    with pytest.raises(exceptions.NotFound):
        publisher.get_topic(topic=topic)
    left = pubsub.subscriber.get_subscription(subscription=subscription)
    assert left.topic == "_deleted-topic_"
    with pytest.raises(exceptions.NotFound):
        pubsub.publish(topic)


def test_a_message_arrives_as_it_was_published(pubsub: Pubsub) -> None:
    """Law: data, attributes and id arrive; after the ack nothing more does."""
    topic, subscription = pubsub.pair()
    published = pubsub.publish(topic, b"hello", kind="edit")
    received = pubsub.one(subscription)
    assert received.message.message_id == published
    assert received.message.data == b"hello"
    assert dict(received.message.attributes) == {"kind": "edit"}
    assert received.delivery_attempt == 0, "only counted with a dead-letter policy"
    pubsub.ack(subscription, received)
    assert pubsub.empty(subscription)


def test_every_subscription_of_a_topic_gets_each_message(pubsub: Pubsub) -> None:
    """Law: subscriptions are independent; other topics see nothing."""
    topic, first = pubsub.pair()
    second = pubsub.subscription(topic)
    _, stranger = pubsub.pair()
    published = pubsub.publish(topic)
    for subscription in (first, second):
        assert pubsub.one(subscription).message.message_id == published
    assert pubsub.empty(stranger)


def test_an_empty_message_is_refused(pubsub: Pubsub) -> None:
    """Law: a message has data or an attribute."""
    with pytest.raises(exceptions.InvalidArgument):
        pubsub.publish(pubsub.topic(), b"")


def test_topic_labels_change_by_mask(pubsub: Pubsub) -> None:
    """Law: an update changes what the mask names."""
    topic = pubsub.topic()
    change = types.Topic(name=topic, labels={"a": "b"})
    pubsub.publisher.update_topic(
        request={"topic": change, "update_mask": {"paths": ["labels"]}}
    )
    assert pubsub.publisher.get_topic(topic=topic).labels == {"a": "b"}


def test_a_bad_update_leaves_the_topic_as_it_was(own: Pubsub) -> None:
    """Law: a refused update changes nothing."""
    topic = own.topic()
    change = types.Topic(name=topic, labels={"A": "b"})
    with pytest.raises(exceptions.InvalidArgument, match="labels"):
        own.publisher.update_topic(
            request={"topic": change, "update_mask": {"paths": ["labels"]}}
        )
    assert own.publisher.get_topic(topic=topic).labels == {}


def test_lists_come_in_pages(own: Pubsub) -> None:
    """Law: the client's pager finds every topic and subscription once."""
    topic = own.topic()
    topics = sorted([topic, *(own.topic() for _ in range(4))])
    names = sorted(own.subscription(topic) for _ in range(5))
    found = own.publisher.list_topics(request={"project": PROJECT, "page_size": 2})
    assert [each.name for each in found] == topics
    listed = own.publisher.list_topic_subscriptions(
        request={"topic": topic, "page_size": 2}
    )
    assert list(listed) == names
    elsewhere = own.publisher.list_topics(project="projects/other")
    assert list(elsewhere) == []


def test_too_much_in_one_request_is_refused(own: Pubsub) -> None:
    """Law: above 10 MB the service answers by itself, it does not cut the line."""
    message = types.PubsubMessage(data=b"." * 11_000_000)
    request = types.PublishRequest(topic=own.topic(), messages=[message])
    with pytest.raises(grpc.RpcError, match="10000000 are allowed") as refused:
        own.publisher.transport.publish(request)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_detached_subscription_keeps_and_gets_nothing(own: Pubsub) -> None:
    """Law: its backlog is gone, pulls are refused, new messages pass it by."""
    topic, subscription = own.pair()
    own.publish(topic)
    own.publisher.detach_subscription(request={"subscription": subscription})
    assert own.subscriber.get_subscription(subscription=subscription).detached
    own.publish(topic)
    with pytest.raises(exceptions.FailedPrecondition, match="detached"):
        own.pull(subscription)


def test_a_refused_publish_stores_nothing(own: Pubsub, local: Local) -> None:
    """Law: after UNAVAILABLE without storing, the client's retry is the only copy."""
    topic, subscription = own.pair()
    rule = local.faults.add(Rule("publish", "status", contains="kind=edit"))
    own.publish(topic, b"1", kind="generate")
    assert rule.fired == 0
    own.publish(topic, b"2", kind="edit")
    assert rule.fired == 1
    found = [each.message.data for each in own.pull(subscription)]
    assert sorted(found) == [b"1", b"2"]


@pytest.mark.parametrize("action", ["status_after", "drop_after", "duplicate"])
def test_a_stored_publish_can_lose_its_reply(
    own: Pubsub, local: Local, action: str
) -> None:
    """Law: stored but UNAVAILABLE makes the client publish twice: two ids."""
    topic, subscription = own.pair()
    rule = local.faults.add(Rule("publish", action, contains=topic))  # type: ignore[arg-type]
    published = own.publish(topic, b'{"id": "order-1"}')
    assert rule.fired == 1
    found = {each.message.message_id for each in own.pull(subscription)}
    assert published in found
    assert len(found) == 2


def test_a_job_id_picks_the_publish_that_fails(own: Pubsub, local: Local) -> None:
    """Law: a rule finds a message by the id inside its JSON."""
    topic, _ = own.pair()
    rule = local.faults.add(Rule("publish", "drop", contains="id=order-2"))
    own.publish(topic, b'{"id": "order-1"}')
    assert rule.seen == 0
    own.publish(topic, b'{"id": "order-2"}')
    assert rule.fired == 1


def test_a_delayed_publish_waits_for_the_clock(own: Pubsub, local: Local) -> None:
    """Law: a delay runs on the emulator's clock."""
    topic, subscription = own.pair()
    rule = local.faults.add(Rule("publish", "delay", seconds=3600))
    future = own.publisher.publish(topic, b"x")
    assert own.empty(subscription)
    assert rule.fired == 1
    local.clock.step(3601)
    assert future.result(20) == own.one(subscription).message.message_id
