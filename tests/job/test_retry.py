from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfoNotFoundError

import pytest

from functions.job import retry
from functions.job.host import Profile
from functions.job.record import Attempt, Record, State
from functions.job.request import Request
from functions.job.retry import Chances, Defer, Done, GiveUp, Hold, Wait, decide
from functions.job.verdict import Retry, Verdict, VerdictClass
from functions.job.verdict_tables import RETRY

if TYPE_CHECKING:
    from collections.abc import Sequence

V = VerdictClass
NOW = 1_800_000_000.0


def verdict(klass: VerdictClass, **more: Any) -> Verdict:
    return Verdict(**({"klass": klass, "retry": RETRY[klass]} | more))


def record(*classes: str, paid: Sequence[str] = ()) -> Record:
    attempts = tuple(
        Attempt(
            n=n,
            fence=1,
            route="native",
            model="m",
            started_at=1.0,
            ended_at=2.0,
            klass=klass,
            paid=paid[n - 1] if paid else "no",
        )
        for n, klass in enumerate(classes, 1)
    )
    return Record(
        id="j", kind="generate", request_hash="h", created_at=1.0, attempts=attempts
    )


def request(**more: object) -> Request:
    tree = {"id": "j", "prompt": "p", **more}
    return Request.model_validate(tree)


def chances(**more: float) -> Chances:
    values = {
        "now": NOW,
        "run_ends": NOW + 480,
        "pause": 1.0,
        "call": 90.0,
        "jitter": 0.5,
    } | more
    return Chances(profile=Profile(name="test"), **values)


def test_a_picture_is_kept() -> None:
    """A picture as ordered ends the job, whatever budget is left."""
    got = record("image", paid=["yes"])
    assert decide(verdict(V.IMAGE), got, request(), chances()) == Done()


@pytest.mark.parametrize(
    ("policy", "classes", "expected"),
    [
        ("flag", ["image"], Done()),
        ("fail", ["image"], GiveUp(State.FAILED, "mismatch")),
        ("retry", ["image"], Wait(1.0)),
        ("retry", ["image", "image"], Done()),  # money is out: kept and flagged
    ],
)
def test_a_picture_other_than_ordered_follows_the_order(
    policy: str, classes: list[str], expected: retry.Decision
) -> None:
    """`on_mismatch` decides, and a picture in hand is never thrown away for money."""
    past = record(*classes, paid=["yes"] * len(classes))
    order = request(on_mismatch=policy)
    found = decide(verdict(V.IMAGE), past, order, chances(), ("aspect_ratio",))
    assert found == expected


@pytest.mark.parametrize("klass", [k for k in V if RETRY[k] is Retry.NEVER][1:])
def test_what_needs_a_person_is_never_repeated(klass: VerdictClass) -> None:
    """Billing, keys and permissions end the job and call somebody."""
    found = decide(verdict(klass), record(klass), request(), chances())
    assert found == GiveUp(State.FAILED, attention=True)


@pytest.mark.parametrize("klass", [k for k in V if RETRY[k] is Retry.CHANGE_REQUEST])
def test_what_needs_another_request_is_never_repeated(klass: VerdictClass) -> None:
    """The same bytes cannot pass; the sender is told so."""
    found = decide(verdict(klass), record(klass), request(), chances())
    assert found == GiveUp(State.REFUSED)


def test_a_picture_made_and_dropped_fails_without_a_repeat() -> None:
    """It was paid for; the same route would take the money again."""
    dropped = verdict(V.NO_IMAGE, retry=Retry.CHANGE_REQUEST, billable=True)
    found = decide(dropped, record("no_image", paid=["yes"]), request(), chances())
    assert found == GiveUp(State.FAILED)


@pytest.mark.parametrize("klass", [V.IMAGE_OTHER, V.NO_IMAGE, V.RECITATION, V.OTHER])
def test_chance_is_repeated_twice(klass: VerdictClass) -> None:
    """Two identical repeats with a pause, then the truth."""
    free = verdict(klass, billable=False, retry=Retry.NOW)
    for tries in (1, 2):
        found = decide(free, record(*[klass] * tries), request(), chances())
        assert found == Wait(1.5)  # the pause of 1 s and the jitter of 0.5
    found = decide(free, record(*[klass] * 3), request(), chances())
    assert found == GiveUp(State.FAILED, "repeats")


def test_repeats_are_counted_in_a_row() -> None:
    """Another verdict in between starts the count anew."""
    past = record("image_other", "image_other", "server_error", "image_other")
    free = verdict(V.IMAGE_OTHER, billable=False)
    assert isinstance(decide(free, past, request(), chances()), Wait)


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        (["yes", "unknown"], "max_paid_calls"),
        (["no"] * 6, "max_attempts"),
    ],
)
def test_no_budget_no_repeat(paid: list[str], expected: str) -> None:
    """Calls that may have been paid count as paid."""
    past = record(*["server_error"] * len(paid), paid=paid)
    found = decide(verdict(V.SERVER_ERROR), past, request(), chances())
    assert found == GiveUp(State.FAILED, expected)


