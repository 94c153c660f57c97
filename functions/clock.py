"""Time for the whole product: the one module that reads and spends it.

`SystemClock` is the machine's. `StepClock` is the machine's plus an offset kept in
a small file that several processes share, so a test moves the emulators and the
functions past a lease or a quota reset at once, without sleeping.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_TICK: Final = 0.02  # s between two looks at the offset while waiting


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def wait(self, seconds: float) -> None:
        """Return after `seconds`."""
        time.sleep(max(0.0, seconds))


class StepClock:
    """Real time plus the offset, in seconds, that stands in a shared file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] = (0, 0)
        self._offset = 0.0

    def now(self) -> float:
        """Return seconds since the epoch, stepped."""
        return time.time() + self.offset()

    def offset(self) -> float:
        """Return how far this clock is ahead of the machine's, in seconds."""
        with contextlib.suppress(FileNotFoundError):
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_ino) != self._seen:
                self._offset = float(self._path.read_text() or 0)
                self._seen = (stat.st_mtime_ns, stat.st_ino)
        return self._offset

    def step(self, seconds: float) -> None:
        """Move every process that shares the file forward by `seconds`."""
        ahead = self.offset() + seconds
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fresh.write_text(repr(ahead))
        fresh.replace(self._path)  # atomic: a reader sees the old offset or the new

    def wait(self, seconds: float) -> None:
        """Return after `seconds` of this clock, at once when it is stepped past."""
        until = self.now() + seconds
        while (left := until - self.now()) > 0:
            time.sleep(min(left, _TICK))
