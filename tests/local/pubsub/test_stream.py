"""StreamingPull, through the real client's subscribe and through bare streams."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from typing import TYPE_CHECKING

import grpc
import pytest
from google.api_core import exceptions
from google.pubsub_v1 import types

from tests.local.pubsub.streams import WAIT, Raw, leases, subscribed

if TYPE_CHECKING:
    from google.cloud.pubsub_v1.subscriber.message import Message

    from tests.local.pubsub.emulators import Local, Pubsub


def test_two_thousand_messages_arrive_once_each(pubsub: Pubsub) -> None:
    """Law: under load nothing is lost and nothing that was acked comes twice."""
    topic, name = pubsub.pair()
    seen: Counter[str] = Counter()
    done = threading.Event()

    def callback(message: Message) -> None:
        seen[message.message_id] += 1
        message.ack()
        if len(seen) == 2000:
            done.set()

    with subscribed(pubsub, name, callback):
        publish = pubsub.publisher.publish
        futures = [publish(topic, b"." * 1000) for _ in range(2000)]
        wanted = {future.result(WAIT) for future in futures}
        assert done.wait(WAIT), f"{len(seen)} arrived"
    assert set(seen) == wanted
    assert set(seen.values()) == {1}
    assert pubsub.empty(name)


def test_the_clients_flow_control_is_kept(pubsub: Pubsub) -> None:
    """Law: never more messages at work than the client allows."""
    topic, name = pubsub.pair()
    for _ in range(40):
        pubsub.publisher.publish(topic, b"x")
    lock, done, pause = threading.Lock(), threading.Event(), threading.Event()
    active, most, count = 0, 0, 0

    def callback(message: Message) -> None:
        nonlocal active, most, count
        with lock:
            active += 1
            most = max(most, active)
        pause.wait(0.02)
        with lock:
            active -= 1
            count += 1
        message.ack()
        if count == 40:
            done.set()

    with subscribed(pubsub, name, callback, max_messages=5):
        assert done.wait(WAIT)
    assert most <= 5


def test_a_nack_in_a_stream_redelivers(pubsub: Pubsub) -> None:
    """Law: a callback's nack brings the message back to the same stream."""
    topic, name = pubsub.pair()
    seen: queue.Queue[str] = queue.Queue()
    first = threading.Event()

    def callback(message: Message) -> None:
        seen.put(message.message_id)
        if first.is_set():
            message.ack()
        else:
            first.set()
            message.nack()

    with subscribed(pubsub, name, callback):
        published = pubsub.publish(topic)
        assert [seen.get(timeout=WAIT) for _ in range(2)] == [published] * 2


def test_a_deleted_subscription_ends_its_stream(pubsub: Pubsub) -> None:
    """Law: the client learns NOT_FOUND instead of waiting for ever."""
    _, name = pubsub.pair()
    future = pubsub.subscriber.subscribe(name, lambda message: message.ack())
    pubsub.subscriber.delete_subscription(subscription=name)
    with pytest.raises(exceptions.NotFound):
        future.result(WAIT)


def test_an_extended_lease_outlives_its_deadline(own: Pubsub, local: Local) -> None:
    """Law: deadlines move through the stream, and end when nobody moves them."""
    topic, name = own.pair()
    raw = Raw(own, name, stream_ack_deadline_seconds=10)
    assert raw.read() == [], "the first response is empty"
    own.publish(topic)
    (first,) = raw.read()
    raw.say(modify_deadline_ack_ids=[first.ack_id], modify_deadline_seconds=[600])
    (timer,) = [each.timer for each in leases(local, name)]
    local.until(lambda: timer != leases(local, name)[0].timer)
    local.clock.step(590)
    assert own.empty(name)
    local.clock.step(11)
    (second,) = raw.read()
    assert second.message.message_id == first.message.message_id
    raw.say(ack_ids=[second.ack_id])
    raw.end()
    local.clock.step(3600)
    assert own.empty(name)


def test_bytes_out_are_bounded_but_never_stuck(own: Pubsub) -> None:
    """Law: above the byte limit nothing more is sent; one large message still is."""
    topic, name = own.pair()
    for size in (500, 300, 300):
        own.publish(topic, b"." * size)
    raw = Raw(own, name, max_outstanding_bytes=400)
    raw.read()
    sizes = []
    for _ in range(3):
        (received,) = raw.read()
        sizes.append(len(received.message.data))
        raw.say(ack_ids=[received.ack_id])
    raw.end()
    assert sizes == [500, 300, 300]


def test_two_streams_share_and_what_one_leaves_the_other_gets(own: Pubsub) -> None:
    """Law: a stream that is full or gone does not hold messages from the others."""
    topic, name = own.pair()
    first = Raw(own, name, max_outstanding_messages=1)
    second = Raw(own, name, max_outstanding_messages=1)
    for raw in (first, second):
        raw.read()
    published = {own.publish(topic) for _ in range(3)}
    (one,), (two,) = first.read(), second.read()
    first.end()
    second.say(ack_ids=[two.ack_id])
    (three,) = second.read()
    assert {each.message.message_id for each in (one, two, three)} == published
    second.end()


def test_responses_fit_the_client(own: Pubsub) -> None:
    """Law: a response never passes the 4 MiB that an emulator's client takes."""
    topic, name = own.pair()
    for _ in range(4):
        own.publish(topic, b"." * 1_500_000)
    raw = Raw(own, name)
    raw.read()
    received = [*raw.read(), *raw.read()]
    assert len(received) == 4
    raw.end()


@pytest.mark.parametrize("seconds", [0, 9, 601])
def test_a_stream_needs_a_deadline(own: Pubsub, seconds: int) -> None:
    """Law: 10 to 600 s; anything else is refused before a message is leased."""
    topic, name = own.pair()
    own.publish(topic)
    raw = Raw(own, name, stream_ack_deadline_seconds=seconds)
    assert raw.code() is grpc.StatusCode.INVALID_ARGUMENT
    own.one(name)


def test_a_stream_names_its_subscription_once(own: Pubsub) -> None:
    """Law: no subscription, or a second one, is refused."""
    topic, name = own.pair()
    raw = Raw(own, name)
    raw.say(subscription=name)
    assert raw.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert Raw(own, f"{name}-missing").code() is grpc.StatusCode.NOT_FOUND
    silent = own.subscriber.transport.streaming_pull(iter(()))
    with pytest.raises(grpc.RpcError, match="first request"):
        list(silent)
    own.publish(topic)
    own.one(name)


def test_a_stream_ends_when_its_subscription_is_pushed_or_detached(own: Pubsub) -> None:
    """Law: a stream never outlives the kind of subscription it was opened on."""
    topic = own.topic()
    pushed, detached = own.subscription(topic), own.subscription(topic)
    streams = [Raw(own, pushed), Raw(own, detached)]
    for raw in streams:
        raw.read()
    config = types.PushConfig(push_endpoint="http://127.0.0.1:9/")
    own.subscriber.modify_push_config(subscription=pushed, push_config=config)
    own.publisher.detach_subscription(request={"subscription": detached})
    for raw in streams:
        assert raw.code() is grpc.StatusCode.FAILED_PRECONDITION