def test_backoff_doubles_within_bounds() -> None:
    """2, 4, 8 ... 60 s, half of it jitter, and never below the pause."""
    order = request(max_attempts=50)
    waits = []
    for tries in range(1, 8):
        past = record(*["overloaded"] * tries)
        found = decide(verdict(V.OVERLOADED), past, order, chances(jitter=1.0))
        assert isinstance(found, Wait)
        waits.append(found.seconds)
    assert waits == [2, 4, 8, 16, 32, 60, 60]
    low = decide(verdict(V.OVERLOADED), record("overloaded"), order, chances(jitter=0))
    assert low == Wait(1.0)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (38.6, Wait(38.6)),
        (0.0, Wait(60.0)),  # no delay named: a minute
        (120.1, Defer(NOW + 120.1, "rate_minute")),  # longer than worth holding
    ],
)
def test_a_named_delay_is_obeyed(after: float, expected: retry.Decision) -> None:
    """What the service says goes before any rule of ours."""
    limited = verdict(V.RATE_MINUTE, retry=Retry.AFTER_RESET, retry_after=after)
    found = decide(limited, record("rate_minute"), request(), chances())
    assert found == expected


def test_what_does_not_fit_the_run_is_deferred() -> None:
    """An instance is never held beyond its time."""
    limited = verdict(V.RATE_MINUTE, retry=Retry.AFTER_RESET, retry_after=30.0)
    found = decide(limited, record("rate_minute"), request(), chances(run_ends=NOW + 9))
    assert found == Defer(NOW + 30.0, "rate_minute")


@pytest.mark.parametrize(
    ("now", "after", "due"),
    [
        ("2026-07-01T12:00:00", 78_627.0, None),
        ("2026-07-01T12:00:00", None, "2026-07-02T07:00:00"),  # summer: UTC-7
        ("2026-12-01T12:00:00", None, "2026-12-02T08:00:00"),  # winter: UTC-8
        ("2026-11-01T08:30:00", None, "2026-11-02T08:00:00"),  # the day the clock turns
    ],
)
def test_a_day_quota_waits_for_its_reset(
    now: str, after: float | None, due: str | None
) -> None:
    """The body's delay, else midnight Pacific, daylight saving included."""
    at = datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp()
    daily = verdict(V.RATE_DAY, retry_after=after)
    found = decide(daily, record("rate_day"), request(), chances(now=at, run_ends=9e9))
    expected = (
        datetime.fromisoformat(due).replace(tzinfo=UTC).timestamp()
        if due
        else at + (after or 0)
    )
    assert found == Defer(expected, "rate_day")


@pytest.mark.parametrize(("hour", "due"), [(7, 8), (8, 32), (23, 32)])
def test_without_time_zone_data_a_day_quota_still_waits(
    monkeypatch: pytest.MonkeyPatch, hour: int, due: int
) -> None:
    """Winter time then: at worst an hour late, never early."""

    def missing(_: str) -> None:
        raise ZoneInfoNotFoundError

    monkeypatch.setattr(retry, "ZoneInfo", missing)
    day = 20_000 * 86_400.0
    at = day + hour * 3600
    daily = verdict(V.RATE_DAY)
    found = decide(daily, record("rate_day"), request(), chances(now=at, run_ends=9e9))
    assert found == Defer(day + due * 3600, "rate_day")


def test_a_deadline_ends_what_would_wait_beyond_it() -> None:
    """Nobody wants the picture then."""
    soon = datetime.fromtimestamp(NOW + 1, UTC).isoformat()
    found = decide(
        verdict(V.OVERLOADED), record("overloaded"), request(deadline=soon), chances()
    )
    assert found == GiveUp(State.EXPIRED, "deadline")
    later = datetime.fromtimestamp(NOW + 60, UTC).isoformat()
    found = decide(
        verdict(V.OVERLOADED), record("overloaded"), request(deadline=later), chances()
    )
    assert isinstance(found, Wait)


@pytest.mark.parametrize(
    ("policy", "billable", "expected"),
    [
        ("repeat", None, Wait),
        ("hold", None, Hold),
        ("fail", None, GiveUp),
        ("hold", False, Wait),  # proven unpaid: nothing is unknown
    ],
)
def test_an_unknown_outcome_follows_the_order(
    policy: str, billable: bool | None, expected: type[retry.Decision]
) -> None:
    """`on_unknown` decides where nobody knows whether the call was paid."""
    cut = verdict(V.MALFORMED_BODY, billable=billable, retry=Retry.NOW)
    past = record("malformed_body", paid=["unknown" if billable is None else "no"])
    found = decide(cut, past, request(on_unknown=policy), chances())
    assert isinstance(found, expected)


def test_a_picture_in_hand_is_kept_where_no_time_is_left_for_another() -> None:
    """A repeat that could not be answered would only be paid."""
    past = record("image", paid=["yes"])
    order = request(on_mismatch="retry")
    late = chances(run_ends=NOW + 91)
    found = decide(verdict(V.IMAGE), past, order, late, ("image_size",))
    assert found == Done()
    soon = request(
        on_mismatch="retry", deadline=datetime.fromtimestamp(NOW + 1, UTC).isoformat()
    )
    assert decide(verdict(V.IMAGE), past, soon, chances(), ("x",)) == Done()


def test_a_repeat_that_could_not_be_answered_is_deferred() -> None:
    """No call leaves with less time than it needs."""
    late = chances(run_ends=NOW + 91)
    found = decide(verdict(V.OVERLOADED), record("overloaded"), request(), late)
    assert isinstance(found, Defer)
    assert found.due < NOW + 3


def test_an_overloaded_model_that_names_a_delay_is_obeyed() -> None:
    """Retry-After on a 503 goes before our backoff."""
    busy = verdict(V.OVERLOADED, retry_after=30.0)
    assert decide(busy, record("overloaded"), request(), chances()) == Wait(30.0)
