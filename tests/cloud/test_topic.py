from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from functions.cloud.topic import Topic
from functions.job.errors import NeighbourUnavailableError
from functions.local import topology
from functions.local.faults import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import World


@pytest.fixture
def topic(world: World) -> Iterator[Topic]:
    assert world is not None  # it points the library at the emulator
    made = Topic(topology.EVENTS_TOPIC, project=topology.PROJECT, budget=10.0)
    yield made
    made.close()


def attributes(subject: str) -> dict[str, str]:
    return {"ce-id": f"id-{subject}", "ce-subject": subject, "ce-type": "t"}


def test_returned_means_accepted(world: World, topic: Topic) -> None:
    """The message is there with its attributes when `publish` returns."""
    job = world.new_id()
    topic.publish(b'{"id": "%b"}' % job.encode(), attributes(job))
    assert world.event(job).data == {"id": job}


def test_a_failure_that_passes_is_repeated(world: World, topic: Topic) -> None:
    """UNAVAILABLE once, even after storing: accepted in the end, same content."""
    job = world.new_id()
    rule = world.stack.faults.pubsub.add(
        Rule("publish", "status_after", contains=topology.EVENTS_TOPIC)
    )
    topic.publish(b'{"id": "%b"}' % job.encode(), attributes(job))
    assert rule.fired == 1
    assert world.event(job).id == f"id-{job}"


def test_a_topic_that_does_not_exist_is_told_with_its_remedy(world: World) -> None:
    """The operator reads which topic and which role; the queue delivers again."""
    assert world is not None
    missing = Topic("not-there", project=topology.PROJECT, budget=3.0)
    with pytest.raises(NeighbourUnavailableError, match=r"roles/pubsub\.publisher"):
        missing.publish(b"{}", {})
    missing.close()


def test_loading_is_begun_once_and_waits_for_nobody(topic: Topic) -> None:
    """Many threads warm; one loads."""
    for _ in range(3):
        topic.warm()
    loading = [t for t in threading.enumerate() if t.name == "warm-pubsub"]
    assert len(loading) <= 1


def test_a_load_that_failed_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad credentials now need not be bad for ever."""
    from google.cloud import pubsub_v1  # noqa: PLC0415  # patched here only

    job = world.new_id()
    topic = Topic(topology.EVENTS_TOPIC, project=topology.PROJECT, budget=5.0)
    with monkeypatch.context() as patch:
        patch.setattr(pubsub_v1, "PublisherClient", _refuse)
        with pytest.raises(NeighbourUnavailableError):
            topic.publish(b"{}", {})
    topic.publish(b'{"id": "%b"}' % job.encode(), attributes(job))
    topic.close()
    topic.close()
    assert world.event(job).id == f"id-{job}"


def _refuse(**_: object) -> None:
    from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415

    raise DefaultCredentialsError("no")


@pytest.mark.parametrize(
    "error", [ImportError("lost"), OSError("lost"), RuntimeError("lost")]
)
def test_whatever_broke_a_load_the_next_event_loads_anew(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """One bad moment of an instance does not end every later job on it."""
    from google.cloud import pubsub_v1  # noqa: PLC0415

    def broken(**_: object) -> None:
        raise error

    job = world.new_id()
    topic = Topic(topology.EVENTS_TOPIC, project=topology.PROJECT, budget=5.0)
    with monkeypatch.context() as patch:
        patch.setattr(pubsub_v1, "PublisherClient", broken)
        with pytest.raises(type(error), match="lost"):
            topic.publish(b"{}", {})
    topic.publish(b'{"id": "%b"}' % job.encode(), attributes(job))
    topic.close()
    assert world.event(job).id == f"id-{job}"


def test_a_machine_without_threads_to_spare_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Warming never fails; publishing says why, and the next event loads anew."""
    job = world.new_id()
    topic = Topic(topology.EVENTS_TOPIC, project=topology.PROJECT, budget=5.0)

    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none_left)
        topic.warm()
        with pytest.raises(RuntimeError, match="new thread"):
            topic.publish(b"{}", {})
    topic.publish(b'{"id": "%b"}' % job.encode(), attributes(job))
    topic.close()
    assert world.event(job).id == f"id-{job}"


def test_a_mistake_of_ours_is_not_called_unavailable(
    topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only Google's errors mean "again"; a bug shows itself."""
    from google.cloud import pubsub_v1  # noqa: PLC0415

    def broken(**_: object) -> None:
        raise KeyError

    monkeypatch.setattr(pubsub_v1, "PublisherClient", broken)
    with pytest.raises(KeyError):
        topic.publish(b"{}", {})
