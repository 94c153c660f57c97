from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from functions import wiring
from functions.generate import generate

if TYPE_CHECKING:
    from tests.world import World


def test_the_door_hands_over_headers_and_body(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An HTTP request in, the walk's word and status out."""
    monkeypatch.setattr(wiring, "walk", world.walk)
    job = world.new_id()
    order: dict[str, object] = {"id": job, "kind": "generate", "prompt": "p"}
    headers, body = world.push(order)
    builder = EnvironBuilder(method="POST", headers=list(headers.items()), data=body)
    assert generate(Request(builder.get_environ())) == ("done", 200)  # type: ignore[arg-type]
    assert world.paid(job) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_the_queue_is_answered(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """A browser or a probe leaves no poison behind."""
    monkeypatch.setattr(wiring, "walk", world.walk)
    builder = EnvironBuilder(method=method)
    _, status = generate(Request(builder.get_environ()))  # type: ignore[arg-type]
    assert status == 405
    assert world.said == []
