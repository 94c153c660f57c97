from __future__ import annotations

import pytest

from functions.local.model.meter import Meter, redacted, summary
from functions.local.model.scenario import UnknownScenarioError


def test_counts_are_by_job_and_in_total() -> None:
    """Calls and paid calls, each its own number."""
    meter = Meter()
    for job in ("a", "a", "b"):
        meter.count(job)
    meter.bill("a")
    assert (meter.calls, meter.paid) == (3, 1)
    assert (meter.paid_by("a"), meter.paid_by("b")) == (1, 0)
    assert meter.report()["jobs"] == {
        "a": {"calls": 2, "paid": 1},
        "b": {"calls": 1, "paid": 0},
    }
    meter.reset()
    assert (meter.calls, meter.paid) == (0, 0)


def test_a_script_is_played_in_order() -> None:
    """Each call takes one line; a line for a job waits for that job."""
    meter = Meter()
    assert meter.script(["overloaded"], job="b") == 1
    assert meter.script(["image_other", "ok"]) == 3
    played = [meter.count(job) for job in ("a", "b", "b", "b")]
    names = [(number, *plan.names) for number, plan in played]
    assert names == [(1, "image_other"), (1, "overloaded"), (2, "ok"), (3,)]


def test_a_script_with_an_unknown_name_sets_nothing() -> None:
    """All or nothing, so that a typing error shifts no later line."""
    meter = Meter()
    with pytest.raises(UnknownScenarioError):
        meter.script(["ok", "nope"])
    assert meter.report()["scripted"] == 0


def test_the_log_holds_no_secret_and_no_content() -> None:
    """Keys by length, parts by type, bytes and digest."""
    shown = redacted({"x-goog-api-key": "secret", "accept": "x", "authorization": "b"})
    assert shown == {
        "x-goog-api-key": "<6 characters>",
        "accept": "x",
        "authorization": "<1 characters>",
    }
    parts = [
        {"text": "my prompt"},
        {"inline_data": {"mime_type": "image/png", "data": b"bytes"}},
        {"inline_data": {}, "thought_signature": b"1234"},
        {"function_call": {}},
    ]
    told = summary({"contents": [{"parts": parts}, {}]})
    assert [part["type"] for part in told[0]] == [
        "text",
        "image",
        "image",
        "function_call",
    ]
    assert [part["bytes"] for part in told[0]] == [9, 5, 0, 0]
    assert told[0][2]["signature_bytes"] == 4
    assert told[1] == []
    assert "my prompt" not in str(told)
