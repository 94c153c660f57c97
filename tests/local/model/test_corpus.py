"""Recorded answers against what the stand-in makes: the same shape, or the same text.

The bodies are those of tests/answers (their sources stand in each file). Lists are
compared by the union of their elements, values by their type.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.model.stand import FIRST, MODEL, PRO, Stand, body

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS = Path(__file__).parents[2] / "answers"
TEXT = {"responseModalities": ["TEXT", "IMAGE"]}
SEARCH: list[dict[str, Any]] = [{"googleSearch": {}}]
NEW = {"usageMetadata.serviceTier"}  # added to answers after some were recorded
IDS = {"responseId"}  # cut by whoever kept the body


@dataclass(frozen=True)
class Twin:
    """One recorded body, and how to get its like from the stand-in."""

    file: str
    scenario: str = ""
    model: str = MODEL
    config: Any = None
    extra: frozenset[str] = frozenset()  # what we say beyond the recording
    missing: frozenset[str] = frozenset()  # what it says and we do not


def twin(
    file: str,
    scenario: str = "",
    model: str = MODEL,
    *,
    config: Any = None,  # JSON
    extra: set[str] | None = None,
    missing: set[str] | None = None,
) -> Twin:
    return Twin(
        file,
        scenario,
        model,
        config,
        frozenset(extra or ()),
        frozenset(missing or ()),
    )


# Same keys, same types.
ALIKE = [
    twin("002-image-25flash-text-then-image", "", FIRST, config=TEXT, extra=NEW),
    twin("003-image-3pro-signed-text-then-image", "", PRO, config=TEXT, extra=NEW),
    twin("004-image-3pro-search-grounded", "", PRO, extra=NEW),
    twin("005-image-25flash-chatty", "", FIRST, config=TEXT, extra=NEW),
    twin("027-prompt-block-other", "prompt_block", extra=NEW),
    twin("033-max-tokens-partial", "max_tokens", FIRST),
    twin("034-max-tokens-empty", "max_tokens_empty"),
    twin(
        "090-bad-bmp-image",
        "bad_request, list",
        missing={
            f"[].error.errors{key}"
            for key in ("", "[].message", "[].domain", "[].reason")
        },
    ),
    twin(
        "092-bad-unknown-field-size",
        "unknown_field",
        extra={
            "error.details[].fieldViolations",
            "error.details[].fieldViolations[].description",
        },
    ),
    twin("103-not-found-retired-image-model", "not_found"),
    twin(
        "109-malformed-stream-thoughts-only",
        "thoughts_only, list",
        missing={"[].usageMetadata", "[].usageMetadata.trafficType", "[].createTime"},
        extra={"[].candidates[].index"},
    ),
    twin(
        "112-unexpected-tool-call",
        "unexpected_tool_call",
        extra=NEW,
        missing={
            "createTime",
            "usageMetadata.trafficType",
            "candidates[].avgLogprobs",
            "usageMetadata.candidatesTokensDetails",
            "usageMetadata.candidatesTokensDetails[].modality",
            "usageMetadata.candidatesTokensDetails[].tokenCount",
        },
    ),
]

# The same document, but for what the recording cut away or Vertex adds.
EQUAL = [
    twin("013-image-other-31flash", "image_other", "gemini-3.1-flash-image", extra=IDS),
    twin(
        "015-image-other-pattern-b",
        "image_other",
        extra={*IDS, "modelVersion", "candidates[].index"},
    ),
    twin("017-recitation-numeric", "recitation_numeric"),
    twin("044-no-image-native-bare", "no_image_bare"),
    twin("057-billing-prepay-depleted", "wallet"),
    twin("060-auth-key-invalid", "key_invalid"),
    twin("061-auth-key-leaked", "key_leaked, stringified"),
    twin("069-region-native", "region"),
    twin("074-overloaded-js", "overloaded, stringified"),
    twin("078-server-error-native", "internal"),
    twin("081-timeout-deadline", "deadline_503"),
    twin("085-bad-input-image", "bad_image, stringified"),
    twin("094-bad-thought-signature", "bad_signature"),
    twin("100-bad-multiple-candidates", "many_candidates"),
    twin("053-rate-vertex-dsq", "rate_shared", missing={"error.details"}),
]


def recorded(file: str) -> dict[str, Any]:
    found = list(ANSWERS.glob(f"{file}*.json"))
    assert len(found) == 1, f"tests/answers has {len(found)} files called {file}*"
    document: dict[str, Any] = json.loads(found[0].read_text())
    return document


def made(stand: Stand, case: Twin) -> tuple[int, Any]:
    document = body(config=case.config)
    if "search" in case.file:
        document["tools"] = SEARCH
    answer = stand.post(document, case.scenario, model=case.model)
    return answer.status_code, answer.json()


def paths(value: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Yield each key path of a document with the type of its value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            here = f"{at}.{name}" if at else name
            yield here, type(inner).__name__
            yield from paths(inner, here)
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, f"{at}[]")


@pytest.mark.parametrize("case", ALIKE, ids=lambda case: case.file)
def test_the_shape_of_a_recorded_answer(stand: Stand, case: Twin) -> None:
    """Every key on the wire is one we write and the other way round."""
    record = recorded(case.file)
    status, ours = made(stand, case)
    assert status == record["http_status"]
    theirs = set(paths(record["body"]))
    mine = set(paths(ours))
    assert {path for path, _ in mine - theirs} == case.extra
    assert {path for path, _ in theirs - mine} == case.missing


def without(value: Any, drop: frozenset[str], at: str = "") -> Any:  # JSON
    if isinstance(value, dict):
        kept = {}
        for name, inner in value.items():
            here = f"{at}.{name}" if at else name
            if here not in drop:
                kept[name] = without(inner, drop, here)
        return kept
    if isinstance(value, list):
        return [without(item, drop, f"{at}[]") for item in value]
    return value


@pytest.mark.parametrize("case", EQUAL, ids=lambda case: case.file)
def test_the_text_of_a_recorded_answer(stand: Stand, case: Twin) -> None:
    """Google's own words, to the letter."""
    record = recorded(case.file)
    status, ours = made(stand, case)
    assert status == record["http_status"]
    theirs = record["body"]
    for path in case.extra:
        assert path in {found for found, _ in paths(ours)}
    assert without(ours, case.extra) == without(theirs, case.missing)


