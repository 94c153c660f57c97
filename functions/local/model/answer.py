"""Builds the answer of one call: candidates, parts, usage, as plain JSON.

Long bytes stand in it as `Blob`s, which the encoding writes as base64 later. Zero
values and empty lists are absent, and on success total = prompt + candidates +
thoughts.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from functions.local.model import signature
from functions.local.model.blob import Blob
from functions.local.model.draw import Scene
from functions.local.model.scenario import Plan, UnknownScenarioError, shape_of
from functions.local.model.shapes import SHAPES, Shape
from functions.local.model.usage import Usage

if TYPE_CHECKING:
    from functions.local.model.catalogue import Pixels
    from functions.local.model.order import Order
    from functions.local.model.scenario import Step
    from functions.local.model.studio import Studio

Json = dict[str, Any]

_TEXT_SIGNATURE: Final = 1024  # decoded bytes
_BEFORE: Final = "Here is your picture. "
_AFTER: Final = "Tell me if you would like anything changed."
_THOUGHT: Final = (
    "**Considering the Composition**\n\nI'm weighing light and layout.\n\n"
)
_CONTENT: Final[dict[str, Json]] = {
    "empty": {"content": {}},
    "absent": {},
    "null": {"content": {"parts": None}},
    "role": {"content": {"role": "model"}},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer and what of it is on the bill."""

    body: Json
    pictures: int = 0


