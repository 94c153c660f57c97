"""`plantain judge`: the verdict of whatever answer someone pastes.

The law: any bytes get a verdict, and the verdict repeats no secret of theirs.
"""

from __future__ import annotations

from functions.job.verdict import judge

_ROUTES = ("native", "vertex", "openai", "relay")


def judge_text(
    route: str, status: int | None, text: str | bytes | bytearray
) -> dict[str, object]:
    """Return the verdict of a pasted answer; `billable` may be "unknown"."""
    known = route if route in _ROUTES else "relay"
    return judge(route=known, status=status, body=text).to_dict()