def test_the_cut_body_is_the_recorded_one(stand: Stand) -> None:
    """Corpus 108: a chunk that ends inside a key."""
    answer = stand.post(body(), "garbage")
    assert answer.text == recorded("108-malformed-truncated")["body"]


@pytest.mark.parametrize(
    ("file", "scenario"),
    [
        ("018-image-safety-3pro-thoughts", "image_safety"),
        ("020-image-prohibited", "prohibited"),
        ("021-image-prohibited", "prohibited=35561575"),
        ("022-image-prohibited", "prohibited=42876398"),
        ("025-model-armor", "model_armor"),
        ("112-unexpected-tool-call", "unexpected_tool_call"),
    ],
)
def test_the_sentence_of_a_recorded_refusal(
    stand: Stand, file: str, scenario: str
) -> None:
    """FinishMessage is the only explanation there is: to the letter, too."""
    theirs = recorded(file)["body"]["candidates"][0]
    ours = stand.ask(body(), scenario)["candidates"][0]
    assert ours["finishMessage"] == theirs["finishMessage"]
    assert ours["finishReason"] == theirs["finishReason"]
    assert (
        ours.get("content", "none").__class__ is theirs.get("content", "none").__class__
    )


def test_zero_quota_holds_the_recorded_violations(stand: Stand) -> None:
    """Corpus 047: three buckets, broken by one first call."""
    theirs = recorded("047-quota-zero")["body"]["error"]["details"][0]
    ours = stand.refused(body(), "quota_zero", model=FIRST)["details"][1]
    assert ours["@type"] == theirs["@type"]
    ids = [violation["quotaId"] for violation in ours["violations"]]
    assert ids == [violation["quotaId"] for violation in theirs["violations"]]
    assert set(paths(ours)) == set(paths(theirs))
