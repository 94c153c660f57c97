"""What is promised, as data: each figure with its bar and the goal behind the bar.

From PERFORMANCE section 8 and issue 2; where they differ, the issue holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Verdict = Literal["ok", "stretch", "MISSED", "-"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One row of the table."""

    name: str
    unit: str
    ratio: bool = True  # the bar is for ours / peer, else for ours alone
    must: float | None = None
    stretch: float | None = None

    def verdict(self, value: float) -> Verdict:
        """Return how a ratio, or our own figure, stands to the bars."""
        if self.must is None:
            return "-"
        if value > self.must:
            return "MISSED"
        reached = self.stretch is not None and value <= self.stretch
        return "stretch" if reached else "ok"


def _cpu(name: str, must: float, stretch: float | None = None) -> Goal:
    return Goal(name=name, unit="ms CPU", must=must, stretch=stretch)


def _memory(name: str, must: float, stretch: float) -> Goal:
    return Goal(name=name, unit="MiB", ratio=False, must=must, stretch=stretch)


GOALS: Final = {
    "cpu_1k": _cpu("1K picture", 0.4, 0.25),
    "cpu_4k": _cpu("4K picture", 0.25, 0.12),
    "cpu_4k_signed": _cpu("4K picture, signature as long", 0.2, 0.1),
    "cpu_4k_stdlib": _cpu("4K picture, without pybase64", 0.45),
    "cpu_edit": _cpu("edit of a 2K picture", 0.3, 0.2),
    "cold_asked": Goal(
        name="cold start: process to model asked", unit="ms", must=0.55, stretch=0.35
    ),
    "cold_cpu": _cpu("cold start, first picture done", 0.5, 0.35),
    "cold_memory": Goal(
        name="memory after the first picture", unit="MiB", must=0.6, stretch=0.4
    ),
    "drain": Goal(
        name="32 x 4K landing together: drained in", unit="ms", must=0.35, stretch=0.2
    ),
    "extra_one": _memory("extra for one 4K + signature in flight", 6, 4),
    "extra_32": _memory("extra for each of 32 x 4K + signature", 4, 2),
    "peak_80": _memory("instance with 80 x 4K + signature", 256, 128),
    "growth": _memory("growth from the 5th to the last 4K in a row", 5, 0.5),
}
