"""Windows of memory that uploads borrow, so that none is made or cleared twice.

Law: a window has one borrower at a time; only a few are kept when nobody needs them.
"""

from __future__ import annotations

import threading
from typing import Final

GRAIN: Final = 1 << 18  # Cloud Storage takes multiples of this, but for the last bytes
WINDOW: Final = 1 << 20


class Windows:
    """A free list; thread-safe. The gate before the model bounds what is out."""

    def __init__(self, keep: int = 4, size: int = WINDOW) -> None:
        if size <= 0 or size % GRAIN:
            raise ValueError(f"a window is a multiple of {GRAIN} bytes, not {size}")
        self._keep = keep
        self._size = size
        self._free: list[bytearray] = []
        self._lock = threading.Lock()

    def take(self) -> bytearray:
        """Return a window, a used one if there is one."""
        with self._lock:
            if self._free:
                return self._free.pop()
        return bytearray(self._size)

    def give(self, window: bytearray) -> None:
        """Take a window back; its borrower must not touch it again."""
        with self._lock:
            if len(self._free) < self._keep:
                self._free.append(window)
