from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.local.running import RunningStack
from functions.local.stack import Options

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Run everything: emulators, and the functions in processes of their own."""
    options = Options(port_base=0, environ={})
    with RunningStack(tmp_path_factory.mktemp("system"), options) as stack:
        yield stack


@pytest.fixture
def stack(running: RunningStack) -> Iterator[RunningStack]:
    """Give one test the whole system; its faults never reach the next test."""
    yield running
    running.faults.clear()
