"""Laws of every body: no exception, no change by wrapping, no false image."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.job.verdict import Verdict, VerdictClass, judge
from functions.job.verdict_tables import FINISH, GRPC

ANSWERS = [
    {"name": path.stem, **json.loads(path.read_text("utf-8"))}
    for path in sorted((Path(__file__).parent.parent / "answers").glob("*.json"))
]
ERRORS = [x for x in ANSWERS if x["http_status"] is None or x["http_status"] >= 400]
ERRORS = [x for x in ERRORS if x["expected"]["class"] != "image"]
OBJECTS = [x for x in ERRORS if not isinstance(x["body"], str)]
PICTURES = [x for x in ANSWERS if x["expected"]["class"] == "image"]
ROUTES = ("native", "vertex", "openai", "relay")


def verdict(seen: dict[str, Any], body: object) -> Verdict:
    return judge(route=seen["route"], status=seen["http_status"], body=body)


def text(seen: dict[str, Any]) -> str:
    body = seen["body"]
    return body if isinstance(body, str) else json.dumps(body)


def snake(node: object) -> object:
    if isinstance(node, dict):
        return {re.sub("(?<=[a-z])([A-Z])", _low, k): snake(v) for k, v in node.items()}
    return [snake(x) for x in node] if isinstance(node, list) else node


def _low(match: re.Match[str]) -> str:
    return "_" + match[1].lower()


@pytest.mark.parametrize("seen", ERRORS, ids=lambda x: x["name"])
def test_wrapping_an_error_never_changes_its_class(seen: dict[str, Any]) -> None:
    """Lists, envelopes, strings and prose around an error are only paper."""
    said = text(seen)
    wrapped: list[object] = [
        *([seen["body"]], {"error": seen["body"]}, {"error": {"message": said}}),
        *({"detail": said}, "Upstream error: " + said, said + "\n(request id: 7)"),
        {"error": {"message": json.dumps({"error": {"message": said}})}},
        {"error": {"code": "502", "message": "Provider returned error", "raw": said}},
        *(said.encode(), "\n \ufeff" + said + "\r\n\r\n", json.dumps(said)),
    ]
    found = {verdict(seen, body).klass.value for body in wrapped}
    assert found == {seen["expected"]["class"]}


@pytest.mark.parametrize("seen", OBJECTS, ids=lambda x: x["name"])
def test_pythons_rendering_of_an_error_is_the_error(seen: dict[str, Any]) -> None:
    """Clients print dictionaries; the verdict reads them as the JSON they were."""
    body = f"Error code: {seen['http_status'] or ''} - {seen['body']!r}"
    assert verdict(seen, body).klass == seen["expected"]["class"]


@pytest.mark.parametrize("seen", ERRORS, ids=lambda x: x["name"])
def test_an_error_inside_a_200_is_the_same_error(seen: dict[str, Any]) -> None:
    """The body's own word counts where the status line hides it or is lost."""
    if not isinstance(seen["body"], str):
        for status in (200, None):
            found = judge(route=seen["route"], status=status, body=seen["body"])
            assert found.klass == seen["expected"]["class"]


@pytest.mark.parametrize("seen", ANSWERS, ids=lambda x: x["name"])
def test_spelling_and_spacing_never_matter(seen: dict[str, Any]) -> None:
    """Both spellings of the wire and any white space give the same verdict."""
    spaced = text(seen)
    if not isinstance(seen["body"], str):
        spaced = json.dumps(snake(seen["body"]), indent=3, ensure_ascii=False)
    found = verdict(seen, "\n\t " + spaced + "\n ").to_dict()
    assert {key: found[key] for key in seen["expected"]} == seen["expected"]


@pytest.mark.parametrize("seen", ANSWERS, ids=lambda x: x["name"])
def test_a_cut_answer_is_never_an_image(seen: dict[str, Any]) -> None:
    """Whatever was cut off an answer might have been the end of its picture."""
    whole = text(seen)
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        for status in (seen["http_status"], 200, 500, None):
            found = judge(route=seen["route"], status=status, body=whole[:length])
            assert found.klass is not VerdictClass.IMAGE
            if seen["http_status"] == status == 200:
                assert found.klass is VerdictClass.MALFORMED_BODY


def strip_pictures(node: object) -> object:
    if isinstance(node, dict):
        gone = ("data", "b64_json", "url")
        return {k: strip_pictures(v) for k, v in node.items() if k not in gone}
    return [strip_pictures(x) for x in node] if isinstance(node, list) else node


