from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from functions.clock import SystemClock
from functions.cloud.identity import no_token
from functions.cloud.topic import Topic
from functions.job.errors import NeighbourUnavailableError
from functions.local import topology
from functions.local.faults import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import World


def made(world: World, name: str = topology.EVENTS_TOPIC, **more: Any) -> Topic:
    wanted: dict[str, Any] = {
        "project": topology.PROJECT,
        "clock": SystemClock(),
        "budget": 10.0,
        "tokens": no_token,
        "emulator": world.settings().pubsub_emulator,
    } | more
    return Topic(name, **wanted)


@pytest.fixture
def topic(world: World) -> Iterator[Topic]:
    found = made(world)
    yield found
    found.close()
    found.close()


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
    missing = made(world, "not-there")
    with pytest.raises(NeighbourUnavailableError, match=r"roles/pubsub\.publisher"):
        missing.publish(b"{}", {"a": "b"})
    missing.close()


def test_a_broker_that_stays_away_is_given_up_within_the_budget(world: World) -> None:
    """One error of ours with the last code; the queue delivers again."""
    away = made(world, budget=0.5)
    rule = world.stack.faults.pubsub.add(Rule("publish", "status", times=999))
    with pytest.raises(NeighbourUnavailableError, match="UNAVAILABLE"):
        away.publish(b"{}", {"a": "b"})
    assert rule.fired >= 2
    away.close()


def test_nobody_there_is_told_in_the_same_words(world: World) -> None:
    """A port that nobody listens on is UNAVAILABLE."""
    nobody = made(world, budget=0.5, emulator="127.0.0.1:9")
    with pytest.raises(NeighbourUnavailableError, match="Pub/Sub did not accept"):
        nobody.publish(b"{}", {"a": "b"})
    nobody.close()


def test_loading_is_begun_once_and_waits_for_nobody(topic: Topic) -> None:
    """Many threads warm; one channel stands in the end."""
    for _ in range(3):
        topic.warm()
    channel = topic._connected()
    assert topic._connected() is channel
    topic.warm()
    assert topic._connected() is channel


def test_a_mistake_while_warming_is_told_to_whoever_publishes(
    topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Warming never fails, and a failed load is tried again by the next."""
    import grpc  # noqa: PLC0415  # patched here only

    def broken(*_: object) -> None:
        raise OSError("no memory")

    with monkeypatch.context() as patch:
        patch.setattr(grpc, "insecure_channel", broken)
        topic._warmed()
        with pytest.raises(OSError, match="no memory"):
            topic.publish(b"{}", {"a": "b"})
    topic.publish(b"{}", {"a": "b"})


def test_a_machine_without_threads_to_spare_publishes_all_the_same(
    world: World, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Warming happens while a paid call is under way: it must not end it."""
    job = world.new_id()

    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none_left)
        topic.warm()
    topic.publish(b'{"id": "%b"}' % job.encode(), attributes(job))
    assert world.event(job).id == f"id-{job}"


def test_in_the_cloud_the_call_carries_our_token_and_tls(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused token is renewed once; then the refusal is told."""
    import grpc  # noqa: PLC0415  # patched here only

    seen: list[tuple[str, object]] = []

    class Refused(grpc.RpcError):  # type: ignore[misc]  # gRPC has no types
        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.UNAUTHENTICATED

    class Channel:
        def unary_unary(self, method: str) -> Any:
            def call(request: bytes, *, timeout: float, metadata: object) -> None:
                seen.append((method, metadata))
                raise Refused

            return call

        def close(self) -> None:
            seen.append(("closed", None))

    def secure(target: str, *_: object) -> Channel:
        seen.append((target, None))
        return Channel()

    def tokens(*, fresh: bool = False) -> str:
        return "fresh" if fresh else "old"

    monkeypatch.setattr(grpc, "secure_channel", secure)
    cloud = made(world, emulator="", tokens=tokens)
    with pytest.raises(NeighbourUnavailableError, match="UNAUTHENTICATED"):
        cloud.publish(b"{}", {"a": "b"})
    cloud.close()
    method = "/google.pubsub.v1.Publisher/Publish"
    assert seen == [
        ("pubsub.googleapis.com:443", None),
        (method, (("authorization", "Bearer old"),)),
        (method, (("authorization", "Bearer fresh"),)),
        ("closed", None),
    ]
