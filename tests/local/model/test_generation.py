from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from functions.local.faults import Rule
from tests.local.model.stand import Stand, body, parts_of


def test_thirty_two_answers_land_together(stand: Stand) -> None:
    """None comes before the release, all come after it, each is paid once."""
    with ThreadPoolExecutor(32) as pool:
        jobs = [pool.submit(stand.post, None, "hold=wave") for _ in range(32)]
        waiting = threading.Event()
        while stand.control("meter")["held"] < 32:
            waiting.wait(0.01)
        assert not any(job.done() for job in jobs)
        assert stand.app.meter.paid == 32  # counted before the answers leave
        assert stand.control("release", {"group": "other"}) == {"released": 0}
        assert stand.control("release", {"group": "wave"}) == {"released": 32}
        assert {job.result().status_code for job in jobs} == {200}


def test_a_caller_that_dies_waiting_has_paid(stand: Stand) -> None:
    """And its held answer is forgotten."""
    url = f"{stand.url}/v1/models/gemini-nano-banana-2.1:generateContent"
    headers = {"x-goog-api-key": "local-key", "x-plantain-scenario": "hold"}
    with httpx.Client(timeout=0.5) as client, pytest.raises(httpx.ReadTimeout):
        client.post(url, json=body(), headers=headers)
    waiting = threading.Event()
    while stand.control("meter")["held"]:
        waiting.wait(0.01)
    assert stand.app.meter.paid == 1


def test_first_calls_can_fail(stand: Stand) -> None:
    """times=2 in the prompt: the third call of that job gets its picture."""
    document = body("a fox [[image_other times=2]]")
    answers = [stand.ask(document)["candidates"][0] for _ in range(3)]
    reasons = [answer["finishReason"] for answer in answers]
    assert reasons == ["IMAGE_OTHER", "IMAGE_OTHER", "STOP"]
    assert stand.app.meter.paid == 1


@pytest.mark.parametrize(
    ("rule", "status", "paid"),
    [
        (Rule("generateContent", "status", status=503), 503, 0),
        (Rule("generateContent", "status_after", status=503), 503, 1),
        (Rule("generateContent", "delay", seconds=0.01), 200, 1),
        (Rule("generateContent", "status", contains="order-1", status=500), 500, 0),
        (Rule("generateContent", "drop"), None, 0),
        (Rule("generateContent", "drop_after"), None, 1),
    ],
)
def test_the_faults_of_all_emulators_work_here(
    stand: Stand, rule: Rule, status: int | None, paid: int
) -> None:
    """Status, delay and drop, before or after the work; every one fires once."""
    stand.app.faults.add(rule)
    headers = {"x-plantain-job": "order-1"}
    if status is None:
        with pytest.raises(httpx.RemoteProtocolError):
            stand.post(headers=headers)
    else:
        assert stand.post(headers=headers).status_code == status
    assert rule.fired == 1
    assert stand.app.meter.paid_by("order-1") == paid
    assert parts_of(stand.post(headers=headers).json())


def test_an_unknown_scenario_is_never_a_success(stand: Stand) -> None:
    """By header and by prompt; it is not billed."""
    assert "imgae_other" in stand.refused(body(), "imgae_other")["message"]
    assert "imgae_other" in stand.refused(body("[[imgae_other]]"))["message"]
    assert stand.app.meter.paid == 0


def test_a_request_that_google_refuses_uses_up_no_script(stand: Stand) -> None:
    """Validation comes first."""
    stand.app.meter.script(["overloaded"])
    config = {"imageConfig": {"imageSize": "1k"}}
    assert stand.post(body(config=config)).status_code == 400
    assert stand.post().status_code == 503
