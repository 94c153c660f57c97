"""The order of the rules: pictures, block, stop, error, what is missing."""

from __future__ import annotations

import pytest

from functions.job.verdict import Verdict, judge

COUNTED = '"usage":{"prompt_tokens":9,"completion_tokens":0}}'
PICTURE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}


def answer(
    *parts: object, reason: str | None = "STOP", **more: object
) -> dict[str, object]:
    candidate = {"content": {"parts": list(parts)}, "finishReason": reason}
    return {"candidates": [candidate], **more}


def seen(body: object, **how: object) -> Verdict:
    known: dict[str, object] = {"route": "native", "status": 200, **how}
    return judge(body=body, **known)  # type: ignore[arg-type]  # names are checked by judge


@pytest.mark.parametrize("reason", ["STOP", "IMAGE_SAFETY", "MAX_TOKENS", "NEW", None])
def test_a_picture_decides_first(reason: str | None) -> None:
    """Parts come before every reason, also before a block."""
    block = {"blockReason": "SAFETY"}
    assert seen(answer(PICTURE, reason=reason, promptFeedback=block)).klass == "image"


def test_a_refused_call_has_no_picture() -> None:
    """Nothing beside an HTTP error is a result."""
    assert seen(answer(PICTURE), status=500).klass != "image"
    assert (
        seen({**answer(PICTURE), "error": {"code": 500}}, status=200).klass == "image"
    )
    cut = '{"error": {"code": 500}, "data": [{"b64_json": "iVBORw0KGgo="}], "x'
    assert seen(cut).klass == "server_error"


def test_the_block_comes_before_the_stop() -> None:
    """A blocked prompt explains the stop that it caused."""
    blocked = answer(reason="SAFETY", promptFeedback={"blockReason": "OTHER"})
    assert seen(blocked).klass == "blocked_prompt"


def test_googles_reason_comes_before_the_chats() -> None:
    """native_finish_reason knows what "stop" and "content_filter" hide."""
    for plain in ("stop", "content_filter", "length"):
        choice = {"finish_reason": plain, "native_finish_reason": "IMAGE_RECITATION"}
        assert seen({"choices": [choice]}, route="relay").klass == "recitation"
    choice = {"finish_reason": "length", "native_finish_reason": "STOP"}
    assert seen({"choices": [choice]}, route="relay").klass == "max_tokens"


@pytest.mark.parametrize(
    ("failure", "klass", "retry", "billable"),
    [
        ("unsent", "malformed_body", "backoff", False),
        ("timeout", "timeout", "backoff", None),
        ("dropped", "malformed_body", "now", None),
        ("cut", "malformed_body", "now", None),
        ("too_large", "malformed_body", "change_request", None),
    ],
)
def test_the_transport_speaks_where_no_answer_came(
    failure: str,
    klass: str,
    retry: str,
    billable: bool | None,  # a row
) -> None:
    """Only what was never sent is surely free."""
    body: object
    for body in (None, answer(PICTURE)):
        told = seen(body, status=None, failure=failure, pictures=1)
        assert (told.klass, told.retry, told.reason) == (klass, retry, failure)
        assert body is not None or told.billable is billable


def test_a_cut_error_is_still_an_error() -> None:
    """The status line had said it all."""
    told = seen('{"error": {"code": 429, "mess', status=429, failure="cut")
    assert told.klass == "rate_minute"


IMAGE_TOKENS = {"output_tokens_details": {"image_tokens": 747}}


@pytest.mark.parametrize(
    ("usage", "retry"),
    [
        ({"completion_tokens": 1212, "total_tokens": 1400}, "change_request"),
        ({"completion_tokens": 999}, "now"),
        ({"output_tokens": 760, **IMAGE_TOKENS}, "change_request"),
        ({"output_tokens": 11, "output_tokens_details": {"image_tokens": 11}}, "now"),
    ],
    ids=["chat", "short", "smallest", "words"],
)
def test_paid_but_dropped_is_never_repeated_on_the_route(
    usage: dict[str, object], retry: str
) -> None:
    """A picture's tokens and no picture: it was made, and lost."""
    body = {"choices": [{"finish_reason": "stop"}], "usage": usage}
    told = seen(body, route="relay")
    assert (told.klass, told.retry, told.billable) == ("no_image", retry, True)


def test_thinking_alone_makes_no_picture() -> None:
    """Reasoning counted inside the output is taken off; beside it, it is not."""
    body: dict[str, object]
    inside = {"completion_tokens": 1200, "prompt_tokens": 5, "total_tokens": 1205}
    details = {"completion_tokens_details": {"reasoning_tokens": 900}}
    body = {"choices": [{"finish_reason": "stop"}], "usage": {**inside, **details}}
    assert seen(body, route="relay").retry == "now"
    body = {**body, "usage": {**inside, "total_tokens": 2105, **details}}
    assert seen(body, route="relay").retry == "change_request"


