"""The backlog's laws, on a clock that moves by hand."""

from __future__ import annotations

from functions.local.pubsub.backlog import ACK_ID
from tests.local.pubsub.bench import DEAD, RETRY, Bench, Ends


def test_an_acknowledged_message_is_gone() -> None:
    """Law: after its ack a message is never ready again, and a second ack is late."""
    bench = Bench()
    bench.add()
    lease = bench.must()
    assert ACK_ID.fullmatch(lease.ack_id)
    assert bench.take() is None, "leased: nobody else gets it"
    assert bench.backlog.ack(lease.ack_id)
    assert not bench.backlog.ack(lease.ack_id)
    bench.timers.advance(3600)
    assert bench.take() is None
    assert len(bench.backlog) == 0


def test_a_lease_lapses_at_its_deadline_and_not_before() -> None:
    """Law: redelivery comes when the deadline passed, with a new ack id."""
    bench = Bench()
    bench.add()
    outlet = Ends()
    lease = bench.must(outlet)
    bench.timers.advance(9.9)
    assert bench.take() is None
    bench.timers.advance(0.2)
    assert outlet.over == [lease]
    second = bench.must()
    assert second.ack_id != lease.ack_id
    assert second.attempt == 2
    assert not bench.backlog.ack(lease.ack_id), "the old lease is over"
    assert not bench.backlog.nack(lease.ack_id)
    assert not bench.backlog.extend(lease.ack_id, 10)


def test_extending_moves_the_deadline_both_ways() -> None:
    """Law: the deadline is counted from the extension."""
    bench = Bench()
    bench.add()
    lease = bench.must()
    bench.timers.advance(8)
    assert bench.backlog.extend(lease.ack_id, 60)
    bench.timers.advance(59)
    assert bench.take() is None
    assert bench.backlog.extend(lease.ack_id, 5)
    bench.timers.advance(5.1)
    assert bench.take() is not None


def test_a_nack_without_retry_policy_redelivers_at_once() -> None:
    """Law: deadline 0 is a nack; without a policy there is no wait."""
    bench = Bench()
    bench.add()
    assert bench.backlog.extend(bench.must().ack_id, 0)
    assert bench.must().attempt == 2


def test_the_retry_policy_waits_longer_each_time() -> None:
    """Law: 10, 20, 30, 30 s between deliveries, after nacks and lapses alike."""
    bench = Bench(retry_policy=RETRY)
    bench.add()
    for number, delay in enumerate((10, 20, 30, 30)):
        lease = bench.must(seconds=10)
        if number % 2:
            bench.timers.advance(10.001)
        else:
            bench.backlog.nack(lease.ack_id)
        bench.timers.advance(delay - 0.1)
        assert bench.take() is None
        bench.timers.advance(0.2)
    assert bench.must().attempt == 5


def test_the_last_attempt_goes_to_the_dead_letter_topic() -> None:
    """Law: after max_delivery_attempts the message is forwarded once and gone."""
    bench = Bench(dead_letter_policy=DEAD)
    number = bench.add()
    for attempt in range(1, 6):
        lease = bench.must()
        assert lease.attempt == attempt
        assert bench.dead == []
        bench.backlog.nack(lease.ack_id)
    assert bench.dead == [(number, 5)]
    assert bench.take() is None
    assert len(bench.backlog) == 0


def test_without_the_dead_letter_topic_nothing_is_lost() -> None:
    """Law: when the topic was deleted, the message is delivered again."""
    bench = Bench(dead_letter_policy=DEAD)
    bench.dead_topic = False
    bench.add()
    for _ in range(7):
        bench.backlog.nack(bench.must().ack_id)
    assert bench.must().attempt == 8


def test_retention_ends_every_state() -> None:
    """Law: past its retention a message is gone: ready, waiting or leased."""
    bench = Bench(retry_policy=RETRY, message_retention_duration={"seconds": 600})
    for _ in range(3):
        bench.add()
    outlet = Ends()
    leased = bench.must(outlet, seconds=900)
    bench.backlog.nack(bench.must().ack_id)
    bench.timers.advance(599)
    assert len(bench.backlog) == 3
    bench.add()
    bench.timers.advance(2)
    assert len(bench.backlog) == 1
    assert outlet.over == [leased]
    assert bench.must().message.message_id == "4"
    assert bench.take() is None


def test_a_duplicate_is_the_same_attempt_and_either_ack_counts() -> None:
    """Law: one ack ends both leases; a nack leaves the message with the other."""
    bench = Bench()
    bench.add()
    outlet = Ends()
    first = bench.must(outlet)
    second = bench.backlog.twin(first)
    assert second.attempt == first.attempt
    assert second.ack_id != first.ack_id
    assert bench.backlog.nack(first.ack_id)
    assert bench.take() is None, "the duplicate is still out"
    assert bench.backlog.ack(second.ack_id)
    assert outlet.over == [first, second]
    assert bench.take() is None


def test_what_is_given_back_was_never_delivered() -> None:
    """Law: giving back counts no attempt and keeps the message's place."""
    bench = Bench(retry_policy=RETRY)
    first, second = bench.add(), bench.add()
    lease = bench.must()
    bench.backlog.give_back(lease)
    bench.backlog.give_back(lease)
    again = bench.must()
    assert again.message.message_id == first
    assert again.attempt == 1
    assert bench.must().message.message_id == second


def test_giving_back_one_of_two_leaves_the_other() -> None:
    """Law: a message is ready only when no lease is out."""
    bench = Bench()
    bench.add()
    lease = bench.must()
    twin = bench.backlog.twin(lease)
    bench.backlog.give_back(lease)
    assert bench.take() is None
    assert bench.backlog.nack(twin.ack_id)
    assert bench.must().attempt == 2


def test_purge_ends_everything_and_no_timer_brings_it_back() -> None:
    """Law: after a purge nothing is delivered, whatever was leased or waiting."""
    bench = Bench(retry_policy=RETRY)
    for _ in range(3):
        bench.add()
    lease = bench.must()
    bench.backlog.nack(bench.must().ack_id)
    assert bench.backlog.find([lease.ack_id, "nobody"]) == [lease.message]
    bench.backlog.purge()
    bench.timers.advance(3600)
    assert bench.take() is None
    assert bench.backlog.outstanding == 0
    assert bench.timers.due() == [], "no timer is left behind"
