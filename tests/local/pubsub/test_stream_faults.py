"""Streams that fail in the middle: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

from functions.local.faults import Rule
from tests.local.pubsub.streams import WAIT, Raw, leases, subscribed

if TYPE_CHECKING:
    from google.cloud.pubsub_v1.subscriber.message import Message

    from tests.local.pubsub.emulators import Local, Pubsub


def test_what_was_never_written_is_not_counted(own: Pubsub, local: Local) -> None:
    """Law: a stream that dies with unwritten leases gives them back untouched."""
    dead = own.topic()
    topic, name = own.pair(dead_letter_policy={"dead_letter_topic": dead})
    raw = Raw(own, name)
    raw.read()
    delay = local.faults.add(Rule("pull", "delay", seconds=3600))
    own.publish(topic, b"held")
    local.until(lambda: delay.fired)
    published = own.publish(topic, b"unwritten")
    local.until(lambda: len(leases(local, name)) == 2)
    raw.cancel()
    received = own.one(name)
    assert received.message.message_id == published
    assert received.delivery_attempt == 1


def test_a_failing_stream_is_opened_again_by_the_client(
    own: Pubsub, local: Local
) -> None:
    """Law: UNAVAILABLE in the middle loses nothing; the client reconnects."""
    topic, name = own.pair()
    rule = local.faults.add(Rule("pull", "status", contains="kind=edit"))
    seen: queue.Queue[str] = queue.Queue()

    def callback(message: Message) -> None:
        seen.put(message.message_id)
        message.ack()

    with subscribed(own, name, callback):
        published = own.publish(topic, kind="edit")
        assert seen.get(timeout=WAIT) == published
    assert rule.fired == 1


def test_a_duplicate_reaches_the_callback_twice(own: Pubsub, local: Local) -> None:
    """Law: the same message id comes twice at once; acks end it for good."""
    topic, name = own.pair()
    rule = local.faults.add(Rule("pull", "duplicate"))
    seen: queue.Queue[str] = queue.Queue()

    def callback(message: Message) -> None:
        seen.put(message.message_id)
        message.ack()

    with subscribed(own, name, callback):
        published = own.publish(topic)
        assert [seen.get(timeout=WAIT) for _ in range(2)] == [published] * 2
    assert rule.fired == 1
    local.clock.step(3600)
    assert own.empty(name)
