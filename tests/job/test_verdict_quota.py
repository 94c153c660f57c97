"""The four kinds of 429 are told apart, and delays are read in every spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.job.verdict import Verdict, judge
from functions.job.verdict_quota import duration

NOW = 1_764_740_000.0  # 2025-12-03T05:33:20Z


def limited(
    message: str = "", *, headers: dict[str, str] | None = None, **detail: object
) -> Verdict:
    error = {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": message}
    body = {"error": {**error, "details": [detail] if detail else []}}
    return judge(route="native", status=429, body=body, headers=headers, now=NOW)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("38s", 38.0),
        ("38.618326853s", 38.618326853),
        ("5h59m59.5s", 21599.5),
        ("250ms", 0.25),
        ("21h50m", 78600.0),
        ({"seconds": 38}, 38.0),
        ({"seconds": "12"}, 12.0),
        (17, 17.0),
        ("18", 18.0),
        (10**400, 32 * 86_400.0),
        (-(10**400), None),
        (-1.0, None),
        (float("nan"), None),
        (True, None),
        ("soon", None),
        ("", None),
        ("9" * 30, None),
        ([], None),
    ],
)
def test_delays_are_read_in_every_spelling(said: object, seconds: float | None) -> None:
    """Google writes protobuf durations, relays write numbers and sentences."""
    assert duration(said) == seconds


@given(st.recursive(st.none() | st.floats() | st.integers() | st.text(), st.lists))
def test_no_delay_is_endless_or_negative(said: object) -> None:
    """Whatever is said, a delay is unknown or between nothing and 32 days."""
    found = duration(said)
    assert found is None or 0 <= found <= 32 * 86_400


def test_zero_is_never_waited_for() -> None:
    """RetryInfo beside a limit of zero is noise."""
    for found in (
        limited("limit: 0, model: x. Please retry in 22.1s.", retryDelay="22s"),
        limited("quota", quotaId="RequestsPerMinute", quotaValue="0", retryDelay="9s"),
        limited("quota", metadata={"quota_limit_value": 0}),
    ):
        assert (found.klass, found.retry) == ("quota_zero", "never")
        assert found.retry_after is None


def test_a_limit_that_begins_with_zero_digits_is_not_zero() -> None:
    """Only a zero that stands alone closes the tap."""
    assert limited("limit: 0.5 per second").klass == "rate_minute"
    assert limited("limit: 250").klass == "rate_minute"


def test_a_day_is_told_by_its_quota_and_by_a_long_delay() -> None:
    """A daily quota's short RetryInfo does not make it a minute's."""
    day = limited("limit: 250", quotaId="GenerateRequestsPerDayX", retryDelay="14s")
    assert (day.klass, day.retry, day.retry_after) == ("rate_day", "after_reset", 14.0)
    assert day.quota_id == "GenerateRequestsPerDayX"
    assert limited("Your quota will reset after 5h59m59s.").klass == "rate_day"
    assert limited("requests per day").klass == "rate_day"


def test_two_free_windows_broken_without_numbers_is_zero() -> None:
    """One first call cannot use up a day and a minute: there was nothing to use."""
    ids = [{"quotaId": f"RequestsPer{x}PerProject-FreeTier"} for x in ("Minute", "Day")]
    assert limited("quota", violations=ids).klass == "quota_zero"
    assert limited("limit: 20", violations=ids).klass == "rate_day"
    paid = [{"quotaId": x["quotaId"].replace("-FreeTier", "")} for x in ids]
    assert limited("quota", violations=paid).klass == "rate_day"


def test_the_delay_is_found_wherever_it_stands() -> None:
    """RetryInfo, then a reset time, then the sentence, then the header."""
    assert limited("x", retryDelay="38s").retry_after == 38.0
    stamp = limited("x", metadata={"quotaResetTimeStamp": "2025-12-03T05:34:20Z"})
    assert (stamp.klass, stamp.retry_after) == ("rate_minute", 60.0)
    naive = limited("x", metadata={"quotaResetTimeStamp": "2025-12-03T05:34:20"})
    assert naive.retry_after == 60.0
    assert limited("Please retry in 38.5s.").retry_after == 38.5
    assert limited("x", headers={"Retry-After": "7"}).retry_after == 7.0
    dated = {"retry-after": "Wed, 03 Dec 2025 05:33:50 GMT"}
    assert limited("x", headers=dated).retry_after == 30.0
    assert limited("x", retryDelay="38s").retry == "after_reset"


def test_delays_that_make_no_sense_are_no_delays() -> None:
    """Nonsense falls back to our own backoff."""
    for found in (
        limited("x", retryDelay="-3s"),
        limited("x", headers={"Retry-After": "later"}),
        limited("x", metadata={"quotaResetTimeStamp": "tomorrow"}),
        limited("x", metadata={"quotaResetTimeStamp": 7}),
    ):
        assert (found.retry, found.retry_after) == ("backoff", None)
    body = {"error": {"code": 429, "quotaResetTimeStamp": "2025-12-03T05:34:20Z"}}
    clockless = judge(
        route="native", status=429, body=body, headers={"retry-after": "Wed, 03 Dec"}
    )
    assert clockless.retry_after is None


@pytest.mark.parametrize("name", ["retryAfterSeconds", "retry_after_seconds"])
def test_relays_spell_a_delay_in_seconds(name: str) -> None:
    """A number beside the error is a delay like Google's own."""
    error = {"code": 429, "message": "slow down", name: 7}
    verdict = judge(route="relay", status=429, body={"error": error})
    assert (verdict.retry, verdict.retry_after) == ("after_reset", 7.0)
