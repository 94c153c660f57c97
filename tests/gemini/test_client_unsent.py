"""What never left as a whole request is told apart from what may have been paid."""

from __future__ import annotations

import pytest

from functions.clock import SystemClock
from functions.gemini.client import NativeModel
from functions.gemini.routes import Route
from functions.job.errors import (
    NeighbourUnavailableError,
    PlantainError,
    ReferenceRefusedError,
    UnsentError,
)
from tests.gemini.doubles import BreakingReference, MemoryAlbum
from tests.gemini.test_client import PICTURE, call, good, model
from tests.gemini.wire_server import RawServer


@pytest.mark.parametrize("key", [" before", "behind "])
def test_a_key_that_no_header_can_hold_is_unsent(key: str) -> None:
    """Our own side refused to write it: no byte reached the model."""
    with RawServer(good) as server:
        route = Route(name="n", base_url=server.url, key=key)
        client = NativeModel(route, clock=SystemClock(), drains=1)
        got = client.ask(call(), MemoryAlbum(), alive=lambda: True)
        client.close()
    assert (got.status, got.failure, got.sent_at) == (None, "unsent", None)
    assert server.requests == []


@pytest.mark.parametrize(
    "error",
    [NeighbourUnavailableError("away"), ReferenceRefusedError("not_found", "gone")],
)
def test_a_reference_that_breaks_on_its_way_costs_nothing(
    error: PlantainError,
) -> None:
    """The announced length is never completed, and the walk is told so."""
    reference = BreakingReference((PICTURE, PICTURE), error=error)
    with RawServer(good) as server:
        client = model(server)
        with pytest.raises(UnsentError, match=str(error)) as broken:
            client.ask(call(20.0, reference), MemoryAlbum(), alive=lambda: True)
        client.close()
    assert server.requests == []
    refused = error if isinstance(error, ReferenceRefusedError) else None
    assert broken.value.refused is refused
