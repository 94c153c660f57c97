"""What the stand-in counted and saw; thread-safe, readable while calls are in flight.

A call counts as paid when Google would bill it: a picture was made, or text came
out. It is counted before the answer leaves, so a caller that dies waiting has paid.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Final

from functions.local.model.scenario import Plan, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Json = dict[str, Any]

_LOG: Final = 20_000  # requests remembered
_SECRET: Final = frozenset({"x-goog-api-key", "authorization", "cookie"})


class Meter:
    """Counts, the log of requests, and the script of what comes next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests: deque[Json] = deque(maxlen=_LOG)
        self._script: list[tuple[str | None, Plan]] = []
        self._calls: Counter[str] = Counter()
        self._paid: Counter[str] = Counter()
        self._number = 0

    @property
    def paid(self) -> int:
        """Return how many paid calls there were."""
        with self._lock:
            return self._paid.total()

    @property
    def calls(self) -> int:
        """Return how many calls the model took."""
        with self._lock:
            return self._calls.total()

    def paid_by(self, job: str) -> int:
        """Return how many paid calls a job made."""
        with self._lock:
            return self._paid[job]

    def count(self, job: str) -> tuple[int, Plan]:
        """Count a call; return its number within the job and its line of the script."""
        with self._lock:
            self._calls[job] += 1
            for at, (only, plan) in enumerate(self._script):
                if only in {None, job}:
                    del self._script[at]
                    return self._calls[job], plan
            return self._calls[job], Plan()

    def bill(self, job: str, times: int = 1) -> None:
        """Count a paid call."""
        with self._lock:
            self._paid[job] += times

    def script(self, scenarios: Iterable[str], job: str | None = None) -> int:
        """Set what happens to the next calls, one entry each; return how many wait.

        Raises:
            UnknownScenarioError: a name is unknown; then nothing was set.

        """
        plans = [(job, parse(text)) for text in scenarios]
        with self._lock:
            self._script += plans
            return len(self._script)

    def note(self, entry: Json) -> Json:
        """Log a request and return the entry, to be completed by the caller."""
        with self._lock:
            self._number += 1
            entry = {"n": self._number, **entry}
            self.requests.append(entry)
        return entry

    def log(self) -> list[Json]:
        """Return the log, oldest first."""
        with self._lock:
            return [dict(entry) for entry in self.requests]

    def report(self) -> Json:
        """Return the counts as JSON."""
        with self._lock:
            jobs = {
                job: {"calls": calls, "paid": self._paid[job]}
                for job, calls in self._calls.items()
            }
            return {
                "calls": self._calls.total(),
                "paid": self._paid.total(),
                "jobs": jobs,
                "scripted": len(self._script),
            }

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self.requests.clear()
            self._script.clear()
            self._calls.clear()
            self._paid.clear()
            self._number = 0


def redacted(headers: Mapping[str, str]) -> dict[str, str]:
    """Return `headers` with every secret replaced by its length."""
    return {
        name: f"<{len(value)} characters>" if name in _SECRET else value
        for name, value in headers.items()
    }


def summary(body: Json) -> list[list[Json]]:
    """Return the parts of each turn by type, bytes and digest, never their content."""
    turns = body.get("contents") or []
    return [[_part(part) for part in turn.get("parts") or []] for turn in turns]


def _part(part: Json) -> Json:
    blob = part.get("inline_data")
    if blob is not None:
        data = blob.get("data") or b""
        seen: Json = {"type": "image", "mime_type": blob.get("mime_type")}
    elif "text" in part:
        data = (part["text"] or "").encode()
        seen = {"type": "text"}
    else:
        data = b""
        seen = {"type": next(iter(part), "nothing")}
    seen |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if part.get("thought_signature"):
        seen["signature_bytes"] = len(part["thought_signature"])
    return seen
