"""The Nano Banana models as data: each figure with the source it was read from.

State of 2026-11-20. The law: nothing here is computed from a clock or a network, and
every figure names its source by one of the letters below.

D-img   Google, image generation guide, updated 2026-06-30
D-vtx   Google Cloud model pages of 3.1 Flash Image (2026-05-28) and Lite (2026-06-30)
D-dep   Google, deprecations page, copies of May to September 2026
D-opt   Google, service tiers, 2026
N-21    digest of Google's release note of 2026-10-06 for gemini-nano-banana-2.1
P-1009  Google's pricing page "last updated 2026-10-09", as copied in public
T-gp    Google's pricing page as quoted on 2025-11-04
T-lf    Google's prices as listed on 2026-02-26
T-lzh   Google's prices as read on 2026-07-01
T-rk    roomkit's catalogue, verified 2026-10-09, with measurements
T-skill 34 live tests of 2.1, October 2026
T-apiyi a relay's measurements on gemini-3-pro-image, 2026
W       recorded wire traffic, 2025-10 to 2026-07
SDK     google-genai 3.4.0, read 2026-11-20
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

AS_OF: Final = "2026-11-20"
DEFAULT_MODEL: Final = "gemini-nano-banana-2.1"  # N-21: Google's default for new work

Pixels = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model; `source` says for each field where its value was read."""

    id: str
    title: str
    names: tuple[str, ...]  # nicknames of this very model
    previews: Mapping[str, str]  # its preview ids, with what was announced of each
    stage: str
    pixels: Mapping[str, Pixels]  # ratio -> nominal pixels at 1K, as documented
    ratios_disputed: tuple[str, ...] = ()  # sources disagree: sent, with a warning
    sizes: tuple[str, ...]
    size_field: bool = True  # False: imageSize must not be sent
    tokens: Mapping[str, int]  # size -> output tokens of one picture
    prices: Mapping[str, Mapping[str, float]]  # tier -> size -> USD of one picture
    rates: Mapping[str, float]  # USD a million tokens
    references: int  # most reference pictures in one request
    references_by_kind: Mapping[str, int]
    thinking: tuple[str, ...]  # levels that have an effect
    thinking_default: str
    thinking_refused: bool = False  # True: the model does not think at all
    search: tuple[str, ...]
    mime: tuple[str, ...]  # what it answers with
    inputs: tuple[str, ...]
    input_tokens: int | None
    output_tokens: int | None
    shutdown: str = ""  # announced date, "" if none
    shutdown_note: str = ""
    successor: str = ""
    source: Mapping[str, str]


def _table(text: str) -> Mapping[str, Pixels]:
    pairs = (entry.split("=") for entry in text.split())
    sized = ((ratio, size.split("x")) for ratio, size in pairs)
    return MappingProxyType({r: (int(w), int(h)) for r, (w, h) in sized})


_BASE: Final = _table(  # D-img, ten ratios at 1K
    "1:1=1024x1024 2:3=848x1264 3:2=1264x848 3:4=896x1200 4:3=1200x896 4:5=928x1152"
    " 5:4=1152x928 9:16=768x1376 16:9=1376x768 21:9=1584x672"
)
_LONG: Final = _table("1:4=512x2048 4:1=2048x512 1:8=384x3072 8:1=3072x384")  # D-img
_WIDE: Final = MappingProxyType({**_BASE, **_LONG})
_OLD: Final = _table(  # D-img, 2.5 Flash Image
    "1:1=1024x1024 2:3=832x1248 3:2=1248x832 3:4=864x1184 4:3=1184x864 4:5=896x1152"
    " 5:4=1152x896 9:16=768x1344 16:9=1344x768 21:9=1536x672"
)
# D-img: the larger sizes are the 1K table times these, in every row but MISPRINTS.
SCALE: Final[Mapping[str, float]] = MappingProxyType(
    {"512": 0.5, "1K": 1, "2K": 2, "4K": 4}
)
# D-img prints 792x168, which is not 21:9: never expected of a picture.
MISPRINTS: Final = frozenset({("21:9", "512")})

