from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from functions.local import state
from tests.local.stacks import ROOT, wait_for


@pytest.fixture
def directory(tmp_path: Path) -> state.StateDir:
    found = state.StateDir(tmp_path / "deep" / "state")
    found.prepare()
    return found


def test_one_stack_a_directory(directory: state.StateDir) -> None:
    """A second one is refused with the first one's process and address."""
    directory.announce({"pid": os.getpid(), "urls": {"control": "http://c"}})
    first = state.Lock.take(directory)
    with pytest.raises(state.StateTakenError) as refused:
        state.Lock.take(directory)
    assert f"process {os.getpid()}, http://c" in str(refused.value)
    assert str(directory.root) in str(refused.value)
    assert "--state" in str(refused.value)
    first.release()
    state.Lock.take(directory).release()


def test_the_lock_of_a_killed_stack_is_free(directory: state.StateDir) -> None:
    """However the holder ends, kill -9 included, the directory can be used again."""
    code = (
        "import pathlib, sys, threading\nfrom functions.local import state\n"
        "lock = state.Lock.take(state.StateDir(pathlib.Path(sys.argv[1])))\n"
        "print('taken', flush=True)\nthreading.Event().wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(directory.root)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        with pytest.raises(state.StateTakenError):
            state.Lock.take(directory)
        holder.send_signal(signal.SIGKILL)
    state.Lock.take(directory).release()


def test_wiping_removes_our_names_only(directory: state.StateDir) -> None:
    """Somebody's files in the directory survive; a link is cut, not followed."""
    theirs = directory.root / "holiday.jpg"
    theirs.write_bytes(b"theirs")
    far = directory.root.parent / "far"
    far.mkdir()
    (far / "kept").write_text("kept")
    (directory.storage / "object").write_text("ours")
    directory.clock.write_text("60")
    directory.logs.rmdir()
    directory.logs.symlink_to(far)
    directory.wipe()
    assert theirs.exists()
    assert (far / "kept").exists()
    assert not directory.storage.exists()
    assert not directory.clock.exists()
    assert not directory.logs.exists()


def test_what_was_announced_can_be_read_until_withdrawn(
    directory: state.StateDir,
) -> None:
    """stack.json is whole or absent, and no other file is left beside it."""
    before = {path.name for path in directory.root.iterdir()}
    directory.announce({"pid": os.getpid(), "a": 1})
    assert directory.read() == {"pid": os.getpid(), "a": 1}
    directory.withdraw()
    directory.withdraw()
    assert {path.name for path in directory.root.iterdir()} == before
    with pytest.raises(state.NoStackError, match="plantain up"):
        directory.read()


@pytest.mark.parametrize("content", ["", "{", "\x00"])
def test_a_file_that_cannot_be_read_names_the_remedy(
    directory: state.StateDir, content: str
) -> None:
    """A damaged stack.json is an error with a way out, not a traceback."""
    directory.stack.write_text(content)
    with pytest.raises(state.NoStackError, match="remove it"):
        directory.read()


@pytest.mark.parametrize("pid", [None, "7", -1, 0])
def test_a_stack_without_a_living_process_is_none(
    directory: state.StateDir, pid: object
) -> None:
    """What a killed stack left behind does not pass for a running one."""
    directory.announce({"pid": pid})
    with pytest.raises(state.NoStackError, match="gone without a farewell"):
        directory.read()


def test_a_dead_process_is_no_stack(directory: state.StateDir) -> None:
    """The process id of something that ended is not alive."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    directory.announce({"pid": ended.pid})
    wait_for(lambda: not Path(f"/proc/{ended.pid}").exists())
    with pytest.raises(state.NoStackError):
        directory.read()


def test_a_file_where_the_directory_should_be(tmp_path: Path) -> None:
    """Naming a file as the directory finds no stack there."""
    (tmp_path / "file").write_text("")
    with pytest.raises(state.NoStackError):
        state.StateDir(tmp_path / "file").read()
