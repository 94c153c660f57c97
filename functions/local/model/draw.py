"""Draws the pictures of the stand-in: legible, deterministic, of the nominal size.

A generation shows its prompt on a gradient with a motif. An edit shows the reference
pictures, each half as it came and half re-toned, so that a person sees that the edit
used its input, with the instruction below.
"""

from __future__ import annotations

import hashlib
import io
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from functions.local.model import backdrop, lettering
from functions.local.model.palette import PALETTES, Palette, mix

if TYPE_CHECKING:
    from functions.local.model.catalogue import Pixels

_SMALLEST: Final = 6  # px of letters
_CARDS: Final = 6  # reference pictures shown; the others are counted in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one picture shall show."""

    prompt: str
    model: str
    note: str  # ratio, size, pixels
    pixels: Pixels
    references: tuple[bytes, ...] = ()
    seed: str = ""


def paint(scene: Scene) -> Image.Image:
    """Return the drawing of a scene, exactly `scene.pixels` large."""
    said = f"{scene.prompt}\0{scene.model}\0{scene.seed}".encode()
    dice = random.Random(hashlib.sha256(said).digest())  # noqa: S311 - a drawing
    palette = dice.choice(PALETTES)
    if scene.references:
        shown = [_opened(data) for data in scene.references[:_CARDS]]
        palette = _contrast(shown[-1], dice)
        image = _edit(scene, shown, palette, dice)
    else:
        image = backdrop.paint(scene.pixels, palette, dice)
        backdrop.shade(image, palette, 0.15, 0.9)
    _words(image, scene, palette)
    return backdrop.grain(image, dice)


