"""Faults on demand: which call of an emulator goes wrong, and how.

A rule names operations by a prefix (`PUT /upload/storage`, `push`, `publish`),
which of the matching calls it hits, and what happens. Every rule counts how often
it fired, so that a test can refuse a fault that never did.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Literal

Action = Literal[
    "status",  # answer `status` and do nothing
    "status_after",  # do it, then answer `status` all the same
    "drop",  # close the connection and do nothing
    "drop_after",  # do it, then close the connection instead of answering
    "delay",  # wait `seconds` first, then do it
    "duplicate",  # do it twice (broker: deliver twice)
]


@dataclass
class Rule:
    """One fault: the `nth` matching call (counted from 1), `times` in a row."""

    operation: str
    action: Action
    nth: int = 1
    times: int = 1
    status: int = 503
    seconds: float = 0.0
    contains: str = ""
    seen: int = 0
    fired: int = 0


class Faults:
    """The rules of one emulator; thread-safe."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> Rule:
        """Set a rule and return it, to be asked for `fired` later."""
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget every rule."""
        with self._lock:
            self._rules.clear()

    def hit(self, operation: str, detail: str = "") -> Rule | None:
        """Return the rule that hits this call, if one does.

        `operation` is what rules match by prefix, `detail` (query string, topic,
        job id) what `contains` looks into.
        """
        with self._lock:
            for rule in self._rules:
                if not operation.startswith(rule.operation):
                    continue
                if rule.contains and rule.contains not in detail:
                    continue
                rule.seen += 1
                if rule.nth <= rule.seen < rule.nth + rule.times:
                    rule.fired += 1
                    return rule
        return None

    def report(self) -> list[dict[str, object]]:
        """Return every rule with what it saw and how often it fired."""
        with self._lock:
            return [asdict(rule) for rule in self._rules]