MODELS: Final = (
    Model(
        id="gemini-nano-banana-2.1",
        title="Nano Banana 2.1",
        names=("nano-banana-2.1",),
        previews={},
        stage="GA since 2026-10-06, Google's default for new projects",
        pixels=_WIDE,
        sizes=("1K", "2K", "4K"),
        tokens={"1K": 1120, "2K": 1680, "4K": 3780},
        prices={
            "standard": {"1K": 0.0336, "2K": 0.0504, "4K": 0.1134},
            "batch": {"1K": 0.0168, "2K": 0.0252, "4K": 0.0567},
        },
        rates={"input": 1.5, "text_out_and_thinking": 7.5, "image_out": 30.0},
        references=14,
        references_by_kind={"objects": 10, "characters": 4, "style": 0},
        thinking=("minimal", "medium", "high"),
        thinking_default="medium",
        search=("web", "image"),
        mime=("image/jpeg",),
        inputs=("text", "image", "video", "pdf"),
        input_tokens=131_072,
        output_tokens=32_768,
        source={
            "pixels": "D-img, the 3.1 Flash Image table; no table of 2.1 was found",
            "sizes": "N-21, T-rk; 512 is refused",
            "tokens": "P-1009; N-21 said 2520 for 4K, live usage says 3780",
            "prices": "P-1009; batch N-21, its 4K half of standard",
            "rates": "N-21, P-1009, T-rk",
            "references": "N-21, T-skill",
            "thinking": "N-21, T-rk",
            "search": "N-21",
            "mime": "T-rk: asking for image/png is a 400 (2026-10-09)",
            "shutdown": "SDK: none seen",
            "token limits": "N-21",
        },
    ),
    Model(
        id="gemini-3-pro-image",
        title="Nano Banana Pro",
        names=("nano-banana-pro",),
        previews={
            "gemini-3-pro-image-preview": "shutdown announced for 2026-06-25",
            "nano-banana-pro-preview": "an alias of the preview in google-genai 3.4.0",
        },
        stage="GA since 2026-05-28",
        pixels=_BASE,
        sizes=("1K", "2K", "4K"),
        tokens={"1K": 1120, "2K": 1120, "4K": 2000},
        prices={
            "standard": {"1K": 0.134, "2K": 0.134, "4K": 0.24},
            "batch": {"1K": 0.067, "2K": 0.067, "4K": 0.12},
            "flex": {"1K": 0.067, "2K": 0.067, "4K": 0.12},
        },
        rates={"input": 2.0, "text_out_and_thinking": 12.0, "image_out": 120.0},
        references=14,
        references_by_kind={"objects": 6, "characters": 5, "style": 3},
        thinking=(),
        thinking_default="always on",
        search=("web",),
        mime=("image/jpeg",),
        inputs=("text", "image"),
        input_tokens=65_536,
        output_tokens=32_768,
        source={
            "pixels": "D-img; the four long ratios are a 400 (T-skill)",
            "sizes": "D-img",
            "tokens": "D-img; 1120 confirmed on the wire (W)",
            "prices": "T-lzh, 2026-07-01",
            "rates": "T-rk",
            "references": "D-img",
            "thinking": "D-img; a level is accepted without effect (T-apiyi)",
            "search": "D-img",
            "mime": "W, 3 of 3 recordings",
            "shutdown": "D-dep: no date",
            "token limits": "T-skill",
        },
    ),
    Model(
        id="gemini-3.1-flash-lite-image",
        title="Nano Banana 2 Lite",
        names=("nano-banana-2-lite",),
        previews={},
        stage="GA since 2026-06-30",
        pixels=_WIDE,
        ratios_disputed=("1:4", "4:1", "1:8", "8:1"),
        sizes=("1K",),
        tokens={"1K": 1120},
        prices={"standard": {"1K": 0.0336}, "batch": {"1K": 0.0168}},
        rates={"input": 0.25, "text_out_and_thinking": 1.5, "image_out": 30.0},
        references=14,
        references_by_kind={"objects": 14, "characters": 0, "style": 0},
        thinking=("minimal", "high"),
        thinking_default="minimal",
        search=(),
        mime=("image/png", "image/jpeg"),
        inputs=("text", "image", "video"),
        input_tokens=65_536,
        output_tokens=4_096,
        source={
            "pixels": "D-img; its text and T-rk list ten ratios, table and D-vtx 14",
            "sizes": "D-img, D-vtx, T-rk",
            "tokens": "D-img",
            "prices": "P-1009, T-rk; batch is half of standard",
            "rates": "T-rk",
            "references": "D-img: not optimised for several references",
            "thinking": "D-img, T-rk",
            "search": "D-img",
            "mime": "T-rk; the default was not recorded",
            "shutdown": "SDK: none seen",
            "token limits": "D-vtx",
        },
    ),
    Model(
        id="gemini-3.1-flash-image",
        title="Nano Banana 2",
        names=("nano-banana-2",),
        previews={
            "gemini-3.1-flash-image-preview": "shutdown announced for 2026-06-25"
        },
        stage="GA 2026-05-28, deprecated 2026-10-06",
        pixels=_WIDE,
        sizes=("512", "1K", "2K", "4K"),
        tokens={"512": 747, "1K": 1120, "2K": 1680, "4K": 2520},
        prices={
            "standard": {"512": 0.045, "1K": 0.067, "2K": 0.101, "4K": 0.151},
            "batch": {"512": 0.022, "1K": 0.034, "2K": 0.05, "4K": 0.076},
        },
        rates={"input": 0.5, "text_out_and_thinking": 3.0, "image_out": 60.0},
        references=14,
        references_by_kind={"objects": 10, "characters": 4, "style": 0},
        thinking=("minimal", "high"),
        thinking_default="minimal",
        search=("web", "image"),
        mime=("image/png", "image/jpeg"),
        inputs=("text", "image", "video"),
        input_tokens=131_072,
        output_tokens=32_768,
        shutdown="2026-10-29",
        shutdown_note="announced for the Developer API; Vertex AI's date is unknown",
        successor="gemini-nano-banana-2.1",
        source={
            "pixels": "D-img, D-vtx; 21:9 at 512 is a misprint",
            "sizes": "D-img, D-vtx",
            "tokens": "D-img, D-vtx",
            "prices": "T-lf, 2026-02-26; standard repeated in October 2026",
            "rates": "T-rk",
            "references": "D-img",
            "thinking": "D-img",
            "search": "D-img",
            "mime": "T-rk",
            "shutdown": "T-rk, and the news of 2026-10; the SDK still lists the id",
            "token limits": "D-vtx",
        },
    ),
    Model(
        id="gemini-2.5-flash-image",
        title="Nano Banana",
        names=("nano-banana",),
        previews={"gemini-2.5-flash-image-preview": "gone since 2025-10-31"},
        stage="GA 2025-10-02, legacy",
        pixels=_OLD,
        sizes=("1K",),
        size_field=False,
        tokens={"1K": 1290},
        prices={"standard": {"1K": 0.039}, "batch": {"1K": 0.0195}},
        rates={"input": 0.3, "text_out_and_thinking": 2.5, "image_out": 30.0},
        references=3,
        references_by_kind={},
        thinking=(),
        thinking_default="none",
        thinking_refused=True,
        search=(),
        mime=("image/png",),
        inputs=("text", "image"),
        input_tokens=None,
        output_tokens=None,
        shutdown="2027-03-15",
        shutdown_note="at the earliest; first announced for 2026-10-02",
        successor="gemini-3.1-flash-lite-image",
        source={
            "pixels": "D-img",
            "sizes": "D-img; a call with imageSize fails (T-apiyi)",
            "tokens": "D-img, W",
            "prices": "T-gp; batch is half of standard",
            "rates": "T-rk",
            "references": "D-img",
            "thinking": "T-rk",
            "search": "D-img, W",
            "mime": "W: PNG on both back ends",
            "shutdown": "T-rk read the moved date on 2026-10-09; unverified",
            "token limits": "not established",
        },
    ),
)

