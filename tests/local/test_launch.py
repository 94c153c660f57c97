from __future__ import annotations

import base64
import contextlib
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from functions.local import network
from tests.local.stacks import ROOT, SOURCE, alive, clean, group, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARENT = """
import os, subprocess, sys, threading
lifeline, ours = os.pipe()
command = [sys.executable, "-m", "functions.local.launch", str(os.getpid()),
           str(lifeline), "--target=generate", "--source=" + sys.argv[1],
           "--host=127.0.0.1", "--port=" + sys.argv[2]]
child = subprocess.Popen(command, pass_fds=(lifeline,), start_new_session=True)
print(child.pid, flush=True)
sys.stdin.readline()
os.close(ours)
threading.Event().wait()
"""


@pytest.fixture
def parent(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Return a process that holds a function's lifeline."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(SOURCE), str(port)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=clean() | {"TEST_NOTES": str(tmp_path / "notes"), "WORKERS": "2"},
    ) as process:
        yield process
        process.kill()


@pytest.fixture
def port() -> int:
    return network.choose(0)["generate"]


def hang(port: int, notes: Path) -> None:
    """Leave a worker in the middle of a call that never ends."""
    data = base64.b64encode(b'{"do": "hang"}').decode()

    def ask() -> None:
        with contextlib.suppress(httpx.HTTPError), httpx.Client(trust_env=False) as c:
            url = f"http://127.0.0.1:{port}/"
            c.post(url, json={"message": {"data": data}}, timeout=30)

    threading.Thread(target=ask, daemon=True).start()
    wait_for(notes.exists)


def born(parent: subprocess.Popen[str]) -> set[int]:
    """Return master and workers, once all of them are there."""
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    return wait_for(lambda: found if len(found := group(pid)) >= 3 else set())


def test_a_killed_parent_takes_master_and_workers_along(
    parent: subprocess.Popen[str],
) -> None:
    """Kill -9 of the stack: nothing of the function outlives it."""
    family = born(parent)
    parent.kill()
    wait_for(lambda: not [pid for pid in family if alive(pid)], timeout=2)


def test_the_end_of_the_lifeline_alone_is_enough(
    parent: subprocess.Popen[str],
) -> None:
    """Where no kernel tells of the parent's death, the closed pipe does."""
    family = born(parent)
    assert parent.stdin is not None
    parent.stdin.write("\n")
    parent.stdin.flush()
    wait_for(lambda: not [pid for pid in family if alive(pid)], timeout=2)
    assert parent.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="the signal is Linux's")
def test_the_death_signal_alone_is_enough(
    parent: subprocess.Popen[str], port: int, tmp_path: Path
) -> None:
    """A master that is killed alone takes its workers along, whatever they do."""
    family = born(parent)
    hang(port, tmp_path / "notes")
    master = min(family)
    os.kill(master, signal.SIGKILL)
    wait_for(lambda: not [pid for pid in family if alive(pid)], timeout=2)


def test_a_parent_that_died_first_is_noticed(tmp_path: Path) -> None:
    """Between birth and asking for the signal the parent may die: then it ends."""
    lifeline, ours = os.pipe()
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "functions.local.launch", "1", str(lifeline)],
            cwd=ROOT,
            pass_fds=(lifeline,),
            env=clean(),
            timeout=20,
            check=False,
        )
    finally:
        os.close(lifeline)
        os.close(ours)
    assert ran.returncode == 1
