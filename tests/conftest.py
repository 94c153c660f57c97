from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from functions.local.running import RunningStack
from functions.local.stack import Options
from tests import canary, taps
from tests.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure(config: pytest.Config) -> None:
    """Mark every secret of the suite, and look for the marks wherever it writes."""
    patch, ear = pytest.MonkeyPatch(), taps.Ear()
    taps.install(patch)
    logging.getLogger().addHandler(ear)
    config.add_cleanup(patch.undo)
    config.add_cleanup(lambda: logging.getLogger().removeHandler(ear))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when a secret was written, whatever the tests say."""
    if canary.WATCH.book.findings:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was looked at, and name file, line and mark of every secret."""
    book = canary.WATCH.book
    red = bool(book.findings)
    terminalreporter.write_line(f"canary: {book.report()}", red=red, bold=red)


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


@pytest.fixture
def book() -> Iterator[canary.Book]:
    """Look everything up that one hunt makes the system write."""
    with canary.WATCH.apart() as found:
        yield found
        assert found.findings == [], found.report()
        assert found.scanned