def _words(image: Image.Image, scene: Scene, palette: Palette) -> None:
    width, height = image.size
    short = min(image.size)
    margin = round(short * 0.07)
    small = max(8, round(short * 0.021))
    draw = ImageDraw.Draw(image)
    room = width - 2 * margin
    narrow = width >= height * 1.1 and not scene.references
    column = round(room * 0.74) if narrow else room
    share = 0.2 if scene.references else 0.4
    block = lettering.fit(
        scene.prompt or "(no words)",
        (column, round(height * share)),
        round(short * (0.05 if scene.references else 0.078)),
        max(9, round(short * 0.026)),
    )
    foot = height - margin - small
    rule = foot - round(small * 1.1)
    block.draw(draw, (margin, rule - small - block.height), palette.ink)
    faint = mix(palette.shadow, palette.ink, 0.45)
    draw.line(
        (margin, rule, width - margin, rule), fill=faint, width=max(1, small // 9)
    )
    _footer(draw, scene, palette, (margin, foot, width - margin), small)
    tag = (
        "Plantain \u00b7 edited here"
        if scene.references
        else "Plantain \u00b7 drawn here"
    )
    lettering.spaced(draw, (margin, margin), tag, small, palette.ink)


def _footer(
    draw: ImageDraw.ImageDraw,
    scene: Scene,
    palette: Palette,
    line: tuple[int, int, int],
    size: int,
) -> None:
    left, top, right = line
    quiet = mix(palette.shadow, palette.ink, 0.78)
    room = right - left
    face = lettering.font(size)
    while face.getlength(scene.model + scene.note) > room * 0.95 and size > _SMALLEST:
        size -= 1
        face = lettering.font(size)
    draw.text((left, top), scene.model, font=face, fill=quiet)
    end = right - face.getlength(scene.note)
    draw.text((end, top), scene.note, font=face, fill=quiet)


def _opened(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (2048, 2048))  # a JPEG decodes at a fraction of its size
            upright = ImageOps.exif_transpose(image)
            return upright.convert("RGB")
    except (OSError, ValueError, SyntaxError):
        return Image.new("RGB", (64, 64), (128, 128, 128))  # HEIC: taken, not seen


def _contrast(picture: Image.Image, dice: random.Random) -> Palette:
    """Return one of the three palettes that differ most from a picture."""
    mean = picture.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    if not isinstance(mean, tuple):
        raise TypeError("a reference is drawn in RGB")

    def distance(palette: Palette) -> int:
        return sum(abs(a - round(b)) for a, b in zip(palette.body, mean, strict=True))

    return dice.choice(sorted(PALETTES, key=distance)[-3:])


def _edit(
    scene: Scene, shown: list[Image.Image], palette: Palette, dice: random.Random
) -> Image.Image:
    veil = backdrop.gradient(scene.pixels, palette, dice)
    first = ImageOps.fit(shown[-1], (48, 48)).filter(ImageFilter.GaussianBlur(3))
    image = Image.blend(
        first.resize(scene.pixels, Image.Resampling.BICUBIC), veil, 0.55
    )
    backdrop.shade(image, palette, 0.0, 0.9)
    for picture, box in zip(shown, _boxes(scene.pixels, shown), strict=True):
        _card(image, picture, box, palette)
    return image


def _boxes(size: Pixels, shown: list[Image.Image]) -> list[tuple[int, int, int, int]]:
    """Return a box for each picture, in the picture's own shape where it fits."""
    width, height = size
    margin = round(min(size) * 0.07)
    top = round(margin * 1.9)
    room = (width - 2 * margin, round(height * 0.66) - top)
    across = max(
        range(1, len(shown) + 1), key=lambda tried: _covered(room, tried, shown)
    )
    down = -(-len(shown) // across)
    gap = round(margin * 0.4)
    cell = (
        (room[0] - gap * (across - 1)) // across,
        (room[1] - gap * (down - 1)) // down,
    )
    boxes = []
    for number, picture in enumerate(shown):
        scale = min(cell[0] / picture.width, cell[1] / picture.height)
        wide = max(8, min(cell[0], round(picture.width * scale)))
        tall = max(8, min(cell[1], round(picture.height * scale)))
        left = margin + (number % across) * (cell[0] + gap) + (cell[0] - wide) // 2
        upper = top + (number // across) * (cell[1] + gap) + (cell[1] - tall) // 2
        boxes.append((left, upper, left + wide, upper + tall))
    return boxes


def _covered(room: Pixels, across: int, shown: list[Image.Image]) -> float:
    """Return the area the pictures cover when they stand in `across` columns."""
    cell = (room[0] / across, room[1] / -(-len(shown) // across))
    scales = (min(cell[0] / p.width, cell[1] / p.height) for p in shown)
    return sum(
        scale**2 * p.width * p.height for scale, p in zip(scales, shown, strict=True)
    )


def _card(
    image: Image.Image,
    picture: Image.Image,
    box: tuple[int, int, int, int],
    palette: Palette,
) -> None:
    size = (box[2] - box[0], box[3] - box[1])
    photo = ImageOps.fit(picture, size, Image.Resampling.BILINEAR)
    toned = ImageOps.colorize(
        ImageOps.autocontrast(photo.convert("L")),
        black=palette.shadow,
        mid=palette.body,
        white=palette.ink,
    )
    wide, tall = size
    lean = round(tall * 0.12)
    cut = [(wide // 2 + lean, 0), (wide, 0), (wide, tall), (wide // 2 - lean, tall)]
    half = Image.new("L", size)
    ImageDraw.Draw(half).polygon(cut, fill=255)
    photo.paste(toned, (0, 0), half)
    line = max(2, min(size) // 120)
    ImageDraw.Draw(photo).line([cut[0], cut[3]], fill=palette.ink, width=line)
    _drop(image, box, palette)
    image.paste(photo, box[:2], _rounded(size))


def _rounded(size: Pixels) -> Image.Image:
    """Return the mask of a box with round corners."""
    mask = Image.new("L", size)
    radius = max(3, min(size) // 24)
    edge = (0, 0, size[0] - 1, size[1] - 1)
    ImageDraw.Draw(mask).rounded_rectangle(edge, radius, fill=255)
    return mask


def _drop(image: Image.Image, box: tuple[int, int, int, int], palette: Palette) -> None:
    """Lay the soft shadow of a card."""
    spread = max(4, min(image.size) // 40)
    wide, tall = box[2] - box[0] + 4 * spread, box[3] - box[1] + 4 * spread
    less = max(1, spread // 4)  # blurred small, then enlarged: the same to the eye
    soft = Image.new("L", (wide // less, tall // less))
    inner = 2 * spread // less
    edge = (inner, inner, wide // less - inner, tall // less - inner)
    ImageDraw.Draw(soft).rectangle(edge, fill=150)
    soft = soft.filter(ImageFilter.GaussianBlur(spread / less)).resize((wide, tall))
    at = (box[0] - 2 * spread, box[1] - 2 * spread + spread // 2)
    image.paste(palette.shadow, (*at, at[0] + wide, at[1] + tall), soft)
