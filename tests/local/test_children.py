from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest
from typing_extensions import override

from functions.local import children, network
from functions.local.children import Child, ChildError, Spec
from tests.local.stacks import ROOT, SOURCE, alive, clean

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

from contextlib import asynccontextmanager

FLOOD: Final = "import sys; sys.stdout.write('x' * 3_000_000 + '\\nend\\n')"


@asynccontextmanager
async def child(
    tmp_path: Path, lines: list[str], code: str = "", **told: str
) -> AsyncIterator[Child]:
    """Make a child of the tests' functions, or of a piece of code."""
    lifeline, ours = os.pipe()
    port = network.choose(0)["generate"]

    class Coded(Spec):
        @override
        def command(self) -> tuple[str, ...]:
            return (sys.executable, "-c", code) if code else super().command()

    spec = Coded(
        function="generate",
        source=SOURCE,
        host=network.HOST,
        port=port,
        environ=clean() | {"TEST_NOTES": str(tmp_path / "notes")} | told,
        log=tmp_path / "log",
        lifeline=lifeline,
    )
    found = Child(spec, ROOT, lambda _, line: lines.append(line), lambda: None)
    try:
        yield found
    finally:
        await found.stop(0.2)
        os.close(lifeline)
        os.close(ours)


def test_it_starts_answers_and_stops(tmp_path: Path) -> None:
    """Ready means answering; stopped means gone."""

    async def run() -> None:
        async with child(tmp_path, []) as one:
            assert one.pid is None
            await one.start()
            await one.ready()
            pid = one.pid
            assert pid is not None
            await one.stop()
            assert not alive(pid)
            assert one.pid is None
            assert one.restarts == 0

    asyncio.run(run())


def test_one_that_dies_before_it_answers_shows_its_last_words(tmp_path: Path) -> None:
    """The reason is in the error, and in the log for later."""

    async def run() -> None:
        async with child(tmp_path, [], TEST_BROKEN="1") as one:
            await one.start()
            with pytest.raises(ChildError, match="that people must see"):
                await one.ready()

    asyncio.run(run())
    assert "that people must see" in (tmp_path / "log").read_text()


def test_one_that_never_answers_is_an_error_in_time(tmp_path: Path) -> None:
    """A process that lives and does not listen is not ready."""

    async def run() -> None:
        code = "import threading; print('idle', flush=True); threading.Event().wait()"
        async with child(tmp_path, [], code) as one:
            await one.start()
            with pytest.raises(ChildError, match="did not answer within"):
                await one.ready(timeout=1.0)

    asyncio.run(run())


def test_one_that_dies_again_and_again_is_started_ever_slower(tmp_path: Path) -> None:
    """A broken function does not eat the machine; each death is told."""
    lines: list[str] = []

    async def run() -> float:
        async with child(tmp_path, lines, "raise SystemExit(3)") as one:
            began = time.monotonic()
            await one.start()
            while one.restarts < 3:  # noqa: ASYNC110  # another process counts
                await asyncio.sleep(0.02)
            return time.monotonic() - began

    assert asyncio.run(run()) >= 0.2 + 0.4
    assert [line for line in lines if "exit code 3" in line and "0.4 s" in line]


def test_killing_what_is_down_is_said(tmp_path: Path) -> None:
    """There is nothing to kill between two lives."""

    async def run() -> None:
        async with child(tmp_path, []) as one:
            with pytest.raises(ChildError, match="down already"):
                one.kill()

    asyncio.run(run())


def test_a_flood_of_a_line_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of any length neither blocks the function nor kills the stack."""
    lines: list[str] = []
    monkeypatch.setattr(children, "_PAUSE", 5.0)

    async def run() -> None:
        async with child(tmp_path, lines, FLOOD) as one:
            await one.start()
            while not one.restarts:  # noqa: ASYNC110  # another process counts
                await asyncio.sleep(0.02)

    asyncio.run(run())
    assert sum(line.count("x") for line in lines if set(line) == {"x"}) == 3_000_000
    assert "end" in lines
