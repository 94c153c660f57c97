"""Which of the four kinds of 429 a body is, and how long it asks to wait.

The law: a limit of zero is never waited for, whatever delay stands beside it.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from functions.job.verdict_class import VerdictClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.job.verdict_evidence import Evidence

_ZERO: Final = re.compile(r"\blimit:\s*0(?![\d.,]*\d)", re.IGNORECASE)
_LIMIT: Final = re.compile(r"\blimit:\s*\d", re.IGNORECASE)
_DAY: Final = re.compile(r"per[ _-]?day|daily", re.IGNORECASE)
_MINUTE: Final = re.compile(r"per[ _-]?minute", re.IGNORECASE)
_DURATION: Final = r"(?:\d{1,4}h)?(?:\d{1,5}m(?!s))?(?:\d{1,8}(?:\.\d{1,12})?m?s)?"
_SPOKEN_DELAY: Final = re.compile(
    r"\b(?:retry|try again|reset)\b[^.\d]{0,40}(?=\d)(" + _DURATION + r")",
    re.IGNORECASE,
)
_PIECE: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_NAME: Final = re.compile(r"[A-Za-z_./-]{1,120}")  # no digits: no key, no address
_DELAY_MOST: Final = 32 * 86_400.0
_LONG: Final = 900.0  # a delay beyond this is no window of a minute
_NUMBER_MOST: Final = 20  # characters


def rate_class(evidence: Evidence, delay: float | None) -> VerdictClass:
    """Return which kind of exhausted quota the evidence shows."""
    ids = [str(x)[:300] for x in evidence.quota.get("ids", ())]
    limits = [str(x)[:_NUMBER_MOST] for x in evidence.quota.get("limits", ())]
    spoken = " ".join(text[:4000] for _, text in evidence.texts)
    if "0" in limits or _ZERO.search(spoken):
        return VerdictClass.QUOTA_ZERO
    day = any(_DAY.search(x) for x in ids)
    minute = any(_MINUTE.search(x) for x in ids)
    if day and minute and not limits and not _LIMIT.search(spoken) and _free(ids):
        return VerdictClass.QUOTA_ZERO  # one first call broke every free bucket
    if day or _DAY.search(spoken) or (delay or 0) > _LONG:
        return VerdictClass.RATE_DAY
    return VerdictClass.RATE_MINUTE


def _free(ids: list[str]) -> bool:
    return any("free" in x.lower() for x in ids)


def quota_id(evidence: Evidence) -> str:
    """Return the exhausted quota's identifier, the day's before the minute's."""
    ids = [str(x) for x in evidence.quota.get("ids", ())]
    ids = [x for x in ids if _NAME.fullmatch(x)]
    ids = [x for x in ids if "/" not in x] or ids
    return next((x for x in ids if _DAY.search(x)), ids[0] if ids else "")


def delay_named(
    evidence: Evidence, headers: Mapping[str, str], now: float | None
) -> float | None:
    """Return the seconds to wait that the service itself names."""
    for value in evidence.quota.get("delays", ()):
        if (seconds := duration(value)) is not None:
            return seconds
    for value in evidence.quota.get("resets", ()):
        if (seconds := _until(value, now)) is not None:
            return seconds
    for _, text in evidence.texts:
        if spoken := _SPOKEN_DELAY.search(text[:4000]):
            return duration(spoken[1])
    lower = {str(name).lower(): str(value) for name, value in headers.items()}
    return _retry_after(lower.get("retry-after", ""), now)


def duration(value: object) -> float | None:
    """Return seconds from "38s", "5h59m59.9s", 38, or {"seconds": 38}."""
    if isinstance(value, dict):
        value = value.get("seconds")
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _bounded(value)
    if not isinstance(value, str) or not re.fullmatch(_DURATION, value[:60].strip()):
        return _number(value)
    pieces = _PIECE.findall(value)
    if not pieces:
        return None
    return _bounded(sum(float(n) * _SECONDS[unit] for n, unit in pieces))


def _number(value: object) -> float | None:
    if not isinstance(value, str) or len(value) > _NUMBER_MOST:
        return None
    try:
        return _bounded(float(value))
    except ValueError:
        return None


def _bounded(seconds: float) -> float | None:
    if isinstance(seconds, int) and not -1 < seconds < _DELAY_MOST:
        return None if seconds < 0 else _DELAY_MOST
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(float(seconds), _DELAY_MOST)


def _until(value: object, now: float | None) -> float | None:
    if now is None or not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value[:40])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return _bounded(max(0.0, moment.timestamp() - now))
    except (ValueError, OverflowError):
        return None


def _retry_after(header: str, now: float | None) -> float | None:
    seconds = _number(header) if header else None
    if seconds is not None or not header or now is None:
        return seconds
    try:
        return _bounded(max(0.0, parsedate_to_datetime(header).timestamp() - now))
    except (ValueError, OverflowError, IndexError):
        return None
