from __future__ import annotations

import base64
from typing import Any

import pytest

from functions.local.model import signature
from tests.local.model.stand import (
    FIRST,
    MODEL,
    PRO,
    Stand,
    body,
    opened,
    parts_of,
    picture_of,
)

Json = dict[str, Any]


def image(**config: str) -> Json:
    return {"imageConfig": config}


@pytest.mark.parametrize(
    ("model", "config", "kind", "size"),
    [
        (MODEL, image(aspectRatio="21:9"), "JPEG", (1584, 672)),
        (MODEL, image(aspectRatio="1:4", imageSize="2K"), "JPEG", (1024, 4096)),
        (PRO, {}, "JPEG", (1408, 768)),
        ("gemini-3.1-flash-lite-image", image(aspectRatio="4:5"), "JPEG", (928, 1152)),
        ("gemini-3.1-flash-image", image(imageSize="512"), "JPEG", (512, 512)),
        (FIRST, image(aspectRatio="16:9"), "PNG", (1344, 768)),
    ],
)
def test_real_pictures_of_the_nominal_size(
    stand: Stand, model: str, config: Json, kind: str, size: tuple[int, int]
) -> None:
    """Pillow opens what came back; type, claim and size are the model's."""
    answer = stand.ask(body(config=config), model=model)
    picture = opened(picture_of(answer))
    assert (picture.format, picture.size) == (kind, size)
    claim = parts_of(answer)[-1]["inlineData"]["mimeType"]
    assert claim == f"image/{kind.lower()}"
    assert answer["modelVersion"] == model


def test_the_same_request_gives_the_same_picture(stand: Stand) -> None:
    """Pictures repeat; response ids never do."""
    one, two = stand.ask(body()), stand.ask(body())
    assert picture_of(one) == picture_of(two)
    assert one["responseId"] != two["responseId"]


def test_signatures_of_the_gemini_3_family(stand: Stand) -> None:
    """Pictures and the words before them are signed, the first model signs nothing."""
    part = parts_of(stand.ask(body()))[-1]
    mark = base64.b64decode(part["thoughtSignature"])
    assert len(mark) == 4096
    assert signature.genuine(mark, base64.b64decode(part["inlineData"]["data"]))
    both = parts_of(stand.ask(body(), "text=both"))
    assert ["thoughtSignature" in part for part in both] == [True, True, False]
    assert "thoughtSignature" not in parts_of(stand.ask(body(), model=FIRST))[-1]
    assert "thoughtSignature" not in parts_of(stand.ask(body(), "signature=none"))[-1]
    large = parts_of(stand.ask(body(), "signature=100000"))[-1]["thoughtSignature"]
    assert len(base64.b64decode(large)) == 100_000


def test_a_session_is_echoed(stand: Stand) -> None:
    """What came out goes back in, in either alphabet; one changed byte is refused."""
    said = stand.ask(body("a fox"))["candidates"][0]["content"]
    turns = [
        {"role": "user", "parts": [{"text": "a fox"}]},
        said,
        {"role": "user", "parts": [{"text": "now blue"}]},
    ]
    part = said["parts"][0]
    assert stand.post({"contents": turns}).status_code == 200
    mark = part["thoughtSignature"]
    part["thoughtSignature"] = mark.replace("+", "-").replace("/", "_")
    assert stand.post({"contents": turns}).status_code == 200
    part["thoughtSignature"] = mark[:-8] + "AAAAAAA="
    assert "not valid" in stand.refused({"contents": turns})["message"]


def shape(parts: list[Json]) -> str:
    """Return parts as letters: i(mage), t(ext), capital when it is a thought."""
    letters = ("i" if "inlineData" in part else "t" for part in parts)
    return "".join(
        letter.upper() if part.get("thought") else letter
        for letter, part in zip(letters, parts, strict=True)
    )


@pytest.mark.parametrize(
    ("scenario", "config", "want"),
    [
        ("", {}, "i"),
        ("", {"responseModalities": ["TEXT", "IMAGE"]}, "ti"),
        ("", {"responseModalities": ["TEXT"]}, "t"),
        ("", {"thinkingConfig": {"includeThoughts": True}}, "Ti"),
        ("images=3", {}, "iii"),
        ("drafts=2", {}, "IIi"),
        ("drafts=1, images=2, text=both", {}, "Itiit"),
        ("text=after", {}, "it"),
        ("text_only", {}, "t"),
        ("data_uri", {}, "t"),
    ],
)
def test_where_the_pictures_stand(
    stand: Stand, scenario: str, config: Json, want: str
) -> None:
    """Every order of words, thoughts and pictures that was seen."""
    assert shape(parts_of(stand.ask(body(config=config), scenario))) == want


def test_drafts_are_other_pictures_without_signature(stand: Stand) -> None:
    """Interim pictures differ from the result; unflagged ones are signed."""
    for scenario, signed in (("drafts=1", False), ("images=2", True)):
        draft, result = parts_of(stand.ask(body(), scenario))
        assert draft["inlineData"]["data"] != result["inlineData"]["data"]
        assert ("thoughtSignature" in draft) is signed


@pytest.mark.parametrize(
    ("scenario", "size"),
    [("pixels=300x200", (300, 200)), ("turned", (768, 1376))],
)
def test_a_picture_that_was_not_ordered(
    stand: Stand, scenario: str, size: tuple[int, int]
) -> None:
    """Another size, or width and height exchanged, with a claim of neither."""
    config = image(aspectRatio="16:9")
    assert opened(picture_of(stand.ask(body(config=config), scenario))).size == size


def test_pictures_in_other_clothes(stand: Stand) -> None:
    """A wrong type claim, a data: URI in text, an address instead of bytes."""
    part = parts_of(stand.ask(body(), "mime=image/webp"))[-1]["inlineData"]
    assert part["mimeType"] == "image/webp"
    assert base64.b64decode(part["data"])[:2] == b"\xff\xd8"
    text: str = parts_of(stand.ask(body(), "data_uri"))[-1]["text"]
    assert text.startswith("data:image/jpeg;base64,/9j/")
    found = parts_of(stand.ask(body(), "file_uri=gs://b/o"))[-1]
    assert found["fileData"] == {"mimeType": "image/jpeg", "fileUri": "gs://b/o"}


def test_noise_for_the_bench(stand: Stand) -> None:
    """A heavy picture with a signature as long as itself."""
    part = parts_of(stand.ask(body(), "noise=1K, signature=picture"))[-1]
    picture = base64.b64decode(part["inlineData"]["data"])
    assert part["inlineData"]["mimeType"] == "image/png"
    assert opened(picture).size == (1024, 1024)
    assert len(base64.b64decode(part["thoughtSignature"])) == len(picture)


@pytest.mark.parametrize(
    "scenario",
    ["noise=3K", "images=0", "text=sideways", "pixels=big", "pixels=1x1", "images=x"],
)
def test_values_that_make_no_sense_are_refused(stand: Stand, scenario: str) -> None:
    """And nothing is billed for them."""
    assert "Stand-in:" in stand.refused(body(), scenario)["message"]
    assert stand.app.meter.paid == 0


def test_search_is_grounded(stand: Stand) -> None:
    """A request with search gets its sources, with the empty ones that were seen."""
    answer = stand.ask(body(tools=[{"googleSearch": {}}]))
    grounding = answer["candidates"][0]["groundingMetadata"]
    assert grounding["webSearchQueries"][0] == ""
