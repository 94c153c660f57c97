"""The bill of an answer: usageMetadata with Google's arithmetic.

On success total = prompt + candidates + thoughts, candidates exceed the IMAGE detail,
and what is zero is absent.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functions.local.model.order import Order
    from functions.local.model.shapes import Shape

Json = dict[str, Any]

_LEAST_EXTRA, _MOST_EXTRA = 96, 660  # recorded surplus over the IMAGE detail
_LEAST_THOUGHT, _MOST_THOUGHT = 120, 530


def _between(low: int, high: int, seed: str) -> int:
    return low + zlib.crc32(seed.encode()) % (high - low + 1)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that came out."""

    candidates: int = 0
    thoughts: int = 0
    image: int = 0  # of the candidates
    text: int = 0  # of the candidates, written as a detail

    @classmethod
    def drawn(cls, order: Order, seed: str, pictures: int, words: bool) -> Usage:  # noqa: FBT001
        """Return the usage of an answer with pictures."""
        image = order.row.tokens[order.size] * pictures
        if not order.row.signed:
            return cls(candidates=image + (14 if words else 0), image=image)
        extra = _between(_LEAST_EXTRA, _MOST_EXTRA, seed)
        thoughts = _between(_LEAST_THOUGHT, _MOST_THOUGHT, seed[::-1])
        return cls(candidates=image + extra, thoughts=thoughts, image=image)

    @classmethod
    def of(cls, shape: Shape, order: Order, seed: str) -> Usage:
        """Return the usage of an answer without a picture."""
        thoughts = _between(_LEAST_THOUGHT, _MOST_THOUGHT, seed)
        if not order.row.signed:
            thoughts = 0
        if shape.usage == "mirror":  # seen: candidates repeats thoughts, outside total
            return cls(candidates=thoughts, thoughts=thoughts)
        if shape.usage == "thoughts":
            return cls(thoughts=thoughts)
        if shape.usage == "text":
            words = max(3, len(shape.text) // 5)
            return cls(candidates=words, thoughts=thoughts, text=words)
        if shape.usage == "picture":
            return cls.drawn(order, seed, 1, words=False)
        return cls()

    def json(self, order: Order) -> Json:
        """Return usageMetadata."""
        prompt = order.prompt_tokens + order.image_tokens
        mirrored = self.candidates == self.thoughts and not (self.image or self.text)
        total = prompt + self.thoughts + (0 if mirrored else self.candidates)
        details = _details(TEXT=order.prompt_tokens, IMAGE=order.image_tokens)
        fields: Json = {
            "promptTokenCount": prompt,
            "candidatesTokenCount": self.candidates,
            "totalTokenCount": total,
            "promptTokensDetails": details,
            "candidatesTokensDetails": _details(IMAGE=self.image),
            "thoughtsTokenCount": self.thoughts,
            "serviceTier": "standard",
        }
        return {name: value for name, value in fields.items() if value}


def _details(**counts: int) -> list[Json]:
    return [
        {"modality": modality, "tokenCount": count}
        for modality, count in counts.items()
        if count
    ]
