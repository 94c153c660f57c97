from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from functions.job.timing import Timing
from functions.local import topology


def test_every_topic_has_a_dead_letter_topic_and_a_hold() -> None:
    """What a subscription gives up on has a place to stay, under a name of its own."""
    names = [*topology.TOPICS]
    names += [topology.dead(topic) for topic in topology.TOPICS]
    names += [topology.hold(topic) for topic in topology.TOPICS]
    assert len(set(names)) == 3 * len(topology.TOPICS)
    assert "generate-requests-dead" in names
    assert "generate-requests-dead-hold" in names


def test_pushes_agree_with_the_timing_of_the_product() -> None:
    """The ack deadline that the runs are measured against is the one that is set."""
    for push in topology.PUSHES:
        assert push.ack_deadline == Timing().ack_deadline
        assert (push.retry_least, push.retry_most, push.attempts) == (10, 600, 30)
        assert push.topic in topology.TOPICS


def test_the_endpoint_names_the_topic_as_eventarc_does() -> None:
    """The query parameter survives a URL parser as the full name of the topic."""
    url = topology.endpoint("http://127.0.0.1:1", "edit-requests")
    assert url == (
        "http://127.0.0.1:1/?__GCP_CloudEventsMode="
        "CUSTOM_PUBSUB_projects%2Fplantain-local%2Ftopics%2Fedit-requests"
    )
    query = parse_qs(urlsplit(url).query)
    assert query["__GCP_CloudEventsMode"] == [
        "CUSTOM_PUBSUB_projects/plantain-local/topics/edit-requests"
    ]


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        ("generate", "generate-requests"),
        ("edit", "edit-requests"),
        ("cancel", "generate-requests"),
    ],
)
def test_every_kind_of_request_has_its_topic(kind: str, topic: str) -> None:
    """A kind goes where the function that takes it listens."""
    assert topology.topic_of(kind) == topic


def test_a_full_name_stays_as_it_is() -> None:
    """Whoever names a topic of another project gets that one."""
    assert topology.topic_path("projects/p/topics/t") == "projects/p/topics/t"
    assert topology.topic_path("t", "p") == "projects/p/topics/t"
    assert topology.subscription_path("s", "p") == "projects/p/subscriptions/s"
