from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
from google.pubsub_v1.types import Subscription

from functions.clock import StepClock
from functions.local import network, topology
from functions.local.emulators import Emulators
from functions.local.environment import STAND_IN_KEY
from functions.local.state import StateDir
from tests.local.stacks import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.conftest import Noting


def test_what_happens_in_a_bucket_is_published(noting: Noting) -> None:
    """A bucket's notification goes to our broker, in the same process."""
    neighbours = noting.stack.neighbours
    name = topology.subscription_path("notified")
    topic = topology.topic_path("image-events-dead")
    neighbours.subscriber.create_subscription(
        request=Subscription(name=name, topic=topic)
    )
    bucket = neighbours.storage.bucket(topology.INBOX_BUCKET)
    bucket.notification(
        topic_name="image-events-dead", topic_project=topology.PROJECT
    ).create()
    bucket.blob("dropped.png").upload_from_string(b"x")

    def pulled() -> str:
        answer = neighbours.subscriber.pull(
            request={"subscription": name, "max_messages": 1}, timeout=10
        )
        messages = answer.received_messages
        return messages[0].message.attributes["objectId"] if messages else ""

    assert wait_for(pulled) == "dropped.png"


def test_every_bucket_is_there(noting: Noting) -> None:
    """The table's buckets exist before any function asks."""
    found = {bucket.name for bucket in noting.stack.neighbours.storage.list_buckets()}
    assert found == set(topology.BUCKETS)


def test_the_stand_in_wants_the_key_that_the_functions_have(noting: Noting) -> None:
    """Another key is refused, so a wrong wiring shows."""
    url = f"{noting.stack.url('model')}/v1beta/models"
    with httpx.Client(trust_env=False) as client:
        right = client.get(url, headers={"x-goog-api-key": STAND_IN_KEY})
        wrong = client.get(url, headers={"x-goog-api-key": "another"})
    assert (right.status_code, wrong.status_code) == (200, 400)


def test_a_foreign_pubsub_means_none_of_ours(tmp_path: Path) -> None:
    """Our broker is not started beside Google's: its port stays free."""
    state = StateDir(tmp_path)
    state.prepare()
    ports = network.choose(0)

    async def run() -> tuple[bool, bool, set[str]]:
        emulators = Emulators(
            state=state, clock=StepClock(state.clock), ports=ports, foreign="h:1"
        )
        await emulators.start()
        try:
            up = network._is_free(ports["storage"])
            return up, network._is_free(ports["pubsub"]), set(emulators.faults)
        finally:
            await emulators.stop()

    assert asyncio.run(run()) == (False, True, {"storage", "model"})
    assert network._is_free(ports["storage"])
