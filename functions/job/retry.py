"""What follows a verdict: a value, from the verdict, the past and what is left.

Three budgets bound every repeat: attempts, money, seconds. What the service says
about waiting is obeyed before any rule of ours. The law: no verdict that needs
another request, or a person, is ever answered with the same request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from functions.job import money
from functions.job.record import State
from functions.job.verdict_class import Retry, VerdictClass

if TYPE_CHECKING:
    from functions.job.host import Profile
    from functions.job.record import Attempt, Record
    from functions.job.request import Request
    from functions.job.verdict import Verdict

# What the sender has to change; everything else that ends badly is `failed`.
_REFUSALS: Final = frozenset(
    {
        VerdictClass.BLOCKED_PROMPT,
        VerdictClass.BLOCKED_OUTPUT,
        VerdictClass.REFUSED_TEXT,
        VerdictClass.MAX_TOKENS,
        VerdictClass.BAD_REQUEST,
        VerdictClass.NOT_FOUND,
        VerdictClass.REGION,
    }
)
_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Done:
    """Keep the pictures."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again, the same, after `seconds` inside this run."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Defer:
    """Hold nothing: wake the job at `due`."""

    due: float
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Wait for a person: nobody knows whether the call was paid."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """End the job."""

    state: State
    reason: str = ""
    attention: bool = False  # a person must act before any job can pass


Decision = Done | Wait | Defer | Hold | GiveUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """What is left, and how this host bears it."""

    profile: Profile
    now: float
    run_ends: float  # when this run has to be over
    pause: float  # least pause before a repeat
    call: float  # least time that a call needs
    jitter: float  # 0..1, drawn by the caller


def decide(
    verdict: Verdict,
    record: Record,
    request: Request,
    chances: Chances,
    mismatch: tuple[str, ...] = (),
) -> Decision:
    """Return what follows `verdict`, the last attempt of `record` included.

    `mismatch` names what the picture has otherwise than ordered.
    """
    end = _end(verdict, request, mismatch)
    if end is not None:
        return end
    if budget := money.exhausted(record.attempts, request):
        # A picture in hand is kept, and flagged, rather than paid for and lost.
        return Done() if mismatch else GiveUp(State.FAILED, budget)
    if mismatch:
        fits = _fits(chances.now + chances.pause, request, chances)
        return Wait(chances.pause) if fits else Done()
    return _again(verdict, record, request, chances)


def _end(
    verdict: Verdict, request: Request, mismatch: tuple[str, ...]
) -> Decision | None:
    """Return the end where no repeat can follow, whatever is left."""
    if verdict.klass is VerdictClass.IMAGE:
        if mismatch and request.on_mismatch == "fail":
            return GiveUp(State.FAILED, "mismatch")
        return None if mismatch and request.on_mismatch == "retry" else Done()
    if verdict.retry is Retry.NEVER:
        return GiveUp(State.FAILED, attention=True)
    if verdict.retry is Retry.CHANGE_REQUEST:
        refused = verdict.klass in _REFUSALS
        return GiveUp(State.REFUSED if refused else State.FAILED)
    if verdict.klass is VerdictClass.MALFORMED_BODY and verdict.billable is not False:
        return unknown(request)
    return None


def unknown(request: Request) -> Decision | None:
    """Return what the request wants after a call whose end nobody saw."""
    if request.on_unknown == "repeat":
        return None
    return (
        Hold() if request.on_unknown == "hold" else GiveUp(State.FAILED, "on_unknown")
    )


def _again(
    verdict: Verdict, record: Record, request: Request, chances: Chances
) -> Decision:
    """Return when to repeat: soon, later, or never again because it was tried."""
    seconds = _pause(verdict, record.attempts, chances)
    if seconds is None:
        return GiveUp(State.FAILED, "repeats")
    due = chances.now + seconds
    if request.deadline is not None and due >= request.deadline.timestamp():
        return GiveUp(State.EXPIRED, "deadline")
    day = verdict.klass is VerdictClass.RATE_DAY
    late = not _fits(due, request, chances)
    if day or seconds > chances.profile.wait_most or late:
        return Defer(due, verdict.klass.value)
    return Wait(seconds)


def _fits(at: float, request: Request, chances: Chances) -> bool:
    """Whether a call that leaves at `at` can be answered in this run."""
    deadline = request.deadline
    if deadline is not None and at >= deadline.timestamp():
        return False
    return at + chances.call < chances.run_ends


def _pause(
    verdict: Verdict, attempts: tuple[Attempt, ...], chances: Chances
) -> float | None:
    """Return the seconds before the next attempt, None when chance had its tries."""
    tries = _in_a_row(attempts)
    if verdict.klass is VerdictClass.RATE_DAY:
        return verdict.retry_after or _pacific_midnight(chances.now) - chances.now
    if verdict.retry is Retry.AFTER_RESET:
        return max(verdict.retry_after or _MINUTE, chances.pause)
    if verdict.retry is Retry.BACKOFF:
        most = min(
            chances.profile.backoff * 2.0 ** (tries - 1), chances.profile.backoff_most
        )
        named = verdict.retry_after or 0.0
        return max(most * (0.5 + chances.jitter / 2), chances.pause, named)
    if tries > chances.profile.repeats:
        return None
    return chances.pause + chances.jitter


def _in_a_row(attempts: tuple[Attempt, ...]) -> int:
    """Return how many of the last attempts ended in the class of the last one."""
    last = attempts[-1].klass
    count = 0
    for attempt in reversed(attempts):
        if attempt.klass != last:
            break
        count += 1
    return count


def _pacific_midnight(now: float) -> float:
    """Return when Google's daily quotas start again after `now`."""
    try:
        zone = ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        # No time zone data on this machine: winter time, at worst an hour late.
        return (now // 86400) * 86400 + (32 if now % 86400 >= 8 * 3600 else 8) * 3600
    local = datetime.fromtimestamp(now, UTC).astimezone(zone)
    tomorrow = (local + timedelta(days=1)).date()
    return datetime(
        tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone
    ).timestamp()
