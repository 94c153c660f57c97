"""The native route's codec: AI Studio's generateContent, request side.

The law: only what was asked for is written, in the spelling that every version of
the API takes; `candidateCount` never is, because one answer is one paid call.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from functions.gemini import policy, spoken
from functions.gemini.body import Body

if TYPE_CHECKING:
    from functions.gemini.routes import Route
    from functions.job.ports import Call, Reference
    from functions.job.request import Request

_OPENING: Final = b'{"contents":[{"role":"user","parts":['
_NO_EXTRAS: Final = "gemini-2.5-"  # refuses imageSize, and does not think
_SEARCH: Final = {"web": "webSearch", "image": "imageSearch"}


class Native:
    """How the native route is spoken."""

    policy = staticmethod(policy.native)
    said = staticmethod(spoken.said)

    def url(self, route: Route, call: Call) -> str:
        """Return the address; the key is never in it."""
        model = quote(call.model, safe="")
        return f"{route.base_url}/{route.version}/models/{model}:generateContent"

    def headers(self, route: Route) -> dict[str, str]:
        """Return what identifies us."""
        return {"x-goog-api-key": route.key}

    def body(self, call: Call) -> Body:
        """Return the request.

        The pictures stand before the text: Google's samples with several pictures
        do, and a prompt speaks of "the first picture" after it was seen.
        """
        pieces: list[bytes | Reference] = [_OPENING]
        for reference in call.references:
            kind = json.dumps(reference.content_type).encode()
            pieces.append(b'{"inlineData":{"mimeType":%b,"data":"' % kind)
            pieces.append(reference)
            pieces.append(b'"}},')
        text = json.dumps({"text": call.request.prompt or ""}).encode()
        rest = json.dumps(settings(call.request, call.model)).encode()
        pieces.append(text + b"]}]," + rest.removeprefix(b"{"))
        return Body(tuple(pieces))


def settings(request: Request, model: str) -> dict[str, object]:
    """Return all of the request that is not its content."""
    tree: dict[str, object] = {"generationConfig": _generation(request, model)}
    if request.safety:
        tree["safetySettings"] = [
            {"category": category, "threshold": threshold}
            for category, threshold in request.safety.items()
        ]
    if request.search:
        tree["tools"] = [{"googleSearch": _search(request.search)}]
    return tree


def _generation(request: Request, model: str) -> dict[str, object]:
    modalities = ["TEXT", "IMAGE"] if request.include_text else ["IMAGE"]
    config: dict[str, object] = {"responseModalities": modalities}
    extras = not model.startswith(_NO_EXTRAS)
    image: dict[str, str] = {}
    if request.aspect_ratio is not None:
        image["aspectRatio"] = request.aspect_ratio
    if request.image_size is not None and extras:
        image["imageSize"] = request.image_size
    if image:
        config["imageConfig"] = image
    if request.thinking is not None and extras:
        config["thinkingConfig"] = {"thinkingLevel": request.thinking.upper()}
    if request.seed is not None:
        config["seed"] = request.seed
    return config


def _search(kinds: tuple[str, ...]) -> dict[str, object]:
    if kinds == ("web",):
        return {}  # the spelling that every model with search takes
    return {"searchTypes": {_SEARCH[kind]: {} for kind in kinds}}
