"""The table that people read and the file that programs read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bench.goals import GOALS
from bench.process import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.goals import Goal
    from bench.measure import Results, Samples

LATEST: Final = ROOT / "bench" / "results" / "latest.json"
_HEAD: Final = ("what", "ours", "naive", "ratio", "must", "stretch", "verdict")
_WIDE: Final = 100.0  # figures from here on need no decimals


@dataclass(frozen=True, slots=True)
class Row:
    """One goal and how it was met."""

    key: str
    goal: Goal
    ours: float
    naive: float | None
    spread: float | None

    @classmethod
    def of(cls, key: str, samples: Samples) -> Row | None:
        """Return the row of a goal, None where ours was not measured."""
        ours = samples.median("ours")
        if ours is None:
            return None
        naive, spread = samples.median("naive"), samples.spread("ours")
        return cls(key, GOALS[key], ours, naive, spread)

    @property
    def ratio(self) -> float | None:
        """Return ours as a share of the peer's."""
        return self.ours / self.naive if self.naive else None

    @property
    def judged(self) -> float | None:
        """Return the figure that the bar is for."""
        return self.ratio if self.goal.ratio else self.ours

    @property
    def verdict(self) -> str:
        """Return how the goal was met."""
        return "-" if self.judged is None else self.goal.verdict(self.judged)

    def cells(self) -> tuple[str, ...]:
        """Return the row as people read it."""
        goal = self.goal
        return (
            f"{goal.name} ({goal.unit})",
            _figure(self.ours),
            _figure(self.naive),
            "" if self.ratio is None else f"{self.ratio:.2f}",
            _bar(goal.must),
            _bar(goal.stretch),
            self.verdict,
        )


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= _WIDE else f"{value:.1f}"


def _bar(value: float | None) -> str:
    return "" if value is None else f"<= {value:g}"


def rows(results: Results) -> list[Row]:
    """Return a row for each goal that was measured, in the order of the goals."""
    found = (Row.of(key, results[key]) for key in GOALS if key in results)
    return [row for row in found if row is not None]


def table(found: list[Row]) -> str:
    """Return the rows as one Markdown table, aligned."""
    lines = [_HEAD, *(row.cells() for row in found)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(_HEAD))]
    rule = ["-" * width for width in widths]
    shown = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |"  # noqa: B905  # same length
        for line in (lines[0], rule, *lines[1:])
    ]
    return "\n".join(shown)


def keep(found: list[Row], results: Results, about: Mapping[str, Any]) -> None:
    """Write everything that was measured."""
    LATEST.parent.mkdir(exist_ok=True)
    goals = [
        {
            "key": row.key,
            "ours": row.ours,
            "naive": row.naive,
            "ratio": row.ratio,
            "must": row.goal.must,
            "stretch": row.goal.stretch,
            "verdict": row.verdict,
            "spread": row.spread,
        }
        for row in found
    ]
    samples = {key: value.by_name for key, value in results.items()}
    tree = {"about": dict(about), "goals": goals, "samples": samples}
    LATEST.write_text(json.dumps(tree, indent=1) + "\n")
