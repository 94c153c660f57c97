from __future__ import annotations

import pytest

from functions.local.model.failures import FAILURES
from tests.local.model.stand import Stand, body


@pytest.mark.parametrize("name", FAILURES)
def test_every_error_arrives_as_it_stands(stand: Stand, name: str) -> None:
    """Status and body are those of the table, and nothing is billed."""
    made = FAILURES[name]("", "gemini-nano-banana-2.1")
    answer = stand.post(body(), name)
    assert answer.status_code == made.http
    assert answer.json() == made.body
    assert answer.json()["error"]["code"] == made.http
    assert stand.app.meter.paid == 0
    assert stand.app.meter.calls == 1


def test_a_429_is_many_things(stand: Stand) -> None:
    """Minute, day and zero differ by quotaId and limit; the shared one says nothing."""
    seen = {}
    for name in ("rate_minute", "rate_day", "quota_zero"):
        error = stand.refused(body(), name)
        details = {d["@type"].rpartition(".")[2]: d for d in error["details"]}
        seen[name] = (
            [v["quotaId"] for v in details["QuotaFailure"]["violations"]],
            details["RetryInfo"]["retryDelay"],
        )
        assert error["status"] == "RESOURCE_EXHAUSTED"
    assert "PerMinute" in seen["rate_minute"][0][0]
    assert seen["rate_minute"][1] == "38s"
    assert "PerDay" in seen["rate_day"][0][0]
    assert seen["rate_day"][1] == "78627s"
    assert len(seen["quota_zero"][0]) == 3
    assert "limit: 0" in stand.refused(body(), "quota_zero")["message"]
    assert "details" not in stand.refused(body(), "rate_shared")


def test_the_delay_can_be_chosen(stand: Stand) -> None:
    """RetryInfo and the text say the same."""
    error = stand.refused(body(), "rate_minute=7.5")
    assert error["message"].endswith("Please retry in 7.500000000s.")
    assert error["details"][-1]["retryDelay"] == "7s"


def test_no_retry_after_header(stand: Stand) -> None:
    """The recorded Google 429 has none."""
    assert "retry-after" not in stand.post(body(), "rate_minute").headers


@pytest.mark.parametrize("status", [418, 500, 599])
def test_any_status(stand: Stand, status: int) -> None:
    """status=NNN answers with that status."""
    assert stand.refused(body(), f"status={status}")["code"] == status


@pytest.mark.parametrize("scenario", ["rate_minute=soon", "status=x", "status=99"])
def test_values_that_make_no_sense(stand: Stand, scenario: str) -> None:
    """A number is wanted."""
    assert "Stand-in:" in stand.refused(body(), scenario)["message"]
