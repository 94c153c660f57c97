"""The verdict agrees with every label, and repeats nothing that is secret."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from functions.job.verdict import Retry, Verdict, VerdictClass, judge

ANSWERS = sorted((Path(__file__).parent.parent / "answers").glob("*.json"))
KINDS = json.loads((Path(__file__).parent / "verdict_kinds.json").read_text("utf-8"))


def label(verdict: Verdict) -> dict[str, object]:
    told = verdict.to_dict()
    return {key: told[key] for key in ("class", "retry", "billable")}


def test_the_folder_of_answers_is_whole() -> None:
    """Sixty recorded bodies stand behind the table; none goes missing unseen."""
    assert len(ANSWERS) == 60


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_recorded_answers_are_judged_as_labelled(path: Path) -> None:
    """Class, retry and billable of a recorded body follow from the body alone."""
    seen = json.loads(path.read_text("utf-8"))
    verdict = judge(
        route=seen["route"], status=seen["http_status"], body=seen["body"], now=0.0
    )
    assert label(verdict) == seen["expected"]
    assert verdict.evidence
    assert verdict.reason


@pytest.mark.parametrize("row", KINDS["rows"], ids=lambda row: row["name"])
def test_kinds_that_no_recording_shows(row: dict[str, Any]) -> None:
    """The table knows kinds, not rows: the same holds for bodies of the same shape."""
    verdict = judge(route=row["route"], status=row["http_status"], body=row["body"])
    assert label(verdict) == row["expected"]


def test_the_services_own_sentence_and_codes_are_kept() -> None:
    """What Google says of a stop, and its codes, survive whole."""
    body = {
        "candidates": [
            {
                "content": {"role": "model"},
                "finishReason": "IMAGE_PROHIBITED_CONTENT",
                "finishMessage": "Unable to show. Support codes: 58061214, 17301594.",
            }
        ],
        "responseId": "r-1",
        "modelVersion": "gemini-3-pro-image",
        "usageMetadata": {"promptTokenCount": 7},
    }
    told = judge(route="vertex", status=200, body=body).to_dict()
    assert told["message"] == "Unable to show. Support codes: 58061214, 17301594."
    assert told["support_code"] == "58061214, 17301594"
    assert told["subclass"] == "child"
    assert told["finish_reason"] == told["reason"] == "IMAGE_PROHIBITED_CONTENT"
    assert (told["response_id"], told["model_version"]) == ("r-1", "gemini-3-pro-image")
    assert told["usage"] == {"prompt": 7}
    assert told["http_status"] == 200


def test_a_sentence_may_name_the_subclass_without_a_code() -> None:
    """Google's fixed phrase for third-party content is enough."""
    body = {
        "candidates": [
            {
                "finishReason": "IMAGE_PROHIBITED_CONTENT",
                "finishMessage": "due to interests of third-party content providers.",
            }
        ]
    }
    verdict = judge(route="vertex", status=200, body=body)
    assert verdict.subclass == "third_party_content"


def test_a_blocked_prompts_message_is_kept() -> None:
    """Vertex explains a block in blockReasonMessage; that is the sentence."""
    body = {
        "promptFeedback": {"blockReason": "MODEL_ARMOR", "blockReasonMessage": "Why."}
    }
    verdict = judge(route="vertex", status=200, body=body)
    assert (verdict.block_reason, verdict.message) == ("MODEL_ARMOR", "Why.")


def test_withheld_texts_and_keys_never_come_back() -> None:
    """A service that repeats the prompt or the key does not make us repeat it."""
    prompt, key = "a very private castle", "AIza" + "x1" * 17
    message = f"Invalid value at 'text': {prompt}; key={key}; https://a.b/c?sig=1"
    body = {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}
    told = judge(route="native", status=400, body=body, withhold=(prompt,)).to_dict()
    assert prompt not in json.dumps(told)
    assert key not in json.dumps(told)
    assert "sig=1" not in json.dumps(told)
    assert "Invalid value" in str(told["message"])


def test_what_is_withheld_changes_no_judgement() -> None:
    """A prompt that shares its words with the service's sentence decides nothing."""
    sentence = (
        "Support code: 17301594. Content of third-party content providers is guarded."
        " You will not be charged for this request."
    )
    body = {"candidates": [{"finishReason": "IMAGE_OTHER", "finishMessage": sentence}]}
    plain = judge(route="native", status=200, body=body)
    withheld = judge(route="native", status=200, body=body, withhold=(sentence,))
    assert withheld.message == "[withheld]"
    assert dataclasses.replace(withheld, message=sentence) == plain
    assert plain.subclass
    assert plain.billable is False


def test_the_models_own_words_are_not_in_the_verdict() -> None:
    """A refusal may quote the prompt: its words travel in the text, not here."""
    part = {"text": "I cannot draw the castle."}
    body = {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]}
    told = judge(route="native", status=200, body=body).to_dict()
    assert "castle" not in json.dumps(told)


def test_a_cost_that_is_shown_was_paid() -> None:
    """Relays that name a cost settle the question for any class."""
    choice = {"native_finish_reason": "IMAGE_OTHER", "message": {"content": ""}}
    body = {"choices": [choice], "usage": {"cost": 0.04}}
    assert judge(route="relay", status=200, body=body).billable is True


def test_every_verdict_that_fails_says_what_to_change() -> None:
    """No failure leaves the person who asked without a next step."""
    for row in KINDS["rows"]:
        told = judge(route=row["route"], status=row["http_status"], body=row["body"])
        assert bool(told.change) == (told.klass is not VerdictClass.IMAGE)


def test_a_verdict_can_be_made_of_two_words() -> None:
    """Neighbours build verdicts by hand; only class and retry are needed."""
    verdict = Verdict(klass=VerdictClass.TIMEOUT, retry=Retry.BACKOFF)
    assert label(verdict) == {
        "class": "timeout",
        "retry": "backoff",
        "billable": "unknown",
    }
    names = {
        "class" if x.name == "klass" else x.name for x in dataclasses.fields(Verdict)
    }
    assert set(verdict.to_dict()) == names
    json.dumps(verdict.to_dict())
