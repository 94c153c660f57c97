from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions.job.errors import PlantainError
from functions.local import environment, network, state
from functions.local.broker_setup import NoPubSubError
from functions.local.stack import NoSourceError, Stack
from tests.local.stacks import (
    alive,
    announced,
    clean,
    group,
    options,
    up,
    wait_for,
)

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.local.conftest import Noting

STOP = 2.0  # s, the promise


def family(found: dict[str, object]) -> set[int]:
    """Return every process of a stack's functions."""
    functions = found["functions"]
    assert isinstance(functions, dict)
    pids = {pid for one in functions.values() for pid in group(one["pid"])}
    assert len(pids) >= 2 * len(functions), "masters and workers"
    return pids


def read(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    with process.stdout:
        text = process.stdout.read()
    process.wait()
    return text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_within_two_seconds(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C, and what a service manager sends, leave nothing running or announced."""
    process = up(tmp_path)
    found = announced(tmp_path)
    pids = family(found)
    began = time.monotonic()
    process.send_signal(number)
    text = read(process)
    seconds = time.monotonic() - began
    assert process.returncode == 0, text
    assert seconds < STOP
    assert not [pid for pid in pids if alive(pid)]
    assert not (tmp_path / "stack.json").exists()
    assert "Traceback" not in text


def test_children_of_a_killed_stack_die_at_once(tmp_path: Path) -> None:
    """Kill -9 of the stack leaves no function that would answer the next one."""
    process = up(tmp_path)
    pids = family(announced(tmp_path))
    process.kill()
    wait_for(lambda: not [pid for pid in pids if alive(pid)], timeout=STOP)
    read(process)
    again = up(tmp_path)
    wait_for(lambda: announced(tmp_path)["pid"] == again.pid, 40)
    again.send_signal(signal.SIGTERM)
    read(again)


def test_a_hanging_function_does_not_hold_the_end_up(tmp_path: Path) -> None:
    """A function in the middle of a call is stopped within the same two seconds."""

    async def run() -> float:
        wanted = replace(options(tmp_path), functions=("generate",))
        async with Stack(wanted) as stack:
            publish = stack.neighbours.publish
            await asyncio.to_thread(publish, b'{"do": "hang"}', "generate-requests")
            notes = tmp_path / "notes"
            while not notes.exists():  # noqa: ASYNC110  # another process writes it
                await asyncio.sleep(0.02)
            began = time.monotonic()
        return time.monotonic() - began

    assert asyncio.run(run()) < STOP


def test_a_taken_port_stops_it_before_anything_is_started(tmp_path: Path) -> None:
    """The error names the port and the way out, and no process was born."""
    base = network.choose(0)["storage"]
    with socket.socket() as taker:
        taker.bind((network.HOST, base + 11))
        taker.listen()
        began = time.monotonic()
        process = up(tmp_path, "--port-base", str(base))
        text = read(process)
    assert process.returncode == 1
    assert f"port {base + 11} (edit) of 127.0.0.1 is taken" in text
    assert "--port-base" in text
    assert "Traceback" not in text
    assert time.monotonic() - began < 10
    assert not (tmp_path / "logs").exists()


def test_a_second_stack_on_a_directory_is_refused_by_name(tmp_path: Path) -> None:
    """The second one says who is there; the first one goes on."""
    first = up(tmp_path)
    found = announced(tmp_path)
    second = up(tmp_path)
    text = read(second)
    assert second.returncode == 1
    assert f"process {first.pid}" in text
    assert "--state" in text
    assert announced(tmp_path) == found
    first.send_signal(signal.SIGINT)
    read(first)


def test_ctrl_c_while_starting_leaves_nothing(tmp_path: Path) -> None:
    """An end before the beginning is an end as well."""
    process = up(tmp_path)
    wait_for((tmp_path / "logs").exists, 40)
    process.send_signal(signal.SIGINT)
    text = read(process)
    assert process.returncode == 0, text
    assert "Traceback" not in text
    state.Lock.take(state.StateDir(tmp_path)).release()


async def enter(stack: Stack) -> None:
    async with stack:
        raise AssertionError("it started")


def test_what_is_missing_is_said_before_anything_starts(tmp_path: Path) -> None:
    """No main.py, no key for --live: an error with the remedy, an unused directory."""
    nothing = replace(options(tmp_path), source=tmp_path / "main.py")
    with pytest.raises(NoSourceError, match="clone"):
        asyncio.run(enter(Stack(nothing)))
    keyless = replace(options(tmp_path), environ={}, live=True)
    with pytest.raises(environment.NoKeyError, match="GEMINI_API_KEY"):
        asyncio.run(enter(Stack(keyless)))
    assert not (tmp_path / "state" / "logs").exists()


def test_an_emulator_that_is_not_there_is_named(tmp_path: Path) -> None:
    """PUBSUB_EMULATOR_HOST without an emulator: the variable is the remedy."""
    free = network.choose(0).address("pubsub")
    environ = clean() | {"PUBSUB_EMULATOR_HOST": free}
    wanted = replace(options(tmp_path), environ=environ, functions=())
    with pytest.raises(NoPubSubError) as refused:
        asyncio.run(enter(Stack(wanted)))
    assert free in str(refused.value)
    assert "PUBSUB_EMULATOR_HOST" in str(refused.value)


def test_an_unknown_function_is_named_with_those_that_are(noting: Noting) -> None:
    """Asking for what is not there says what is."""
    with pytest.raises(PlantainError, match="generate, edit"):
        noting.stack.stack.child("paint")


def test_the_description_leads_to_everything(tmp_path: Path) -> None:
    """stack.json has addresses, processes and the place, and follows a restart."""

    async def run() -> None:
        wanted = replace(options(tmp_path), functions=("edit",))
        async with Stack(wanted) as stack:
            before = announced(wanted.state)
            assert before == stack.describe()
            assert before["pid"] == os.getpid()
            assert set(before["urls"]) == {*network.SERVICES, "edit"}
            await stack.child("edit").restart()
            after = announced(wanted.state)
            assert after["functions"]["edit"]["restarts"] == 1
            assert after["functions"]["edit"]["pid"] == stack.child("edit").pid

    asyncio.run(run())