@pytest.mark.parametrize("seen", PICTURES, ids=lambda x: x["name"])
def test_removing_the_picture_never_leaves_an_image(seen: dict[str, Any]) -> None:
    """An image verdict rests on a picture, and on nothing else."""
    assert verdict(seen, strip_pictures(seen["body"])).klass is not VerdictClass.IMAGE
    counted = judge(route="native", status=200, body=seen["body"], pictures=0)
    assert counted.klass is VerdictClass.NO_IMAGE
    assert counted.retry == "change_request"


@pytest.mark.parametrize("seen", ANSWERS, ids=lambda x: x["name"])
def test_no_missing_field_raises(seen: dict[str, Any]) -> None:
    """Each member of a body may be gone or null, at any depth."""

    def lose(node: object) -> None:
        for key in list(node) if isinstance(node, dict) else ():
            kept = node[key]  # type: ignore[index]  # a dict: see the line above
            replacement: object
            for replacement in (None, "", [], {}, 7, True, "x" * 70):
                node[key] = replacement  # type: ignore[index]
                verdict(seen, seen["body"])
            node[key] = kept  # type: ignore[index]
            lose(kept)
        for item in node if isinstance(node, list) else ():
            lose(item)

    lose(seen["body"])


WORDS = st.sampled_from(
    [
        "candidates",
        "content",
        "parts",
        "text",
        "thought",
        "inlineData",
        "data",
        "mimeType",
        "finishReason",
        "promptFeedback",
        "blockReason",
        "choices",
        "message",
        "delta",
        "images",
        "image_url",
        "url",
        "error",
        "errors",
        "code",
        "status",
        "reason",
        "details",
        "metadata",
        "raw",
        "quotaId",
        "quotaValue",
        "retryDelay",
        "usage",
        "type",
        "usageMetadata",
        "candidatesTokenCount",
        "completion_tokens",
        "finish_reason",
        "cost",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(
        [*FINISH, *GRPC, "limit: 0", "retry in 3s", "data:image/png;base64,A"]
    )
    | st.sampled_from(
        ['{"error": {"code": 429', "<html><title>504", "data: {}\n\n", "[{'a': 1}]"]
    )
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5)
    ),
    max_leaves=25,
)
STATUS = st.sampled_from(
    [None, 0, 200, 204, 302, 400, 403, 404, 429, 500, 503, 599, -1]
)
FAILURES = st.sampled_from(
    [None, "unsent", "timeout", "dropped", "cut", "too_large", "?"]
)


@settings(max_examples=400, deadline=None)
@given(TREES, STATUS, st.sampled_from(ROUTES), FAILURES, st.integers(-1, 3) | st.none())
def test_any_tree_has_a_verdict(
    body: object, status: int | None, route: str, failure: str | None, count: int | None
) -> None:
    """Whatever a neighbour answers is one of the known words, never an exception."""
    for shape in (body, repr(body), json.dumps(body, default=str)):
        found = judge(
            route=route,
            status=status,
            body=shape,
            failure=failure,
            pictures=count,
            now=1.0,
        )
        json.dumps(found.to_dict(), allow_nan=False)
        assert len(found.message) <= 1000


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="{}[]\"':,\\\n <>/!dat0aeTruN=.", max_size=200) | st.binary(),
    STATUS,
)
def test_any_text_has_a_verdict(body: str | bytes, status: int | None) -> None:
    """No text, however broken, raises or becomes an image by accident."""
    assert (
        judge(route="relay", status=status, body=body).klass is not VerdictClass.IMAGE
    )


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ANSWERS), st.data())
def test_any_damage_has_a_verdict(seen: dict[str, Any], data: st.DataObject) -> None:
    """Real answers with pieces swapped, doubled or lost still get a word."""
    whole = text(seen)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    middle = data.draw(st.sampled_from(["", whole[start:end] * 2, '"', "}{", "\x00"]))
    verdict(seen, whole[:start] + middle + whole[end:])


def deep(depth: int) -> object:
    node: object = "x"
    for _ in range(depth):
        node = {"error": [node]}
    return node


def test_hostile_bodies_cost_little() -> None:
    """Depth, cycles and endless repetition end in a verdict, not in an exception."""
    circle: list[object] = []
    circle.append({"error": circle})
    for body in (
        *("[" * 100_000, '{"error":' * 50_000, "<title" * 50_000, "data: {\n" * 5_000),
        *(
            circle,
            deep(50_000),
            "![" * 50_000,
            {"error": {"code": 10**5000}},
            float("nan"),
        ),
        *(
            {"error": {"message": "Aa1" * 50_000}},
            '{"a":' + "9" * 5_000 + "}",
            object(),
        ),
    ):
        assert (
            judge(route="relay", status=None, body=body).klass is not VerdictClass.IMAGE
        )
