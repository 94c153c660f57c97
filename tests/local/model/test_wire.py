from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.local.model import wire
from functions.local.model.errors import ApiError

CONFIG = "generation_config"


def refused(document: object) -> dict[str, Any]:
    with pytest.raises(ApiError) as caught:
        wire.parse(json.dumps(document).encode())
    assert caught.value.http == 400
    error: dict[str, Any] = caught.value.body["error"]
    assert error["status"] == "INVALID_ARGUMENT"
    return error


def test_both_spellings_read_the_same() -> None:
    """proto-JSON: lowerCamelCase and snake_case name the same field, also mixed."""
    camel = {"generationConfig": {"imageConfig": {"aspectRatio": "1:1"}}}
    snake = {"generation_config": {"image_config": {"aspect_ratio": "1:1"}}}
    mixed = {"generationConfig": {"image_config": {"aspectRatio": "1:1"}}}
    read = [wire.parse(json.dumps(one).encode()) for one in (camel, snake, mixed)]
    assert read[0] == read[1] == read[2] == snake


def test_both_spellings_at_once_are_refused() -> None:
    """One field said twice is an error, whatever the spellings."""
    error = refused({"generationConfig": {"topP": 1, "top_p": 1}})
    assert "top_p" in error["message"]


def test_one_name_twice_is_refused() -> None:
    """JSON with a repeated key is refused, not silently halved."""
    with pytest.raises(ApiError, match="Duplicate"):
        wire.parse(b'{"contents": [], "contents": []}')


def test_an_unknown_field_gets_the_recorded_text() -> None:
    """The text and the details are those seen on the wire."""
    text = 'Invalid JSON payload received. Unknown name "size": Cannot find field.'
    assert refused({"size": "2K"})["message"] == text
    error = refused({"generationConfig": {"size": "2K"}})
    text = (
        "Invalid JSON payload received. Unknown name \"size\" at 'generation_config':"
        " Cannot find field."
    )
    assert error["message"] == text
    assert error["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": CONFIG, "description": text}],
        }
    ]


def test_all_offences_come_at_once() -> None:
    """Every unknown field of a body stands in one answer."""
    error = refused({"a": 1, "contents": [{"parts": [{"b": 2}]}]})
    assert error["message"].count("Cannot find field") == 2
    assert "'contents[0].parts[0]'" in error["message"]
    assert len(error["details"][0]["fieldViolations"]) == 2


@given(data=st.binary(max_size=64), urlsafe=st.booleans(), padded=st.booleans())
def test_both_alphabets_decode(data: bytes, urlsafe: bool, padded: bool) -> None:
    """Standard and url-safe base64, padded or not, mean the same bytes."""
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    text = encode(data).decode()
    assert wire.decode_bytes(text if padded else text.rstrip("=")) == data


@pytest.mark.parametrize("text", ["a", "ab!d", "a b c d", "\u00e4bcd", "====="])
def test_what_is_no_base64_is_refused(text: str) -> None:
    """Foreign characters are an error of the field, by name."""
    part = {"inlineData": {"mimeType": "image/png", "data": text}}
    if text.strip("=") == "":
        assert wire.decode_bytes(text) == b""
        return
    error = refused({"contents": [{"parts": [part]}]})
    assert "contents[0].parts[0].inline_data.data" in error["message"]
    assert "(TYPE_BYTES), Base64 decoding failed" in error["message"]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"seed": "x"}, "'generation_config.seed' (TYPE_INT32)"),
        ({"seed": True}, "(TYPE_INT32), True"),
        ({"temperature": []}, 'Unknown name "temperature"'),
        ({"imageConfig": 3}, "GenerationConfig"),
        ({"responseModalities": ["PICTURE"]}, "GenerationConfig.Modality"),
        ({"thinkingConfig": {"thinkingLevel": "HUGE"}}, "ThinkingLevel"),
    ],
)
def test_wrong_types_are_refused_by_path(config: object, words: str) -> None:
    """A value of another type names its field and the type it should have."""
    message = refused({"generationConfig": config})["message"]
    assert words in message or "ImageConfig" in message


def test_enum_values_are_read_in_any_case() -> None:
    """Samples write `Image` and `high`."""
    text = b'{"generationConfig":{"responseModalities":["Image"]}}'
    assert wire.parse(text)[CONFIG]["response_modalities"] == ["IMAGE"]


def test_one_value_stands_for_a_list_of_one() -> None:
    """Google takes a single object where a list belongs; old samples rely on it."""
    read = wire.parse(b'{"contents":{"parts":{"text":"x"}}}')
    assert read == {"contents": [{"parts": [{"text": "x"}]}]}


def test_a_part_is_one_thing() -> None:
    """Words and a picture never share a part."""
    part = {"text": "x", "inlineData": {"mimeType": "image/png", "data": ""}}
    assert "oneof" in refused({"contents": [{"parts": [part]}]})["message"]


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_parser(data: bytes) -> None:
    """Whatever comes in is read or refused with a typed 400."""
    with contextlib.suppress(ApiError):
        assert isinstance(wire.parse(data), dict)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 5000,
        b"[]",
        b"null",
        b"\xff",
        b'{"cachedContent": "\\ud800"}',
        b'{"cachedContent": "\xed\xa0\x80"}',
    ],
)
def test_hostile_json_is_a_400(data: bytes) -> None:
    """Deep nesting, huge numbers and wrong documents are refused, not raised."""
    with pytest.raises(ApiError):
        wire.parse(data)
