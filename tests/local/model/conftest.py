from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from functions.clock import SystemClock
from functions.local.model.app import ModelApp
from functions.local.serving import Background
from tests.local.model.stand import Stand

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def served() -> Iterator[Stand]:
    """Serve one stand-in for all tests; small signatures keep it quick."""
    app = ModelApp(clock=SystemClock(), signature_bytes=4096)
    with Background(app) as (url,), httpx.Client(timeout=30) as client:
        yield Stand(url, app, client)


@pytest.fixture
def stand(served: Stand) -> Iterator[Stand]:
    """Give the stand-in, with its counts, script and faults empty."""
    served.control("reset", {})
    yield served
    assert served.control("reset", {})["released"] == 0, "a test left an answer held"
