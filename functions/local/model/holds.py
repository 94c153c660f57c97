"""Answers that wait for a word, so that many of them land together."""

from __future__ import annotations

import asyncio
import threading


class Holds:
    """Waiting answers by group; `release` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = []

    @property
    def count(self) -> int:
        """Return how many answers wait."""
        with self._lock:
            return len(self._waiting)

    async def wait(self, group: str) -> None:
        """Return when the group is released."""
        freed = asyncio.Event()
        entry = (group, asyncio.get_running_loop(), freed)
        with self._lock:
            self._waiting.append(entry)
        try:
            await freed.wait()
        finally:
            with self._lock:
                self._waiting = [one for one in self._waiting if one is not entry]

    def release(self, group: str | None = None) -> int:
        """Let the answers of a group go, or all; return how many went."""
        with self._lock:
            freed = [one for one in self._waiting if group in {None, one[0]}]
            self._waiting = [one for one in self._waiting if one not in freed]
        for _, loop, event in freed:
            loop.call_soon_threadsafe(event.set)
        return len(freed)
