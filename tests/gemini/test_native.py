"""The native codec writes only what was asked for, where Google reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.gemini import policy
from functions.gemini.native import Native
from functions.gemini.routes import Route
from functions.job.ports import Call
from functions.job.request import ImageRef, Request
from tests.gemini.doubles import MemoryReference, b64

BOTH: dict[str, object] = {"webSearch": {}, "imageSearch": {}}
PRO = "gemini-3-pro-image"
ROUTE = Route(name="n", base_url="https://api.example/", key="k", version="v1")


def sent(request: Request, model: str = PRO, *references: MemoryReference) -> Any:
    body = Native().body(Call(request, model, references, 1.0))
    text = b"".join(body)
    assert len(text) == body.size
    return json.loads(text)


def test_the_smallest_request() -> None:
    """One prompt is one part, one modality and nothing else."""
    assert sent(Request(id="1", prompt='a "red" fox\n\U0001f600')) == {
        "contents": [{"role": "user", "parts": [{"text": 'a "red" fox\n\U0001f600'}]}],
        "generationConfig": {"responseModalities": ["IMAGE"]},
    }


def test_the_largest_request() -> None:
    """Every field stands where the API has it."""
    request = Request(
        id="1",
        prompt="p",
        aspect_ratio="16:9",
        image_size="2K",
        thinking="high",
        search=("web", "image"),
        seed=0,
        safety={"HARM_CATEGORY_HARASSMENT": "BLOCK_ONLY_HIGH"},
        include_text=True,
    )
    assert sent(request) == {
        "contents": [{"role": "user", "parts": [{"text": "p"}]}],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
            "thinkingConfig": {"thinkingLevel": "HIGH"},
            "seed": 0,
        },
        "safetySettings": [
            {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}
        ],
        "tools": [{"googleSearch": {"searchTypes": BOTH}}],
    }


@pytest.mark.parametrize(
    ("search", "tool"),
    [(("web",), {}), (("image",), {"searchTypes": {"imageSearch": {}}})],
)
def test_search_by_kind(search: tuple[Any, ...], tool: dict[str, object]) -> None:
    """Web search alone takes the spelling that every model knows."""
    got = sent(Request(id="1", prompt="p", search=search))
    assert got["tools"] == [{"googleSearch": tool}]


def test_the_oldest_model_gets_no_extras() -> None:
    """2.5 refuses an imageSize and does not think; its ratio stays."""
    request = Request(
        id="1", prompt="p", image_size="1K", aspect_ratio="1:1", thinking="low"
    )
    config = sent(request, "gemini-2.5-flash-image")["generationConfig"]
    assert config == {
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": "1:1"},
    }
    only = Request(id="1", prompt="p", image_size="1K")
    assert "imageConfig" not in sent(only, "gemini-2.5-flash-image")["generationConfig"]


def test_an_edit_sends_its_pictures_in_order_before_the_text() -> None:
    """Each reference is one part with the type of its bytes; the prompt is last."""
    images = (ImageRef(uri="gs://b/o"),)
    request = Request(id="1", kind="edit", prompt="p", images=images)
    one = MemoryReference((b"first",), "image/png")
    two = MemoryReference((b"sec", b"ond"), "image/webp")
    assert sent(request, PRO, one, two)["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": b64(b"first")}},
        {"inlineData": {"mimeType": "image/webp", "data": b64(b"second")}},
        {"text": "p"},
    ]


def test_the_address_has_the_model_and_no_key() -> None:
    """A model's name cannot leave its place in the path."""
    call = Call(Request(id="1", prompt="p"), "../x?key=1", (), 1.0)
    assert Native().url(ROUTE, call) == (
        "https://api.example/v1/models/..%2Fx%3Fkey%3D1:generateContent"
    )
    assert Native().headers(ROUTE) == {"x-goog-api-key": "k"}
    assert Native().policy is policy.native
