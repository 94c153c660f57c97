"""A foreign client: google-genai 3.4.0 over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google import genai
from google.genai import errors, types

from tests.local.model.stand import FIRST, KEY, MODEL, Stand, opened, swatch

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["v1", "v1beta"])
def client(stand: Stand, request: pytest.FixtureRequest) -> Iterator[genai.Client]:
    options = types.HttpOptions(base_url=stand.url, api_version=request.param)
    found = genai.Client(api_key=KEY, http_options=options)
    yield found
    found.close()


def parts(answer: types.GenerateContentResponse) -> list[types.Part]:
    assert answer.candidates
    content = answer.candidates[0].content
    assert content is not None
    assert content.parts is not None
    return content.parts


def picture(answer: types.GenerateContentResponse) -> bytes:
    blob = parts(answer)[-1].inline_data
    assert blob is not None
    assert blob.data is not None
    return blob.data


def test_generate(client: genai.Client) -> None:
    """Ratio, size, thinking and modalities reach the model in the SDK's spelling."""
    config = types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=types.ImageConfig(aspect_ratio="4:3", image_size="2K"),
        thinking_config=types.ThinkingConfig(include_thoughts=True),
    )
    answer = client.models.generate_content(
        model=MODEL, contents="a fox", config=config
    )
    thought, words, _ = parts(answer)
    assert thought.thought
    assert words.text
    assert opened(picture(answer)).size == (2400, 1792)
    usage = answer.usage_metadata
    assert usage is not None
    assert usage.total_token_count == (
        (usage.prompt_token_count or 0)
        + (usage.candidates_token_count or 0)
        + (usage.thoughts_token_count or 0)
    )


def test_edit_with_a_reference(client: genai.Client, stand: Stand) -> None:
    """The SDK's url-safe base64 is read, and the picture's ratio is followed."""
    data = swatch((250, 251, 252), (90, 160))
    reference = types.Part.from_bytes(data=data, mime_type="image/png")
    words = types.Part(text="make it blue")
    content = types.Content(role="user", parts=[reference, words])
    answer = client.models.generate_content(model=MODEL, contents=content)
    assert opened(picture(answer)).size == (768, 1376)
    turn = stand.app.meter.log()[-1]["turns"][0]
    assert (turn[0]["type"], turn[0]["bytes"]) == ("image", len(data))


def test_a_session_through_the_chat(client: genai.Client) -> None:
    """The SDK sends signatures back in its own alphabet, and they are verified."""
    chat = client.chats.create(model=MODEL)
    first = chat.send_message("a fox")
    second = chat.send_message("now blue")
    assert picture(first) != picture(second)


def test_stream(client: genai.Client) -> None:
    """Events in order, the finish reason and the whole bill in the last."""
    events = list(
        client.models.generate_content_stream(
            model=FIRST, contents="[[text=both, drafts=1]] a fox"
        )
    )
    pictures = [bool(part.inline_data) for one in events for part in parts(one)]
    assert pictures == [True, False, True, False]
    reasons = [one.candidates[0].finish_reason for one in events if one.candidates]
    assert reasons == [None, None, None, types.FinishReason.STOP]
    usage = events[-1].usage_metadata
    assert usage is not None
    assert usage.candidates_token_count


@pytest.mark.parametrize(
    ("scenario", "kind", "code", "status"),
    [
        ("rate_minute", errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        ("key_leaked", errors.ClientError, 403, "PERMISSION_DENIED"),
        ("wallet", errors.ClientError, 402, "RESOURCE_EXHAUSTED"),
        ("overloaded", errors.ServerError, 503, "UNAVAILABLE"),
        ("overloaded, list", errors.ServerError, 503, "UNAVAILABLE"),
        ("deadline", errors.ServerError, 504, "DEADLINE_EXCEEDED"),
    ],
)
def test_errors(
    client: genai.Client,
    scenario: str,
    kind: type[errors.APIError],
    code: int,
    status: str,
) -> None:
    """The SDK's own exception types, with code, status and message."""
    with pytest.raises(kind) as caught:
        client.models.generate_content(model=MODEL, contents=f"a fox [[{scenario}]]")
    assert (caught.value.code, caught.value.status) == (code, status)
    assert caught.value.message


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("image_other", types.FinishReason.IMAGE_OTHER),
        ("no_image", types.FinishReason.NO_IMAGE),
        ("no_image_bare", types.FinishReason.NO_IMAGE),
        ("safety", types.FinishReason.SAFETY),
        ("image_safety", types.FinishReason.IMAGE_SAFETY),
        ("prohibited", types.FinishReason.IMAGE_PROHIBITED_CONTENT),
        ("recitation", types.FinishReason.IMAGE_RECITATION),
        ("max_tokens_empty", types.FinishReason.MAX_TOKENS),
        ("unexpected_tool_call", types.FinishReason.UNEXPECTED_TOOL_CALL),
        ("stop_empty", types.FinishReason.STOP),
    ],
)
def test_finish_reasons_parse(
    client: genai.Client, scenario: str, reason: types.FinishReason
) -> None:
    """Every no-image shape is one that the SDK can read."""
    answer = client.models.generate_content(
        model=MODEL, contents=f"a fox [[{scenario}]]"
    )
    assert answer.candidates
    assert answer.candidates[0].finish_reason is reason


def test_a_blocked_prompt_parses(client: genai.Client) -> None:
    """PromptFeedback and no candidates."""
    answer = client.models.generate_content(
        model=MODEL, contents="[[prompt_block=PROHIBITED_CONTENT]]"
    )
    assert not answer.candidates
    assert answer.prompt_feedback is not None
    reason = answer.prompt_feedback.block_reason
    assert reason is types.BlockedReason.PROHIBITED_CONTENT


def test_models_are_listed(client: genai.Client) -> None:
    """List, get, and the 404 of an unknown one."""
    assert f"models/{MODEL}" in [model.name for model in client.models.list()]
    assert client.models.get(model=FIRST).display_name == "Nano Banana"
    with pytest.raises(errors.ClientError, match="is not found for API version"):
        client.models.get(model="nano-banana-9")


def test_a_wrong_key(stand: Stand) -> None:
    """400 API_KEY_INVALID, as Google says it."""
    options = types.HttpOptions(base_url=stand.url)
    found = genai.Client(api_key="wrong", http_options=options)
    with pytest.raises(errors.ClientError, match="API key not valid") as caught:
        found.models.generate_content(model=MODEL, contents="a fox")
    found.close()
    assert caught.value.code == 400
