"""From a parsed body to what shall be drawn, refused where Google refuses.

Nothing here looks at scenarios: a request that Google would not take never reaches
them.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from functions.local.model import signature
from functions.local.model.errors import ApiError, invalid
from functions.local.model.schema import ratio_name, size_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.local.model.catalogue import Pixels, Row

_MARKER: Final = re.compile(r"\[\[\s*(?:scenario:)?\s*([^\[\]]*?)\s*\]\]")
_TYPES: Final = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"}
)
_IMAGE_TOKENS: Final = 1120  # of one input picture at the default resolution
_UNREADABLE: Final = (
    "Unable to process input image. Please retry or report in"
    " https://developers.generativeai.google/guide/troubleshooting"
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the request."""

    mime: str  # as the client claimed
    data: bytes
    pixels: Pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A request the model accepts."""

    row: Row
    prompt: str  # what to draw or to change; scenario markers cut out
    markers: tuple[str, ...]
    pictures: tuple[Picture, ...]
    pixels: Pixels
    size: str
    ratio: str | None  # None: it was not asked for
    text: bool  # TEXT is among the modalities
    image: bool
    seed: int | None
    thoughts: bool  # includeThoughts
    search: bool
    prompt_tokens: int  # of text alone

    @property
    def image_tokens(self) -> int:
        """Return the input tokens of the pictures."""
        return _IMAGE_TOKENS * len(self.pictures)

    @property
    def fingerprint(self) -> str:
        """Return the same hex digest for the same picture to draw."""
        digest = hashlib.sha256(
            repr(
                (self.row.id, self.prompt, self.pixels, self.ratio, self.seed)
            ).encode()
        )
        for picture in self.pictures:
            digest.update(hashlib.sha256(picture.data).digest())
        return digest.hexdigest()


def read(body: dict[str, Any], row: Row) -> Order:
    """Return the order of a parsed body.

    Raises:
        ApiError: the 400 Google gives.

    """
    contents = body.get("contents") or []
    _check_shape(contents)
    config = body.get("generation_config") or {}
    modalities = set(config.get("response_modalities") or ("TEXT", "IMAGE"))
    _check_config(config, modalities)
    _check_signatures(contents, row)
    pictures = tuple(_pictures(_parts(contents)))
    if len(pictures) > row.references:
        raise invalid(
            f"Please use fewer than {row.references + 1} images in your request to"
            f" models/{row.id}"
        )
    ratio, size = _picture_config(config, row)
    prompt, markers = _prompt(contents)
    system = body.get("system_instruction") or {}
    words = [part.get("text") or "" for part in _parts([*contents, system])]
    return Order(
        row=row,
        prompt=prompt,
        markers=markers,
        pictures=pictures,
        pixels=_pixels(row, size, ratio, pictures),
        size=size,
        ratio=ratio,
        text="TEXT" in modalities,
        image="IMAGE" in modalities,
        seed=config.get("seed"),
        thoughts=bool((config.get("thinking_config") or {}).get("include_thoughts")),
        search=any("google_search" in tool for tool in body.get("tools") or []),
        prompt_tokens=sum(-(-len(text) // 4) for text in words if text),
    )


def _parts(contents: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for content in contents:
        yield from content.get("parts") or []


def _check_shape(contents: list[dict[str, Any]]) -> None:
    where = "* GenerateContentRequest.contents"
    if not contents:
        raise invalid(f"{where}: contents is not specified\n")
    for at, content in enumerate(contents):
        if content.get("role") not in {None, "", "user", "model"}:
            raise invalid("Please use a valid role: user, model.")
        if not content.get("parts"):
            raise invalid(f"{where}[{at}].parts: contents.parts must not be empty.\n")
        for number, part in enumerate(content["parts"]):
            if not part.keys() - {"thought", "thought_signature"}:
                raise invalid(
                    f"{where}[{at}].parts[{number}].data: required oneof field 'data'"
                    " must have one initialized field\n"
                )
            if "file_data" in part:
                raise ApiError(501, "The stand-in does not implement fileData yet.")


def _check_config(config: dict[str, Any], modalities: set[str]) -> None:
    if (config.get("candidate_count") or 1) > 1:
        raise invalid("Multiple candidates is not enabled for this model")
    if not modalities <= {"TEXT", "IMAGE"}:
        raise invalid(
            "The requested combination of response modalities is not supported by the"
            " model. models/ supports the following combinations: IMAGE, TEXT and"
            " IMAGE.\n"
        )


def _check_signatures(contents: list[dict[str, Any]], row: Row) -> None:
    if not row.signed:
        return
    for position, content in enumerate(contents, 1):
        if content.get("role") != "model":
            continue
        for number, part in enumerate(content["parts"], 1):
            blob = part.get("inline_data")
            mark = part.get("thought_signature")
            if mark:
                said = blob["data"] if blob else (part.get("text") or "").encode()
                if not signature.genuine(mark, said):
                    raise invalid("Thought signature is not valid.")
            elif blob and not part.get("thought"):
                raise invalid(
                    "Image part is missing a thought_signature in content position"
                    f" {position}, part position {number}. Please refer to"
                    " https://ai.google.dev/gemini-api/docs/thought-signatures"
                    "#model-behavior for more details."
                )


def _pictures(parts: Iterable[dict[str, Any]]) -> Iterable[Picture]:
    for part in parts:
        blob = part.get("inline_data")
        if blob is None:
            continue
        mime = blob.get("mime_type") or ""
        if mime not in _TYPES:
            raise invalid(f"Unsupported MIME type: {mime}")
        data = blob.get("data") or b""
        yield Picture(mime, data, _measure(data))


def _measure(data: bytes) -> Pixels:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a bomb is refused, not warned about
            with Image.open(io.BytesIO(data)) as image:
                kind = image.format
                size = image.size
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
        raise invalid(_UNREADABLE) from None
    if kind == "BMP":
        raise invalid()  # recorded: not a word about the picture
    return size


def _picture_config(config: dict[str, Any], row: Row) -> tuple[str | None, str]:
    asked = config.get("image_config") or {}
    formatted = (config.get("response_format") or {}).get("image") or {}
    ratio = _named(formatted.get("aspect_ratio"), row.ratios, ratio_name)
    ratio = asked.get("aspect_ratio") or ratio
    size = _named(formatted.get("image_size"), tuple(row.sizes), size_name)
    size = asked.get("image_size") or size
    # Not recorded: the texts of the refusals below.
    if size and not row.size_field:
        raise invalid(f"image_size is not supported by models/{row.id}.")
    if size and size not in row.sizes:
        raise invalid(
            f"Invalid image_size '{size}' for models/{row.id}. Supported values:"
            f" {', '.join(row.sizes)}."
        )
    if ratio and ratio not in row.ratios:
        raise invalid(
            f"Invalid aspect_ratio '{ratio}' for models/{row.id}. Supported values:"
            f" {', '.join(row.ratios)}."
        )
    return ratio or None, size or "1K"


def _named(value: str | None, known: tuple[str, ...], name: Any) -> str | None:  # noqa: ANN401
    for plain in known:
        if value == name(plain):
            return plain
    return value


def _pixels(
    row: Row, size: str, ratio: str | None, pictures: tuple[Picture, ...]
) -> Pixels:
    if ratio is not None:
        return row.sizes[size][ratio]
    if pictures and row.follows_input:
        return row.sizes[size][row.nearest(pictures[-1].pixels)]
    if row.unasked is not None:
        factor = int(size.removesuffix("K"))
        return row.unasked[0] * factor, row.unasked[1] * factor
    return row.sizes[size]["1:1"]


def _prompt(contents: list[dict[str, Any]]) -> tuple[str, tuple[str, ...]]:
    """Return the words of the last user turn and the scenarios named in them."""
    turns = [content for content in contents if content.get("role") != "model"]
    said = [part["text"] for part in _parts(turns[-1:]) if part.get("text")]
    text = "\n".join(said)
    markers = tuple(_MARKER.findall(text))
    return _MARKER.sub("", text).strip(), markers
