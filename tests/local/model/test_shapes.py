from __future__ import annotations

from typing import Any

import pytest

from functions.local.model.shapes import REFUSALS, SHAPES
from tests.local.model.stand import Stand, body

Json = dict[str, Any]


def candidate(stand: Stand, scenario: str) -> Json:
    found: Json = stand.ask(body(), scenario)["candidates"][0]
    return found


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_has_a_picture(stand: Stand, name: str) -> None:
    """Every one is a 200 of JSON in which no picture is found, by header or prompt."""
    for document, scenario in ((body(), name), (body(f"a fox [[{name}]]"), "")):
        answer = stand.post(document, scenario)
        assert answer.status_code == 200
        assert "inlineData" not in answer.text
        reasons = [
            c.get("finishReason", "") for c in answer.json().get("candidates", [])
        ]
        assert reasons == ([] if SHAPES[name].block else [SHAPES[name].reason])


@pytest.mark.parametrize(
    ("content", "want"),
    [
        ("empty", {"content": {}}),
        ("absent", {}),
        ("null", {"content": {"parts": None}}),
        ("role", {"content": {"role": "model"}}),
    ],
)
@pytest.mark.parametrize("name", ["image_other", "image_safety", "prohibited"])
def test_nothing_comes_in_four_forms(
    stand: Stand, name: str, content: str, want: Json
) -> None:
    """Each way of writing "no content" can stand under each reason."""
    found = candidate(stand, f"{name} content={content}")
    assert {k: v for k, v in found.items() if k == "content"} == want
    assert found["finishMessage"]


def test_prompt_blocks_have_no_candidates(stand: Stand) -> None:
    """PromptFeedback alone, with and without Vertex's message."""
    answer = stand.ask(body(), "prompt_block=SAFETY")
    assert answer["promptFeedback"] == {"blockReason": "SAFETY"}
    assert "candidates" not in answer
    feedback = stand.ask(body(), "prompt_block_message")["promptFeedback"]
    assert feedback["blockReasonMessage"]


@pytest.mark.parametrize("language", REFUSALS)
def test_refusals_speak(stand: Stand, language: str) -> None:
    """STOP and a sentence, in any language, byte for byte."""
    found = candidate(stand, f"refusal={language}")
    assert found["finishReason"] == "STOP"
    assert found["content"]["parts"][0]["text"] == REFUSALS[language]


def test_reasons_nobody_has_seen(stand: Stand) -> None:
    """An unknown finish reason, and any of the known ones by name."""
    assert candidate(stand, "unknown_reason")["finishReason"] == "IMAGE_UNFORESEEN"
    found = candidate(stand, "finish=SPII message=Cannot say.")
    assert (found["finishReason"], found["finishMessage"]) == ("SPII", "Cannot say.")


def test_old_and_foreign_shapes(stand: Stand) -> None:
    """The integer 4 of an old client, and candidates: null of a relay."""
    assert candidate(stand, "recitation_numeric")["finish_reason"] == 4
    assert stand.ask(body(), "candidates_null")["candidates"] is None
