from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from functions.local.model import catalogue, order, signature
from functions.local.model.errors import ApiError
from tests.local.model.stand import FIRST, MODEL, PRO, body, swatch

if TYPE_CHECKING:
    from functions.local.model.catalogue import Row

import json

from functions.local.model import wire

Json = dict[str, Any]


def row(model: str) -> Row:
    found = catalogue.find(model)
    assert found is not None
    return found


def read(document: Json, model: str = MODEL) -> order.Order:
    return order.read(wire.parse(json.dumps(document).encode()), row(model))


def refused(document: Json, model: str = MODEL) -> str:
    with pytest.raises(ApiError) as caught:
        read(document, model)
    assert caught.value.http == 400
    message: str = caught.value.body["error"]["message"]
    return message


def image(**config: str) -> Json:
    return {"imageConfig": config}


@pytest.mark.parametrize(
    ("model", "config"),
    [
        (MODEL, image(imageSize="1k")),
        (MODEL, image(imageSize="512")),
        (MODEL, image(imageSize="8K")),
        (MODEL, image(aspectRatio="7:3")),
        (PRO, image(aspectRatio="1:8")),
        (PRO, image(imageSize="512")),
        ("gemini-3.1-flash-lite-image", image(imageSize="2K")),
        (FIRST, image(imageSize="1K")),
        (FIRST, image(aspectRatio="8:1")),
        (MODEL, {"candidateCount": 2}),
        (MODEL, {"responseModalities": ["AUDIO"]}),
    ],
)
def test_what_a_model_does_not_take_is_refused(model: str, config: Json) -> None:
    """Sizes are case-sensitive; size and ratio must stand in the model's row."""
    assert refused(body(config=config), model)


def test_more_than_one_candidate_gets_the_recorded_text() -> None:
    """Corpus 100."""
    text = "Multiple candidates is not enabled for this model"
    assert refused(body(config={"candidateCount": 2})) == text


@pytest.mark.parametrize(("model", "most"), [(MODEL, 14), (FIRST, 3)])
def test_references_are_counted(model: str, most: int) -> None:
    """The last allowed picture passes, one more does not."""
    picture = swatch((9, 9, 9))
    assert len(read(body("x", *[picture] * most), model).pictures) == most
    assert f"fewer than {most + 1} images" in refused(
        body("x", *[picture] * (most + 1)), model
    )


@pytest.mark.parametrize(
    ("model", "config", "pictures", "pixels"),
    [
        (MODEL, image(aspectRatio="16:9", imageSize="2K"), [], (2752, 1536)),
        (MODEL, {}, [], (1024, 1024)),
        (PRO, {}, [], (1408, 768)),
        (PRO, image(imageSize="2K"), [], (2816, 1536)),
        (PRO, {}, [(90, 160)], (768, 1376)),
        (MODEL, {}, [(90, 160), (640, 480)], (1200, 896)),
        (FIRST, {}, [], (1024, 1024)),
        (FIRST, image(aspectRatio="9:16"), [(64, 64)], (768, 1344)),
    ],
)
def test_the_size_of_the_picture(
    model: str,
    config: Json,
    pictures: list[tuple[int, int]],
    pixels: tuple[int, int],
) -> None:
    """A ratio asked for rules; without one the last input picture; else the model."""
    shown = [swatch((1, 2, 3), size) for size in pictures]
    assert read(body("x", *shown, config=config), model).pixels == pixels


def test_the_other_spelling_of_the_picture_config() -> None:
    """`responseFormat.image` is read in plain values and in enum names."""
    for ratio, size in (
        ("16:9", "2K"),
        ("ASPECT_RATIO_SIXTEEN_BY_NINE", "IMAGE_SIZE_TWO_K"),
    ):
        wish = {"image": {"aspectRatio": ratio, "imageSize": size}}
        assert read(body(config={"responseFormat": wish})).pixels == (2752, 1536)


def bmp() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "BMP")
    return out.getvalue()


@pytest.mark.parametrize(
    ("mime", "data", "words"),
    [
        ("image/jpeg", b"not a picture", "Unable to process input image"),
        ("image/png", swatch((1, 1, 1))[:20], "Unable to process input image"),
        ("image/bmp", b"BM", "Unsupported MIME type: image/bmp"),
        ("image/png", bmp(), "Request contains an invalid argument."),
    ],
)
def test_bytes_that_are_no_picture_are_refused(
    mime: str, data: bytes, words: str
) -> None:
    """Each with the text on record."""
    document = body("x")
    text = base64.b64encode(data).decode()
    document["contents"][0]["parts"].append(
        {"inlineData": {"mimeType": mime, "data": text}}
    )
    assert words in refused(document)


def test_a_wrong_claim_about_a_real_picture_passes() -> None:
    """Google takes a PNG that claims to be a JPEG."""
    document = body("x", swatch((1, 1, 1)))
    document["contents"][0]["parts"][0]["inlineData"]["mimeType"] = "image/jpeg"
    assert read(document).pictures[0].pixels == (96, 64)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"contents": []},
        {"contents": [{"role": "user", "parts": []}]},
        {"contents": [{"role": "user", "parts": [{}]}]},
        {"contents": [{"role": "system", "parts": [{"text": "x"}]}]},
    ],
)
def test_empty_requests_are_refused(document: Json) -> None:
    """No contents, no parts, an empty part, a foreign role."""
    assert refused(document)


def conversation(picture: bytes, mark: bytes | None, *, thought: bool = False) -> Json:
    part: Json = {
        "inlineData": {
            "mimeType": "image/png",
            "data": base64.b64encode(picture).decode(),
        }
    }
    if mark is not None:
        part["thoughtSignature"] = base64.urlsafe_b64encode(mark).decode()
    if thought:
        part["thought"] = True
    said = [{"role": "user", "parts": [{"text": "a fox"}]}]
    said += [{"role": "model", "parts": [part]}]
    said += [{"role": "user", "parts": [{"text": "now blue"}]}]
    return {"contents": said}


def test_a_session_needs_its_signatures() -> None:
    """A model's picture without a signature is the recorded 400, a forged one too."""
    picture = swatch((1, 2, 3))
    text = refused(conversation(picture, None))
    assert text.startswith(
        "Image part is missing a thought_signature in content position 2, part"
        " position 1."
    )
    assert "not valid" in refused(conversation(picture, b"forged"))
    other = signature.make(swatch((3, 2, 1)), 4096)
    assert "not valid" in refused(conversation(picture, other))
    found = read(conversation(picture, signature.make(picture, 4096)))
    assert found.prompt == "now blue"
    assert read(conversation(picture, None, thought=True)).prompt == "now blue"
    assert read(conversation(picture, None), FIRST).prompt == "now blue"


def test_markers_are_cut_out_of_the_prompt() -> None:
    """A scenario in the prompt is not drawn."""
    found = read(body("a fox [[scenario:delay=1]] in snow [[image_other]]"))
    assert found.prompt == "a fox  in snow"
    assert found.markers == ("delay=1", "image_other")


def test_the_fingerprint_tells_pictures_apart() -> None:
    """Same request, same digest; another seed or reference, another digest."""
    one = read(body("x", swatch((1, 1, 1)))).fingerprint
    assert one == read(body("x", swatch((1, 1, 1)))).fingerprint
    assert one != read(body("x", swatch((2, 1, 1)))).fingerprint
    assert one != read(body("x", swatch((1, 1, 1)), config={"seed": 1})).fingerprint
