"""Fixtures: our emulator alone (`local`), or either one behind clients (`pubsub`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local.pubsub import emulators
from tests.local.pubsub.emulators import EXEMPT, Local, Loop, Pubsub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    with Loop() as started:
        yield started


@pytest.fixture(scope="session")
def google_target() -> Iterator[str]:
    command = emulators.find_google()
    if isinstance(command, str):
        pytest.skip(command)
    with emulators.google(command) as target:
        yield target


@pytest.fixture
def local(loop: Loop, tmp_path: Path) -> Iterator[Local]:
    started = Local(loop, tmp_path)
    yield started
    started.stop()


@pytest.fixture
def own(local: Local, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pubsub]:
    """Return clients on our emulator, for laws about its clock and its faults."""
    clients = Pubsub(local.server.target, local.clock, monkeypatch)
    yield clients
    clients.close()


@pytest.fixture(params=["ours", "google"])
def pubsub(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pubsub]:
    """Return clients on each emulator in turn."""
    if request.param == "ours":
        local = request.getfixturevalue("local")
        target, clock = local.server.target, local.clock
    else:
        law = request.function.__name__
        if law in EXEMPT:
            pytest.skip(f"Google's emulator is exempt: {EXEMPT[law]}")
        target, clock = request.getfixturevalue("google_target"), None
    clients = Pubsub(target, clock, monkeypatch)
    yield clients
    clients.close()
