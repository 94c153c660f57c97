from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from functions.local import topology

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.local.running import RunningStack
    from tests.cli.conftest import Ran


def watches(stack: RunningStack) -> list[str]:
    path = f"projects/{topology.PROJECT}"
    found = stack.neighbours.subscriber.list_subscriptions(request={"project": path})
    return [one.name for one in found if "/watch-" in one.name]


def publish_when_watched(stack: RunningStack, job_id: str) -> threading.Thread:
    """Publish a request as soon as one more watcher is there."""
    before = len(watches(stack))

    def wait() -> None:
        while len(watches(stack)) == before:
            threading.Event().wait(0.05)
        stack.publish({"id": job_id, "prompt": "a pear"})

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_events_are_shown_as_they_come(
    on: Callable[..., Ran], stack: RunningStack
) -> None:
    """One line an event; the watcher's subscription is gone afterwards."""
    before = watches(stack)
    thread = publish_when_watched(stack, "watched")
    ran = on("watch", "--count", "1")
    thread.join()
    assert ran.code == 0
    assert "image.completed" in ran.out
    assert "watched" in ran.out
    assert "gs://" in ran.out
    assert watches(stack) == before


def test_json_is_one_object_a_line(on: Callable[..., Ran], stack: RunningStack) -> None:
    """Attributes and data, as any subscriber gets them."""
    thread = publish_when_watched(stack, "watched-json")
    ran = on("watch", "--count", "1", "--json")
    thread.join()
    found = json.loads(ran.out)
    assert found["attributes"]["ce-subject"] == "watched-json"
    assert found["data"]["state"] == "done"


def test_watching_ends_after_its_time(on: Callable[..., Ran]) -> None:
    """With nothing to see it ends all the same, as asked."""
    ran = on("watch", "--for", "0")
    assert (ran.code, ran.out) == (0, "")
