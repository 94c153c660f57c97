"""The unacknowledged messages of one subscription, and who holds which lease.

A message is in exactly one place: ready, waiting out its backoff, leased, or gone.
Every lease ends once: acknowledged, refused, expired, or given back. A message
leaves only acknowledged, dead-lettered, or past its retention; none is lost.
"""

from __future__ import annotations

import re
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions.local.pubsub.message import Message
    from functions.local.pubsub.policy import Policy
    from functions.local.timers import Timer, Timers

ACK_ID: Final = re.compile(r"[0-9]+-[0-9]+-[0-9a-f]{16}")


class Outlet(Protocol):
    """A way out of a subscription: a stream or the pusher."""

    @property
    def ack_deadline(self) -> float | None:
        """Return the outlet's own deadline, None for the subscription's."""
        ...

    def room(self, message: Message) -> bool:
        """Tell whether flow control admits `message` now."""
        ...

    def offer(self, lease: Lease) -> None:
        """Take a lease and deliver it."""
        ...

    def ended(self, lease: Lease) -> None:
        """Learn that a lease of this outlet is over, whoever ended it."""
        ...

    def recheck(self) -> None:
        """Look again whether the subscription still serves this outlet."""
        ...


@dataclass(slots=True, eq=False)
class Entry:
    """One message in the backlog."""

    message: Message
    attempts: int = 0
    leases: list[Lease] = field(default_factory=list)
    queued: bool = False
    timer: Timer | None = None  # while it waits out its backoff


@dataclass(slots=True, eq=False)
class Lease:
    """One delivery: the right to acknowledge a message until the deadline."""

    ack_id: str
    entry: Entry
    attempt: int
    outlet: Outlet | None = None  # None: a unary pull
    timer: Timer | None = None

    @property
    def message(self) -> Message:
        """Return the message that this lease is on."""
        return self.entry.message


class Backlog:
    """The state machine of one subscription's messages."""

    def __init__(
        self,
        policy: Policy,
        timers: Timers,
        *,
        dead_letter: Callable[[Message, int], bool],
        changed: Callable[[], None],
    ) -> None:
        self.policy = policy
        self._timers = timers
        self._dead_letter = dead_letter
        self._changed = changed
        self._entries: dict[str, Entry] = {}  # by message id, oldest first
        self._ready: deque[Entry] = deque()
        self._leases: dict[str, Lease] = {}

    def __len__(self) -> int:
        """Return how many messages are not acknowledged."""
        self._expire()
        return len(self._entries)

    @property
    def outstanding(self) -> int:
        """Return how many leases are alive."""
        return len(self._leases)

    def add(self, message: Message) -> None:
        """Take a message that was just published."""
        entry = Entry(message)
        self._entries[message.message_id] = entry
        self._enqueue(entry)

    def peek(self) -> Message | None:
        """Return the message that `lease` would take, None when none is ready."""
        self._expire()
        while self._ready:
            entry = self._ready[0]
            if entry.queued:
                return entry.message
            self._ready.popleft()  # left the backlog while it stood in the queue
        return None

    def lease(self, outlet: Outlet | None, seconds: float) -> Lease:
        """Lease the message that `peek` returned."""
        entry = self._ready.popleft()
        entry.queued = False
        entry.attempts += 1
        return self._open(entry, outlet, seconds)

    def twin(self, lease: Lease) -> Lease:
        """Deliver a leased message once more: a duplicate, same attempt."""
        return self._open(lease.entry, lease.outlet, self.policy.ack_deadline)

    def find(self, ack_ids: Iterable[str]) -> list[Message]:
        """Return the messages that these ack ids hold."""
        return [self._leases[i].message for i in ack_ids if i in self._leases]

    def ack(self, ack_id: str) -> bool:
        """Let a message go; False when this lease is over already."""
        lease = self._leases.get(ack_id)
        if lease is None:
            return False
        self._remove(lease.entry)
        return True

    def nack(self, ack_id: str) -> bool:
        """End a lease without an acknowledgement: deliver again, or dead-letter."""
        lease = self._leases.get(ack_id)
        if lease is None:
            return False
        entry = lease.entry
        self._close(lease)
        if entry.leases:
            return True  # the duplicate that is still out decides
        last = self.policy.dead_letter and entry.attempts >= self.policy.max_attempts
        if last and self._dead_letter(entry.message, entry.attempts):
            self._remove(entry)
        elif (delay := self.policy.delay(entry.attempts)) > 0:
            entry.timer = self._timers.call_later(delay, lambda: self._enqueue(entry))
        else:
            self._enqueue(entry)
        return True

    def extend(self, ack_id: str, seconds: float) -> bool:
        """Move a lease's deadline to `seconds` from now; 0 is a nack."""
        if seconds == 0:
            return self.nack(ack_id)
        lease = self._leases.get(ack_id)
        if lease is None:
            return False
        self._time(lease, seconds)
        return True

    def give_back(self, lease: Lease) -> None:
        """Undo a lease that reached nobody: first in the queue, no attempt."""
        if lease.ack_id not in self._leases:
            return
        entry = lease.entry
        self._close(lease)
        if not entry.leases:
            entry.attempts -= 1
            self._enqueue(entry, first=True)

    def purge(self) -> None:
        """Let every message go."""
        for entry in list(self._entries.values()):
            self._remove(entry)

    def _enqueue(self, entry: Entry, *, first: bool = False) -> None:
        entry.timer = None
        entry.queued = True
        if first:
            self._ready.appendleft(entry)
        else:
            self._ready.append(entry)
        self._changed()

    def _open(self, entry: Entry, outlet: Outlet | None, seconds: float) -> Lease:
        number = entry.message.message_id
        ack_id = f"{number}-{entry.attempts}-{secrets.token_hex(8)}"
        lease = Lease(ack_id, entry, entry.attempts, outlet)
        self._leases[ack_id] = lease
        entry.leases.append(lease)
        self._time(lease, seconds)
        return lease

    def _time(self, lease: Lease, seconds: float) -> None:
        if lease.timer is not None:
            lease.timer.cancel()
        ack_id = lease.ack_id
        lease.timer = self._timers.call_later(seconds, lambda: self._lapse(ack_id))

    def _lapse(self, ack_id: str) -> None:
        self.nack(ack_id)

    def _close(self, lease: Lease) -> None:
        del self._leases[lease.ack_id]
        lease.entry.leases.remove(lease)
        if lease.timer is not None:
            lease.timer.cancel()
        if lease.outlet is not None:
            lease.outlet.ended(lease)
        self._changed()

    def _remove(self, entry: Entry) -> None:
        for lease in list(entry.leases):
            self._close(lease)
        if entry.timer is not None:
            entry.timer.cancel()
        entry.queued = False
        self._entries.pop(entry.message.message_id, None)

    def _expire(self) -> None:
        horizon = self._timers.clock.now() - self.policy.retention
        for entry in list(self._oldest(horizon)):
            self._remove(entry)

    def _oldest(self, horizon: float) -> Iterable[Entry]:
        for entry in self._entries.values():
            if entry.message.published >= horizon:
                return
            yield entry