def test_a_long_story_is_a_refusal() -> None:
    """Google's own details tell words from a picture, however many they are."""
    usage: dict[str, object] = {"candidatesTokenCount": 1500}
    words = {"candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 1500}]}
    told = seen(answer({"text": "long"}, usageMetadata={**usage, **words}))
    assert told.klass == "refused_text"
    assert seen(answer({"text": "long"}, usageMetadata=usage)).klass == "no_image"


def test_a_stop_of_no_image_may_be_paid() -> None:
    """NO_IMAGE with a picture's tokens was made and dropped too."""
    usage = {"candidatesTokenCount": 1290}
    told = seen(answer(reason="NO_IMAGE", usageMetadata=usage))
    assert (told.klass, told.retry, told.billable) == (
        "no_image",
        "change_request",
        True,
    )
    assert seen(answer(reason="NO_IMAGE")).retry == "now"


def test_a_stream_without_an_end_is_unfinished() -> None:
    """Thoughts or words without a reason to stop: something is missing."""
    thought = {"text": "hm", "thought": True}
    piece = answer(thought, reason=None)
    body: object
    for body in (piece, [piece, piece], [answer({"text": "w"}, reason=None)] * 2):
        assert (seen(body).klass, seen(body).reason) == ("malformed_body", "unfinished")
    assert seen(answer({"text": "w"}, reason=None)).klass == "refused_text"
    done = 'data: {"choices": [{"delta": {"content": "w"}}]}\n\ndata: [DONE]\n\n'
    assert seen(done, route="relay").klass == "refused_text"


def test_an_empty_answer_is_told_by_what_is_missing() -> None:
    """No candidates: the prompt was stopped. No parts: no image."""
    usage = {"promptTokenCount": 271}
    body: object
    for body in (
        {"candidates": None, "usageMetadata": usage},
        {"candidates": [], "promptFeedback": {}},
        {"usageMetadata": usage},
    ):
        assert seen(body).klass == "blocked_prompt"
    for body in ({"candidates": []}, {"choices": []}, {"data": []}):
        assert seen(body).klass == "no_image"
    assert seen({"candidates": [{}], "usageMetadata": usage}).klass == "no_image"


def test_an_undeclared_call_is_tried_again() -> None:
    """A tool call beside or instead of words is chance."""
    call = {"functionCall": {"name": "draw"}}
    assert (seen(answer(call)).klass, seen(answer(call)).retry) == ("other", "now")


def test_a_refusal_field_is_a_refusal() -> None:
    """OpenAI keeps the refusal beside the content."""
    message = {"content": None, "refusal": "no"}
    body = {"choices": [{"message": message, "finish_reason": "stop"}]}
    assert seen(body, route="relay").klass == "refused_text"


def test_the_last_rule_always_answers() -> None:
    """What nothing explains is an error that names itself, or no answer."""
    assert seen({"error": {"message": "hm"}}).klass == "server_error"
    body: object
    for body in (None, {}, [], 7, True, {"x": 1}, "hello"):
        assert (seen(body).klass, seen(body).reason) == ("malformed_body", "no_answer")


def test_a_chat_that_ends_in_an_error_is_no_refusal() -> None:
    """Half a sentence before `error` is the model's, and no answer of its own."""
    choice = {"message": {"content": "half a sen"}, "finish_reason": "error"}
    told = seen({"choices": [choice]}, route="relay")
    assert (told.klass, told.retry, told.billable) == ("server_error", "backoff", None)


def test_a_reason_beside_the_choices_counts() -> None:
    """Relays lift Google's reason out of the choice."""
    body = {"choices": [{"finish_reason": "stop", "message": {"content": ""}}]}
    told = seen({**body, "native_finish_reason": "IMAGE_OTHER"}, route="relay")
    assert told.klass == "image_other"


@pytest.mark.parametrize(
    ("event", "retry"),
    [
        ('{"choices":[{"delta":{},"finish_reason":"stop"}]}', "change_request"),
        ('{"choices":[{"delta":{}}],"usage":{"prompt_tokens":9}}', "now"),
        ('{"choices":[{"delta":{},"finish_reason":"stop"}],' + COUNTED, "now"),
        ('{"choices":[{"delta":{}}]}', "now"),
        ('{"candidates":[{"content":{},"finishReason":"STOP"}]}', "now"),
    ],
)
def test_a_relays_stream_that_ends_well_and_empty_lost_it(
    event: str, retry: str
) -> None:
    """Unless it counts what was made: then nothing was, and chance may help."""
    told = seen(f"data: {event}\n\ndata: [DONE]\n\n", route="relay")
    assert (told.klass, told.retry) == ("no_image", retry)
