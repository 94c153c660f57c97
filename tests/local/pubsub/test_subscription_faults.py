"""Faults of a pull, on demand: before the answer, after it, and twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.api_core import exceptions

from functions.local.faults import Rule

if TYPE_CHECKING:
    from tests.local.pubsub.emulators import Local, Pubsub


def test_a_failed_pull_delivers_nothing(own: Pubsub, local: Local) -> None:
    """Law: UNAVAILABLE before the answer leaves the message and its count alone."""
    dead = own.topic()
    topic, name = own.pair(dead_letter_policy={"dead_letter_topic": dead})
    own.publish(topic)
    rule = local.faults.add(Rule("pull", "status"))
    with pytest.raises(exceptions.ServiceUnavailable):
        own.pull(name)
    assert rule.fired == 1
    assert own.one(name).delivery_attempt == 1


def test_a_lost_answer_keeps_the_lease(own: Pubsub, local: Local) -> None:
    """Law: a pull whose answer is lost delays the message until the deadline."""
    topic, name = own.pair()
    own.publish(topic)
    rule = local.faults.add(Rule("pull", "drop_after"))
    with pytest.raises(exceptions.ServiceUnavailable):
        own.pull(name)
    assert rule.fired == 1
    assert own.empty(name)
    local.clock.step(11)
    own.one(name)


def test_a_duplicate_pull_is_acknowledged_by_either(own: Pubsub, local: Local) -> None:
    """Law: one message under two ack ids; one ack is enough."""
    topic, name = own.pair()
    own.publish(topic)
    rule = local.faults.add(Rule("pull", "duplicate"))
    first, second = own.pull(name)
    assert rule.fired == 1
    assert first.message.message_id == second.message.message_id
    assert first.ack_id != second.ack_id
    own.ack(name, second)
    local.clock.step(3600)
    assert own.empty(name)
