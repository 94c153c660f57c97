"""Acknowledging and extending, and their faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.api_core import exceptions

from functions.local.faults import Rule

if TYPE_CHECKING:
    from tests.local.pubsub.emulators import Local, Pubsub


def test_a_late_ack_changes_nothing(own: Pubsub, local: Local) -> None:
    """Law: an ack after the deadline is accepted and without effect."""
    topic, name = own.pair()
    own.publish(topic)
    late = own.one(name)
    local.clock.step(11)
    again = own.one(name)
    own.ack(name, late)
    own.extend(name, late, 600)
    local.clock.step(11)
    assert own.one(name).message.message_id == again.message.message_id


@pytest.mark.parametrize("ids", [[], ["made-up"], ["1-1-0123456789abcdeX"]])
def test_ids_that_were_never_given_are_refused(own: Pubsub, ids: list[str]) -> None:
    """Law: a client that makes up ack ids learns so."""
    _, name = own.pair()
    with pytest.raises(exceptions.InvalidArgument, match=r"ack (id|ID)"):
        own.subscriber.acknowledge(subscription=name, ack_ids=ids)
    with pytest.raises(exceptions.InvalidArgument, match=r"ack (id|ID)"):
        own.subscriber.modify_ack_deadline(
            subscription=name, ack_ids=ids, ack_deadline_seconds=10
        )


def test_deadlines_have_bounds(own: Pubsub) -> None:
    """Law: 0 to 600 s; a refused call leaves the lease as it was."""
    topic, name = own.pair()
    own.publish(topic)
    received = own.one(name)
    for seconds in (-1, 601):
        with pytest.raises(exceptions.InvalidArgument, match="ack deadline"):
            own.extend(name, received, seconds)
    own.ack(name, received)


def test_a_missing_subscription_takes_no_ack(own: Pubsub) -> None:
    """Law: NOT_FOUND before anything else."""
    with pytest.raises(exceptions.NotFound):
        own.subscriber.acknowledge(subscription=f"{own.pair()[1]}-x", ack_ids=["1"])


@pytest.mark.parametrize(
    ("action", "comes_again"), [("status", True), ("drop_after", False)]
)
def test_an_ack_can_fail_before_or_after(
    own: Pubsub, local: Local, action: str, *, comes_again: bool
) -> None:
    """Law: a rule finds the ack by the message's attributes; done or not done."""
    topic, name = own.pair()
    rule = local.faults.add(Rule("ack", action, contains="kind=edit"))  # type: ignore[arg-type]
    own.publish(topic, kind="edit")
    received = own.one(name)
    with pytest.raises(exceptions.ServiceUnavailable):
        own.subscriber.acknowledge(
            subscription=name, ack_ids=[received.ack_id], retry=None
        )
    assert rule.fired == 1
    local.clock.step(11)
    assert (own.pull(name, wait=1) != []) is comes_again


def test_the_clients_retry_hides_one_failed_ack(own: Pubsub, local: Local) -> None:
    """Law: UNAVAILABLE once is retried by the real client; the ack counts."""
    topic, name = own.pair()
    own.publish(topic)
    rule = local.faults.add(Rule("ack", "drop"))
    own.ack(name, own.one(name))
    assert rule.fired == 1
    local.clock.step(11)
    assert own.empty(name)


def test_an_extension_has_a_fault_of_its_own(own: Pubsub, local: Local) -> None:
    """Law: `modack` rules hit extensions and nacks, and never acks."""
    topic, name = own.pair()
    own.publish(topic)
    rule = local.faults.add(Rule("modack", "drop", times=9))
    received = own.one(name)
    with pytest.raises(exceptions.ServiceUnavailable):
        own.subscriber.modify_ack_deadline(
            subscription=name,
            ack_ids=[received.ack_id],
            ack_deadline_seconds=0,
            retry=None,
        )
    assert rule.fired == 1
    own.ack(name, received)
    local.clock.step(11)
    assert own.empty(name)