@dataclass(frozen=True, slots=True)
class Author:
    """Writes the answers of one call."""

    order: Order
    plan: Plan
    studio: Studio
    response: str  # responseId
    signature: int = signature.DEFAULT

    def write(self) -> Answer:
        """Return the answer: a picture, unless the plan or the order says otherwise.

        Raises:
            UnknownScenarioError: a value of the plan makes no sense.

        """
        step = self.plan.outcome()
        if step is None and self.order.image:
            return self._success()
        if step is not None and step.name == "recitation_numeric":
            return Answer({"candidates": [_NUMERIC]})
        if step is not None and step.name == "candidates_null":
            feedback = {"promptFeedback": {"safetyRatings": None}}
            return Answer({"candidates": None, **feedback, **self._tail(Usage())})
        return self._without(shape_of(step), step)

    def _tail(self, usage: Usage) -> Json:
        tail: Json = {"modelVersion": self.order.row.id, "responseId": self.response}
        return {"usageMetadata": usage.json(self.order), **tail}

    # --- answers without a picture

    def _without(self, shape: Shape, step: Step | None) -> Answer:
        usage = Usage.of(shape, self.order, self.response)
        if shape.block:
            feedback: Json = {"blockReason": shape.block}
            if shape.block_message:
                feedback["blockReasonMessage"] = shape.block_message
            return Answer({"promptFeedback": feedback, **self._tail(usage)})
        candidate = self._candidate(shape, step)
        body: Json = {"candidates": [candidate]}
        if shape is SHAPES["no_image_bare"]:
            return Answer({"finishReason": shape.reason, **body})
        tail = self._tail(usage)
        if shape.usage == "none":
            tail.pop("usageMetadata")
        pictures = 1 if shape.usage == "picture" else 0
        return Answer({**body, **tail}, pictures)

    def _candidate(self, shape: Shape, step: Step | None) -> Json:
        content = (step.arguments if step else {}).get("content", shape.content)
        if content in _CONTENT:
            candidate: Json = dict(_CONTENT[content])
        else:
            candidate = {"content": {"parts": self._words(shape), "role": "model"}}
        if shape.reason:
            candidate["finishReason"] = shape.reason
        if shape.index:
            candidate["index"] = 0
        if shape.message:
            candidate["finishMessage"] = shape.message
        if shape.ratings:
            candidate["safetyRatings"] = [_RATING]
        return candidate

    def _words(self, shape: Shape) -> list[Json]:
        if shape.part:
            return [{**shape.part, **self._signed(b"call", _TEXT_SIGNATURE)}]
        if shape.thought:
            return [{"text": shape.text, "thought": True}]
        return [self._text(shape.text)]

    # --- answers with pictures

    def _success(self) -> Answer:
        count = int(self.plan.number("images", 1))
        drafts = int(self.plan.number("drafts", 0))
        words = self.plan.value("text", "before" if self.order.text else "none")
        if words not in {"before", "after", "both", "none"} or not 0 < count < 33:  # noqa: PLR2004 - a bound, not a rule of Google's
            raise UnknownScenarioError(
                "text is before, after, both or none; images 1 to 32"
            )
        parts: list[Json] = []
        if self.order.thoughts:
            parts.append({"text": _THOUGHT, "thought": True})
        parts += [self._picture(f"draft {n}", draft=True) for n in range(1, drafts + 1)]
        if words in {"before", "both"}:
            parts.append(self._text(_BEFORE))
        numbers = range(1, count + 1)
        parts += [self._picture("" if n == count else f"take {n}") for n in numbers]
        if words in {"after", "both"}:
            parts.append({"text": _AFTER} if words == "both" else self._text(_AFTER))
        content = {"role": "model", "parts": parts}
        candidate: Json = {"content": content, "finishReason": "STOP", "index": 0}
        if self.order.search:
            candidate["groundingMetadata"] = _GROUNDING
        usage = Usage.drawn(self.order, self.response, count, words != "none")
        return Answer({"candidates": [candidate], **self._tail(usage)}, count)

    def _text(self, text: str) -> Json:
        return {"text": text, **self._signed(text.encode(), _TEXT_SIGNATURE)}

    def _signed(self, said: bytes, size: int) -> Json:
        if not self.order.row.signed or self.plan.value("signature", "") == "none":
            return {}
        return {"thoughtSignature": self.studio.signature(Blob(said), size)}

    def _picture(self, take: str, *, draft: bool = False) -> Json:
        row = self.order.row
        if self.plan.has("noise"):
            mime = "image/png"
            blob = self._noise()
        else:
            mime = row.mime
            blob = self.studio.drawing(self._scene(take), mime)
        claimed = self.plan.value("mime", mime)
        if self.plan.has("data_uri"):
            text = base64.b64encode(blob.data).decode()
            part: Json = {"text": f"data:{claimed};base64,{text}"}
        elif self.plan.has("file_uri"):
            uri = self.plan.value("file_uri", "gs://example/picture")
            part = {"fileData": {"mimeType": claimed, "fileUri": uri}}
        else:
            part = {"inlineData": {"mimeType": claimed, "data": blob}}
        if draft:
            return {**part, "thought": True}
        if not row.signed or self.plan.value("signature", "") == "none":
            return part
        return {**part, "thoughtSignature": self._mark(blob)}

    def _noise(self) -> Blob:
        try:
            return self.studio.noise(self.plan.value("noise", "1K"))
        except KeyError:
            raise UnknownScenarioError("noise is 1K, 2K or 4K") from None

    def _mark(self, blob: Blob) -> Blob:
        if self.plan.value("signature", "") == "picture":
            return self.studio.signature(blob, len(blob.data))
        size = self.plan.number("signature", self.signature)
        return self.studio.signature(blob, int(size))

    def _scene(self, take: str) -> Scene:
        order = self.order
        width, height = self._pixels()
        shape = order.ratio or "free ratio"
        return Scene(
            prompt=order.prompt,
            model=order.row.id,
            note=f"{shape} \u00b7 {order.size} \u00b7 {width} x {height}"
            + (f" \u00b7 {take}" if take else ""),
            pixels=(width, height),
            references=tuple(picture.data for picture in order.pictures),
            seed=f"{order.seed} {take}",
        )

    def _pixels(self) -> Pixels:
        width, height = self.order.pixels
        if self.plan.has("turned"):
            width, height = height, width
        asked = self.plan.value("pixels", f"{width}x{height}").split("x")
        try:
            width, height = (int(side) for side in asked)
        except ValueError:
            raise UnknownScenarioError("pixels is written 512x512") from None
        if not (16 <= width <= 16_384 and 16 <= height <= 16_384):  # noqa: PLR2004
            raise UnknownScenarioError("a side of pixels is 16 to 16384")
        return width, height


_NUMERIC: Final[Json] = {
    "finish_reason": 4,
    "index": 0,
    "safety_ratings": [],
    "token_count": 0,
    "grounding_attributions": [],
}
_RATING: Final[Json] = {
    "category": "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "probability": "HIGH",
    "blocked": True,
}
_GROUNDING: Final[Json] = {
    "groundingChunks": [
        {"web": {"uri": "https://example.com/redirect/1", "title": "example.com"}},
        {"web": {"uri": "https://example.com/search?q=time", "title": ""}},
    ],
    "searchEntryPoint": {"renderedContent": "<style>\n.container {}\n</style>"},
    "webSearchQueries": ["", "what the picture shows"],
}
