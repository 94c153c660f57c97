from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from functions import wiring
from functions.edit import edit

if TYPE_CHECKING:
    import pytest

    from tests.world import World


def test_the_door_hands_over_headers_and_body(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An HTTP request in, the walk's word and status out."""
    monkeypatch.setattr(wiring, "walk", world.walk)
    job = world.new_id()
    order: dict[str, object] = {"id": job, "kind": "edit", "prompt": "p"}
    pixel = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
        "awAAAABJRU5ErkJggg=="
    )
    order["images"] = [{"uri": f"data:image/png;base64,{pixel}"}]
    headers, body = world.push(order)
    builder = EnvironBuilder(method="POST", headers=list(headers.items()), data=body)
    assert edit(Request(builder.get_environ())) == ("done", 200)  # type: ignore[arg-type]
    assert world.paid(job) == 1
