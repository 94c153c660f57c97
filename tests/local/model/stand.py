"""A running stand-in and a small client for its tests."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

if TYPE_CHECKING:
    import httpx

    from functions.local.model.app import ModelApp

Json = dict[str, Any]

KEY: Final = "local-key"
MODEL: Final = "gemini-nano-banana-2.1"
PRO: Final = "gemini-3-pro-image"
FIRST: Final = "gemini-2.5-flash-image"


def body(
    prompt: str = "a fox", *pictures: bytes, config: Json | None = None, **rest: object
) -> Json:
    """Return a request body: pictures first, then the words."""
    parts: list[Json] = [
        {"inlineData": {"mimeType": kind(one), "data": base64.b64encode(one).decode()}}
        for one in pictures
    ]
    modalities = {"responseModalities": ["IMAGE"]}
    return {
        "contents": [{"role": "user", "parts": [*parts, {"text": prompt}]}],
        "generationConfig": {**modalities, **(config or {})},
        **rest,
    }


def kind(picture: bytes) -> str:
    """Return the type that the bytes show."""
    return "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"


def parts_of(document: Json) -> list[Json]:
    """Return the parts of the first candidate."""
    parts: list[Json] = document["candidates"][0]["content"]["parts"]
    return parts


def picture_of(document: Json) -> bytes:
    """Return the last picture of an answer that is no thought."""
    found = [
        part["inlineData"]["data"]
        for part in parts_of(document)
        if "inlineData" in part and not part.get("thought")
    ]
    return base64.b64decode(found[-1])


def opened(picture: bytes) -> Image.Image:
    """Return a picture, decoded."""
    with Image.open(io.BytesIO(picture)) as image:
        image.load()
        return image


def swatch(colour: tuple[int, int, int], size: tuple[int, int] = (96, 64)) -> bytes:
    """Return a PNG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


@dataclass
class Stand:
    """A stand-in that is served, and a client at its door."""

    url: str
    app: ModelApp
    client: httpx.Client

    def post(
        self,
        json: object = None,
        scenario: str = "",
        *,
        model: str = MODEL,
        method: str = "generateContent",
        headers: Json | None = None,
        key: str | None = KEY,
    ) -> httpx.Response:
        """Ask for a picture; `method` may carry a query."""
        sent = dict(headers or {})
        if key is not None:
            sent["x-goog-api-key"] = key
        if scenario:
            sent["x-plantain-scenario"] = scenario
        document = body() if json is None else json
        url = f"{self.url}/v1beta/models/{model}:{method}"
        return self.client.post(url, json=document, headers=sent)

    def ask(
        self, json: object = None, scenario: str = "", *, model: str = MODEL
    ) -> Json:
        """Ask for a picture and return the answer, which must be a 200."""
        answer = self.post(json, scenario, model=model)
        assert answer.status_code == 200, answer.text[:300]
        document: Json = answer.json()
        return document

    def refused(
        self,
        json: object = None,
        scenario: str = "",
        *,
        model: str = MODEL,
        key: str | None = KEY,
    ) -> Json:
        """Ask, be refused, and return the error."""
        answer = self.post(json, scenario, model=model, key=key)
        assert answer.status_code >= 400
        error: Json = answer.json()["error"]
        assert error["code"] == answer.status_code
        return error

    def control(self, name: str, json: object = None) -> Json:
        """Call the control API: GET without a document, POST with one."""
        url = f"{self.url}/_control/{name}"
        answer = (
            self.client.get(url) if json is None else self.client.post(url, json=json)
        )
        answer.raise_for_status()
        document: Json = answer.json()
        return document
