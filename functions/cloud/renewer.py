"""Renews the leases that this instance holds: one thread, whatever the concurrency.

The law: a lease that was lost is never renewed again, and a renewer that dies only
shortens leases.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from functions.job.errors import TryLaterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.job.ports import Clock

_LOOK: Final = 1.0  # s between two looks at the clock


class Renewable(Protocol):
    """What is renewed: a `job.lease.Lease`."""

    @property
    def held(self) -> bool:
        """Whether there is anything to renew."""
        ...

    def renew(self) -> None:
        """Move the end of the lease."""
        ...


class Renewer:
    """Keeps leases alive every `every` seconds while they are inside `keeping`."""

    def __init__(self, clock: Clock, *, every: float, say: Callable[..., None]) -> None:
        self._clock = clock
        self._say = say
        self._every = every
        self._due: dict[Renewable, float] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def keeping(self, lease: Renewable) -> Iterator[None]:
        """Renew `lease` for the length of a block."""
        with self._lock:
            self._due[lease] = self._clock.now() + self._every
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="renewer", daemon=True
                )
                self._thread.start()
        self._wake.set()
        try:
            yield
        finally:
            with self._lock:
                self._due.pop(lease, None)

    def _run(self) -> None:
        while True:
            with self._lock:
                now = self._clock.now()
                ready = [lease for lease, at in self._due.items() if at <= now]
                self._due.update(dict.fromkeys(ready, now + self._every))
                idle = not self._due
            for lease in ready:
                self._renew(lease)
            # Nothing to keep: sleep until somebody claims. Otherwise look again soon;
            # the clock of a test may be stepped at any time.
            self._wake.wait(None if idle else _LOOK)
            self._wake.clear()

    def _renew(self, lease: Renewable) -> None:
        try:
            lease.renew()
        except Exception as error:  # noqa: BLE001  # one lease never costs another
            if not isinstance(error, TryLaterError):
                self._say(
                    "renewal_failed", severity="ERROR", error=type(error).__name__
                )
            # Fenced: the lease knows. Storage away: the next turn tries again, and
            # the lease outlives two missed turns.
            with self._lock:
                if not lease.held:
                    self._due.pop(lease, None)
