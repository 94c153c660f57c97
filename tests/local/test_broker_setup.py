from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from functions.local import broker_setup, network, topology
from functions.local.client import Neighbours, Place
from functions.local.running import RunningStack
from functions.local.stack import Options
from tests.local.pubsub.emulators import find_google, google
from tests.local.stacks import clean, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from google.pubsub_v1.types import Subscription

    from tests.local.conftest import Noting

PROJECT = {"project": f"projects/{topology.PROJECT}"}


def subscriptions(neighbours: Neighbours) -> dict[str, Subscription]:
    found = neighbours.subscriber.list_subscriptions(request=PROJECT)
    return {one.name.rpartition("/")[2]: one for one in found}


def test_the_table_stands_as_it_is_written(noting: Noting) -> None:
    """Every topic, hold and push of the table, with the numbers of the design."""
    neighbours = noting.stack.neighbours
    topics = {t.name for t in neighbours.publisher.list_topics(request=PROJECT)}
    for topic in topology.TOPICS:
        assert topology.topic_path(topic) in topics
        assert topology.topic_path(topology.dead(topic)) in topics
    found = subscriptions(neighbours)
    for topic in topology.TOPICS:
        hold = found[topology.hold(topic)]
        assert hold.topic == topology.topic_path(topology.dead(topic))
        assert hold.expiration_policy.ttl == timedelta()
        assert not hold.push_config.push_endpoint
    for push in topology.PUSHES:
        made = found[push.name]
        assert made.ack_deadline_seconds == 600
        assert made.retry_policy.minimum_backoff.seconds == 10
        assert made.retry_policy.maximum_backoff.seconds == 600
        assert made.dead_letter_policy.max_delivery_attempts == 30
        assert made.dead_letter_policy.dead_letter_topic.endswith(f"{push.topic}-dead")
        assert made.push_config.oidc_token.audience == noting.stack.url(push.function)
        assert made.expiration_policy.ttl == timedelta()


def test_setting_up_again_moves_the_push_and_keeps_the_rest(noting: Noting) -> None:
    """A stack that comes back on other ports is found by its old subscription."""
    neighbours, [push, *_] = noting.stack.neighbours, topology.PUSHES
    broker_setup.make_topics(neighbours)
    broker_setup.make_push(neighbours, push, "http://127.0.0.1:9")
    moved = subscriptions(neighbours)[push.name].push_config
    assert moved.push_endpoint == topology.endpoint("http://127.0.0.1:9", push.topic)
    broker_setup.make_push(neighbours, push, noting.stack.url(push.function))
    noting.stack.publish({"id": "moved-back"})
    wait_for(lambda: noting.notes.of(id="moved-back"))


def test_nothing_there_is_said_at_once() -> None:
    """No emulator at the address: the address, and what to do about it."""
    nowhere = network.choose(0).address("pubsub")
    place = Place(storage="http://127.0.0.1:9", pubsub=nowhere)
    with (
        Neighbours(place) as neighbours,
        pytest.raises(broker_setup.NoPubSubError, match=nowhere),
    ):
        broker_setup.make_topics(neighbours)


@pytest.fixture
def on_google(tmp_path: Path) -> Iterator[RunningStack]:
    """Return a whole stack, with the product's functions, on Google's emulator."""
    command = find_google()
    if isinstance(command, str):
        pytest.skip(command)
    with google(command) as address:
        environ = clean() | {"PUBSUB_EMULATOR_HOST": address}
        with RunningStack(tmp_path, Options(port_base=0, environ=environ)) as stack:
            assert stack.stack.place.pubsub == address
            assert stack.stack.describe()["google_pubsub"] == address
            yield stack


def test_the_whole_walk_runs_on_googles_emulator(on_google: RunningStack) -> None:
    """A picture and an edit of it, announced, with nobody's Pub/Sub but Google's."""
    assert "pubsub" not in on_google.stack.emulators.faults
    on_google.publish({"id": "one", "prompt": "a pear"})
    made = on_google.wait_event("one")
    assert made.type == "plantain.image.completed.v1"
    images = [{"uri": made.data["images"][-1]["uri"]}]
    edit = {"id": "two", "kind": "edit", "prompt": "blue", "images": images}
    for _ in range(2):
        on_google.publish(edit)
    assert on_google.wait_event("two").data["state"] == "done"
    on_google.wait_record("two")
    assert [on_google.paid(name) for name in ("one", "two")] == [1, 1]
    ids = {event.id for event in on_google.events("two")}
    assert len(ids) == 1
