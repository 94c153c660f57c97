"""Runs functions-framework so that no process of it outlives the stack.

    python -m functions.local.launch PARENT FD --target=generate --source=main.py

The law: however the stack ends, kill -9 included, master and workers end with it.
Two ways, each enough: the kernel's parent-death signal, set in the master and again
in each worker after its fork, and a pipe that only the stack holds open; its end
kills the whole process group. The probe of a test is for the first worker only, or
the worker that follows would stop at the same step for ever.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys
import threading
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_SEAM: Final = "PLANTAIN_PROBE"


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked to be told
        os._exit(1)


def _watch(lifeline: int) -> None:
    """Return never: kill the group as soon as nobody holds the other end."""
    while os.read(lifeline, 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main() -> None:
    """Bind this process and its forks to the stack, then become the framework."""
    parent, lifeline = int(sys.argv[1]), int(sys.argv[2])
    _die_with_parent(parent)
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()
    master = os.getpid()
    os.register_at_fork(
        after_in_child=lambda: _die_with_parent(master),
        after_in_parent=lambda: os.environ.pop(_SEAM, None),  # noqa: TID251  # see above
    )
    sys.argv = ["functions-framework", *sys.argv[3:]]
    runpy.run_module("functions_framework", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
