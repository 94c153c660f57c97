"""An in-memory bucket and clock for tests of pure decisions (never of the walk)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class MemoryClock:
    """A clock that moves only when somebody waits or steps it."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.at = now
        self.on_wait: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += seconds
        self.on_wait()


class MemoryObjects:
    """Objects with generations, as `job.ports.Objects` promises them."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, int]] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def create(self, name: str, body: bytes) -> int | None:
        return self._write(name, body, 0)

    def replace(self, name: str, body: bytes, generation: int) -> int | None:
        return self._write(name, body, generation)

    def read(self, name: str) -> tuple[bytes, int] | None:
        return self.objects.get(name)

    def _write(self, name: str, body: bytes, generation: int) -> int | None:
        with self._lock:
            found = self.objects.get(name)
            if (found[1] if found else 0) != generation:
                return None
            self._generation += 1
            self.objects[name] = (body, self._generation)
            return self._generation
