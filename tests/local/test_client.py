from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.job.errors import DamagedRecordError
from functions.job.names import record
from functions.local import network, topology
from functions.local.client import Neighbours, Place, UnreachableError, place_of

if TYPE_CHECKING:
    from tests.local.conftest import Noting


def test_a_place_tells_client_libraries_where_it_is() -> None:
    """Only what is emulated is told: nothing leads a real project astray."""
    local = Place(storage="http://127.0.0.1:1", pubsub="127.0.0.1:2")
    assert local.environ() == {
        "GOOGLE_CLOUD_PROJECT": topology.PROJECT,
        "STORAGE_EMULATOR_HOST": "http://127.0.0.1:1",
        "PUBSUB_EMULATOR_HOST": "127.0.0.1:2",
    }
    assert Place(project="p").environ() == {"GOOGLE_CLOUD_PROJECT": "p"}


def test_a_description_of_another_release_is_still_read(noting: Noting) -> None:
    """What a newer stack announces beside what we know does no harm."""
    told = noting.stack.stack.describe()
    told["place"]["colour"] = "blue"
    assert place_of(told) == noting.stack.stack.place


def test_what_is_not_there_is_none(noting: Noting) -> None:
    """No object, no record: None, not an error."""
    neighbours = noting.stack.neighbours
    assert neighbours.fetch("gs://plantain-local-images/none") is None
    assert neighbours.record("none") is None


def test_a_damaged_record_is_told_apart_from_none(noting: Noting) -> None:
    """What cannot be read is an error of the product, not of the network."""
    neighbours = noting.stack.neighbours
    bucket = neighbours.storage.bucket(topology.STATE_BUCKET)
    blob = bucket.blob(record("damaged"))
    blob.upload_from_string(b"{")
    with pytest.raises(DamagedRecordError):
        neighbours.record("damaged")
    blob.delete()


def test_a_large_message_passes(noting: Noting) -> None:
    """A request with a picture inside is above gRPC's usual 4 MB, both ways."""
    noting.stack.neighbours.publish(b"# " * 4_500_000, "image-events-dead")
    answer = noting.stack.neighbours.subscriber.pull(
        request={
            "subscription": topology.subscription_path("image-events-dead-hold"),
            "max_messages": 1,
        }
    )
    assert len(answer.received_messages[0].message.data) == 9_000_000


def test_an_unknown_topic_is_named(noting: Noting) -> None:
    """A slip in a topic's name is told with the name."""
    with pytest.raises(UnreachableError, match="topics/nowhere does not exist"):
        noting.stack.neighbours.publish(b"{}", "nowhere")


@pytest.mark.timeout(60)
def test_nobody_there_is_told_in_seconds() -> None:
    """A person waits a few seconds for a dead stack, not a minute."""
    ports = network.choose(0)
    place = Place(storage=ports.url("storage"), pubsub=ports.address("pubsub"))
    with Neighbours(place) as neighbours:
        with pytest.raises(UnreachableError, match="nothing was ordered"):
            neighbours.publish(b"{}", "generate-requests")
        with pytest.raises(UnreachableError, match="Cloud Storage did not answer"):
            neighbours.record("any")
        with pytest.raises(UnreachableError, match="Cloud Storage did not answer"):
            neighbours.records(1)