# D-opt: factors of the standard price, for tiers that a model does not list itself.
TIERS: Final[Mapping[str, float]] = MappingProxyType(
    {"standard": 1.0, "flex": 0.5, "batch": 0.5}
)
# Names that people bring along from elsewhere, and what does the same work here.
MIGRANTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gpt-4o-image": "gemini-nano-banana-2.1",
        "gpt-image-1": "gemini-nano-banana-2.1",
        "dall-e-3": "gemini-nano-banana-2.1",
        "sora_image": "gemini-nano-banana-2.1",
        "gemini-3-pro": "gemini-3-pro-image",
        "gemini-3-pro-preview": "gemini-3-pro-image",
        "gemini-3.1-flash": "gemini-3.1-flash-lite-image",
        "gemini-2.5-flash": "gemini-2.5-flash-image",
        "gemini-2.0-flash-exp-image-generation": "gemini-nano-banana-2.1",
        "gemini-2.0-flash-preview-image-generation": "gemini-nano-banana-2.1",
        "imagen-4.0-generate-001": "gemini-nano-banana-2.1",
        "imagen-4.0-fast-generate-001": "gemini-3.1-flash-lite-image",
        "imagen-4.0-ultra-generate-001": "gemini-3-pro-image",
    }
)
# Encoded request. Google's own pages disagree (100 MB and 20 MB, both 2026-09-17):
# the smaller one is refused by nobody.
MAX_INLINE_BYTES: Final = 20_000_000
INPUT_TYPES: Final = (  # D-vtx
    *("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"),
)
