from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from functions import wiring
from functions.generate import generate

if TYPE_CHECKING:
    import pytest

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
