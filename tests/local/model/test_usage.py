from __future__ import annotations

import pytest

from tests.local.model.stand import FIRST, PRO, Stand, body, swatch


@pytest.mark.parametrize("model", ["gemini-nano-banana-2.1", PRO, FIRST])
@pytest.mark.parametrize("scenario", ["", "images=3", "drafts=2", "text=both"])
def test_the_arithmetic_of_a_success(stand: Stand, model: str, scenario: str) -> None:
    """Total = prompt + candidates + thoughts, candidates exceed the IMAGE detail."""
    answer = stand.ask(body("a fox in snow", swatch((1, 2, 3))), scenario, model=model)
    usage = answer["usageMetadata"]
    thoughts = usage.get("thoughtsTokenCount", 0)
    prompt, out = usage["promptTokenCount"], usage["candidatesTokenCount"]
    assert usage["totalTokenCount"] == prompt + out + thoughts
    details = {d["modality"]: d["tokenCount"] for d in usage["promptTokensDetails"]}
    assert sum(details.values()) == prompt
    assert details["IMAGE"] == 1120
    image = usage["candidatesTokensDetails"][0]
    pictures = 3 if scenario == "images=3" else 1
    each = 1290 if model == FIRST else 1120
    assert image == {"modality": "IMAGE", "tokenCount": each * pictures}
    if model == FIRST:
        assert "thoughtsTokenCount" not in usage
    else:
        assert 96 <= out - image["tokenCount"] <= 660


def test_the_size_is_on_the_bill(stand: Stand) -> None:
    """A larger picture costs the tokens of its size."""
    config = {"imageConfig": {"imageSize": "2K"}}
    usage = stand.ask(body(config=config))["usageMetadata"]
    assert usage["candidatesTokensDetails"][0]["tokenCount"] == 1680


@pytest.mark.parametrize(
    ("scenario", "absent"),
    [
        ("safety", {"candidatesTokenCount", "candidatesTokensDetails"}),
        ("prompt_block", {"candidatesTokenCount", "thoughtsTokenCount"}),
        ("max_tokens_empty", {"candidatesTokenCount", "candidatesTokensDetails"}),
    ],
)
def test_zero_is_absent(stand: Stand, scenario: str, absent: set[str]) -> None:
    """Nothing stands in the bill as 0 or []."""
    usage = stand.ask(body(), scenario)["usageMetadata"]
    assert not absent & set(usage)
    assert all(usage.values())


def test_refusals_may_mirror_their_thoughts(stand: Stand) -> None:
    """Seen at a relay: candidates repeats thoughts, outside the total."""
    usage = stand.ask(body(), "no_image")["usageMetadata"]
    assert usage["candidatesTokenCount"] == usage["thoughtsTokenCount"]
    prompt = usage["promptTokenCount"]
    assert usage["totalTokenCount"] == prompt + usage["thoughtsTokenCount"]
