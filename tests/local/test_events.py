from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from google.pubsub_v1.types import PubsubMessage

from functions.local import network, topology
from functions.local.client import Neighbours, Place, UnreachableError
from functions.local.events import Events

if TYPE_CHECKING:
    from tests.local.conftest import Noting


def announce(noting: Noting, subject: str, number: int, data: bytes = b"{}") -> None:
    noting.stack.neighbours.publish(
        data,
        topology.EVENTS_TOPIC,
        {"ce-subject": subject, "ce-id": f"{subject}-{number}", "ce-type": "t"},
    )


def test_nothing_after_opening_is_missed(noting: Noting) -> None:
    """Every event from then on, of the one job or of all, in the order it came."""
    with Events(noting.stack.neighbours) as events:
        for number in range(20):
            announce(noting, f"e{number % 2}", number)
        assert len(events.wait("e0", 10, 10)) == 10
        events.wait(None, 10, 20)
        assert len([e for e in events.all() if e.subject in {"e0", "e1"}]) == 20


def test_a_message_delivered_twice_is_shown_once(noting: Noting) -> None:
    """Duplicates of the queue are no news; two publishes of one event would be."""
    events = Events(noting.stack.neighbours)
    for message_id in ("1", "1", "2"):
        events._take(PubsubMessage(message_id=message_id, attributes={"ce-id": "e"}))
    assert [event.message_id for event in events.all()] == ["1", "2"]


def test_following_yields_events_and_pauses(noting: Noting) -> None:
    """A quiet moment yields None, so that a watcher can look at its clock."""
    with Events(noting.stack.neighbours) as events:
        follow = events.follow(pause=0.01)
        assert next(follow) is None
        announce(noting, "followed", 1)
        found = next(event for event in follow if event is not None)
        assert (found.id, found.data) == ("followed-1", {})


@pytest.mark.parametrize("data", [b"not json", b"[1]", b""])
def test_an_event_that_is_no_object_is_still_an_event(
    noting: Noting, data: bytes
) -> None:
    """Whatever somebody publishes there, the watcher lives."""
    with Events(noting.stack.neighbours) as events:
        announce(noting, "odd", 1, data)
        [found] = events.wait("odd", 10)
        assert isinstance(found.data, dict)


def test_closing_takes_the_subscription_away(noting: Noting) -> None:
    """Watchers leave nothing behind, however often they close."""
    request = {"project": f"projects/{topology.PROJECT}"}
    client = noting.stack.neighbours.subscriber
    before = {one.name for one in client.list_subscriptions(request=request)}
    events = Events(noting.stack.neighbours).open()
    during = {one.name for one in client.list_subscriptions(request=request)}
    assert len(during - before) == 1
    events.close()
    events.close()
    assert {one.name for one in client.list_subscriptions(request=request)} == before
    assert "events" not in {
        t.name for t in threading.enumerate() if t is events._thread
    }


def test_a_lost_stack_is_noticed(noting: Noting) -> None:
    """When the stream ends by itself, waiting ends and `lost` says why."""
    events = Events(noting.stack.neighbours).open()
    assert not events.lost
    events._call.cancel()  # as a dead server ends it
    assert events.wait("never", 10) == []
    assert events.lost
    assert list(events.follow()) == []
    events.close()


def test_no_broker_is_an_error_with_a_remedy() -> None:
    """Nobody there: said at once, not after a minute of retries."""
    place = Place(
        storage="http://127.0.0.1:9", pubsub=network.choose(0).address("pubsub")
    )
    with (
        Neighbours(place) as neighbours,
        pytest.raises(UnreachableError, match="stack running"),
    ):
        Events(neighbours).open()
