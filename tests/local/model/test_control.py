from __future__ import annotations

import pytest

from functions.local.model.scenario import MODIFIERS
from tests.local.model.stand import Stand, body, parts_of


def test_the_meter_over_the_wire(stand: Stand) -> None:
    """By header, else by the prompt; markers do not make another job."""
    stand.post(headers={"x-plantain-job": "order-1"})
    stand.post(body("a fox"))
    stand.post(body("a fox [[ok]]"))
    report = stand.control("meter")
    assert (report["calls"], report["paid"]) == (3, 3)
    assert report["jobs"].pop("order-1") == {"calls": 1, "paid": 1}
    assert list(report["jobs"].values()) == [{"calls": 2, "paid": 2}]


def test_the_script_over_the_wire(stand: Stand) -> None:
    """The next calls go as told, then as ever."""
    told = {"scenarios": ["overloaded", "image_other"]}
    assert stand.control("script", told) == {"scripted": 2}
    assert stand.post().status_code == 503
    assert "finishMessage" in stand.ask()["candidates"][0]
    assert parts_of(stand.ask())


def test_the_log_over_the_wire(stand: Stand) -> None:
    """One entry a request, for one job if asked; refused requests too."""
    stand.post(headers={"x-plantain-job": "j"}, scenario="image_other")
    stand.refused(key="wrong")
    entries = stand.control("requests")["requests"]
    assert [entry["status"] for entry in entries] == [200, 400]
    only = stand.control("requests?job=j")["requests"]
    assert [entry["job"] for entry in only] == ["j"]
    assert only[0]["scenarios"] == ["image_other"]
    assert only[0]["paid"] is False
    assert "wrong" not in str(entries)
    assert "a fox" not in str(entries)


def test_everything_that_can_be_asked_for_is_listed(stand: Stand) -> None:
    """GET scenarios names modifiers, shapes and errors."""
    listed = stand.control("scenarios")
    assert listed["modifiers"] == MODIFIERS
    assert listed["errors"]["rate_day"] == 429
    assert listed["shapes"]["image_other"] == "IMAGE_OTHER"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("script", b'{"scenarios": "ok"}', "scenarios"),
        ("script", b'{"scenarios": ["nope"]}', "nope"),
        ("script", b'{"scenarios": [], "job": 1}', "job"),
        ("script", b"[]", "JSON object"),
        ("script", b"{", "JSON object"),
        ("release", b'{"group": 1}', "group"),
        ("nowhere", b"", "GET meter"),
    ],
)
def test_wrong_calls_say_what_is_right(
    stand: Stand, name: str, content: bytes, words: str
) -> None:
    """Each error names the remedy."""
    answer = stand.client.post(f"{stand.url}/_control/{name}", content=content)
    assert answer.status_code in {400, 404}
    assert words in answer.json()["error"]["message"]


def test_reset_forgets(stand: Stand) -> None:
    """Counts, log and script are empty again."""
    stand.post(scenario="image_other")
    stand.control("script", {"scenarios": ["ok"]})
    stand.control("reset", {})
    report = stand.control("meter")
    assert (report["calls"], report["scripted"], report["held"]) == (0, 0, 0)
    assert stand.control("requests") == {"requests": []}
