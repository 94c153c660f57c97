from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.local.running import RunningStack
from functions.local.stack import Options
from tests.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Run the emulators without a function child."""
    state = tmp_path_factory.mktemp("emulators")
    options = Options(port_base=0, functions=(), environ={})
    with RunningStack(state, options) as stack:
        yield stack


@pytest.fixture
def world(emulators: RunningStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Give one test the walk; its faults never reach the next test."""
    found = World(emulators)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", found.environ()["PUBSUB_EMULATOR_HOST"])
    yield found
    found.close()
    emulators.faults.clear()
