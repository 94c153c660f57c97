from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, ClassVar

import pytest

from functions.receive import push, receive

if TYPE_CHECKING:
    from functions.job.walk import Step
    from tests.world import World


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"[" * 100_000,
        b'{"message": {"data": "' + b"9" * 5_000 + b'", "messageId": "%s"}}',
        b'{"message": 7}',
        b'{"message": {"messageId": "x", "data": "%%%"}}',
        json.dumps({"message": {"messageId": "nodata-1"}}).encode(),
    ],
)
def test_nothing_a_sender_sends_is_redelivered_for_ever(
    world: World, body: bytes
) -> None:
    """Poison is acknowledged with 200: never a 4xx, never a 5xx."""
    assert receive(world.walk(), {"Content-Type": "application/json"}, body) == (
        "poison",
        200,
    )


def test_a_batch_is_refused_by_name(world: World) -> None:
    """One event a request; a batch is buried, not half-read."""
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    assert receive(world.walk(), headers, b"[]") == ("poison", 200)
    assert world.said[-1]["reason"] == "batched_cloudevents"


def test_a_bug_is_a_503_that_tells_nobody_its_text(world: World) -> None:
    """The queue asks again, the log has the place, the answer has nothing."""

    def at(step: Step) -> None:
        raise KeyError("a secret prompt")

    walk = dataclasses.replace(world.walk(), at=at)
    answer = world.deliver({"id": world.new_id(), "prompt": "p"}, walk=walk)
    assert answer == ("again", 503)
    assert world.said[-1]["action"] == "crashed"
    assert world.said[-1]["error"] == "KeyError"
    assert "secret" not in str(world.said[-1])


class _Broken:
    """A request whose body breaks off, as the server tells it."""

    headers: ClassVar[dict[str, str]] = {}

    method = "POST"

    def get_data(self) -> bytes:
        raise OSError("Invalid chunk size: b'a secret prompt'")


def test_a_body_that_breaks_off_is_not_quoted(world: World) -> None:
    """Neither logged nor answered; a stream, so that nobody reads it once more."""
    answer, status = push(world.walk(), _Broken())  # type: ignore[arg-type]
    assert (list(answer), status) == (["again"], 503)
    assert not isinstance(answer, str)
    assert world.said[-1]["action"] == "unreadable"
    assert world.said[-1]["error"] == "OSError"
    assert "secret" not in str(world.said[-1])
