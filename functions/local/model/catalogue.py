"""The image models the stand-in serves, as data.

State of 2026-11-20. Pixel sizes are the nominal ones of Google's tables; a size that
stands in no row of a model is refused before anything is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Pixels = tuple[int, int]
Table = Mapping[str, Pixels]  # aspect ratio -> pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model."""

    id: str
    title: str
    sizes: Mapping[str, Table]  # image size -> table; "1K" is always there
    tokens: Mapping[str, int]  # image size -> output tokens of one picture
    references: int  # most pictures in one request
    mime: str
    signed: bool = True  # parts carry a thoughtSignature, and the model thinks
    size_field: bool = True  # imageSize may be sent at all
    follows_input: bool = False  # no aspectRatio: the last input picture decides
    unasked: Pixels | None = None  # no aspectRatio and no input picture
    input_tokens: int = 65_536
    output_tokens: int = 32_768

    @property
    def ratios(self) -> tuple[str, ...]:
        """Return the aspect ratios the model takes."""
        return tuple(self.sizes["1K"])

    def nearest(self, pixels: Pixels) -> str:
        """Return the ratio closest to that of `pixels`."""
        want = pixels[0] / pixels[1]

        def distance(ratio: str) -> float:
            width, height = self.sizes["1K"][ratio]
            have = width / height
            return max(have, want) / min(have, want)

        return min(self.ratios, key=distance)


def _table(text: str) -> Table:
    pairs = (entry.split("=") for entry in text.split())
    parsed = {}
    for ratio, size in pairs:
        width, height = size.split("x")
        parsed[ratio] = (int(width), int(height))
    return MappingProxyType(parsed)


def _scaled(table: Table, factor: float) -> Table:
    return MappingProxyType(
        {r: (int(w * factor), int(h * factor)) for r, (w, h) in table.items()}
    )


_BASE: Final = _table(
    "1:1=1024x1024 2:3=848x1264 3:2=1264x848 3:4=896x1200 4:3=1200x896 4:5=928x1152"
    " 5:4=1152x928 9:16=768x1376 16:9=1376x768 21:9=1584x672"
)
_LONG: Final = _table("1:4=512x2048 4:1=2048x512 1:8=384x3072 8:1=3072x384")
_ALL: Final = MappingProxyType({**_BASE, **_LONG})
_FIRST: Final = _table(
    "1:1=1024x1024 2:3=832x1248 3:2=1248x832 3:4=864x1184 4:3=1184x864 4:5=896x1152"
    " 5:4=1152x896 9:16=768x1344 16:9=1344x768 21:9=1536x672"
)

MODELS: Final = (
    Row(
        id="gemini-nano-banana-2.1",
        title="Nano Banana 2.1",
        sizes={"1K": _ALL, "2K": _scaled(_ALL, 2), "4K": _scaled(_ALL, 4)},
        tokens={"1K": 1120, "2K": 1680, "4K": 3780},
        references=14,
        mime="image/jpeg",
        follows_input=True,
        input_tokens=131_072,
    ),
    Row(
        id="gemini-3-pro-image",
        title="Nano Banana Pro",
        sizes={"1K": _BASE, "2K": _scaled(_BASE, 2), "4K": _scaled(_BASE, 4)},
        tokens={"1K": 1120, "2K": 1120, "4K": 2000},
        references=14,
        mime="image/jpeg",
        follows_input=True,
        unasked=(1408, 768),  # three of three recorded answers
    ),
    Row(
        id="gemini-3.1-flash-lite-image",
        title="Nano Banana 2 Lite",
        sizes={"1K": _BASE},
        tokens={"1K": 1120},
        references=14,
        mime="image/jpeg",
        follows_input=True,
        output_tokens=4096,
    ),
    Row(
        id="gemini-3.1-flash-image",
        title="Nano Banana 2",
        sizes={
            "512": _scaled(_ALL, 0.5),
            "1K": _ALL,
            "2K": _scaled(_ALL, 2),
            "4K": _scaled(_ALL, 4),
        },
        tokens={"512": 747, "1K": 1120, "2K": 1680, "4K": 2520},
        references=14,
        mime="image/jpeg",
        follows_input=True,
        input_tokens=131_072,
    ),
    Row(
        id="gemini-2.5-flash-image",
        title="Nano Banana",
        sizes={"1K": _FIRST},
        tokens={"1K": 1290},
        references=3,
        mime="image/png",
        signed=False,
        size_field=False,
        follows_input=True,
        input_tokens=32_768,
    ),
)

# Served under another name; every other preview id of the past answers 404.
ALIASES: Final = MappingProxyType({"nano-banana-pro-preview": "gemini-3-pro-image"})

_BY_ID: Final = {row.id: row for row in MODELS}


def find(model: str) -> Row | None:
    """Return the row of a model id, None if the stand-in does not serve it."""
    return _BY_ID.get(ALIASES.get(model, model))


def listing(row: Row) -> dict[str, object]:
    """Return a row as `models.get` shows it."""
    return {
        "name": f"models/{row.id}",
        "version": "2.0",
        "displayName": row.title,
        "description": f"{row.title}, as the stand-in of Plantain serves it",
        "inputTokenLimit": row.input_tokens,
        "outputTokenLimit": row.output_tokens,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        **({"thinking": True} if row.signed else {}),
    }
