"""What lies behind the words: a soft gradient and a rosette of leaves.

Everything follows from one seeded generator, so the same prompt gives the same
picture on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageChops, ImageDraw

from functions.local.model.palette import Palette, mix, ramp

if TYPE_CHECKING:
    import random

    from functions.local.model.catalogue import Pixels

_MESH: Final = (7, 5)  # points of the gradient
_LARGE: Final = 3300  # px of long edge from which one pixel hides its own stairs
_TILE: Final = 256  # px of one tile of grain
_GRAIN: Final = 6  # amplitude of the grain; breaks the bands of an 8-bit gradient


@dataclass(frozen=True, slots=True)
class Rosette:
    """Where the leaves stand and how they look; lengths in px."""

    x: float
    y: float
    reach: float
    leaves: int
    turn: float
    slim: float


def paint(size: Pixels, palette: Palette, dice: random.Random) -> Image.Image:
    """Return the backdrop of one drawing."""
    fine = 2 if max(size) < _LARGE else 1
    canvas = gradient((size[0] * fine, size[1] * fine), palette, dice)
    plan = _plan(canvas.size, dice)
    _rings(canvas, plan, palette)
    _leaves(canvas, plan, palette, dice)
    return canvas.reduce(fine) if fine > 1 else canvas


def gradient(size: Pixels, palette: Palette, dice: random.Random) -> Image.Image:
    """Return a soft gradient over `size`, lighter towards the upper right."""
    across, down = _MESH
    mesh = Image.new("RGB", _MESH)
    for x in range(across):
        for y in range(down):
            light = 0.5 * x / (across - 1) + 0.42 * (1 - y / (down - 1)) - 0.12
            mesh.putpixel((x, y), ramp(palette, light + dice.uniform(-0.1, 0.1)))
    step = mesh.resize((across * 64, down * 64), Image.Resampling.BICUBIC)
    return step.resize(size, Image.Resampling.BILINEAR)


def _plan(size: Pixels, dice: random.Random) -> Rosette:
    width, height = size
    short = min(size)
    wide = width >= height
    return Rosette(
        x=width * (dice.uniform(0.66, 0.76) if wide else dice.uniform(0.5, 0.68)),
        y=height * (dice.uniform(0.36, 0.46) if wide else dice.uniform(0.28, 0.36)),
        reach=short * dice.uniform(0.4, 0.5),
        leaves=dice.choice((7, 9, 11, 13)),
        turn=dice.uniform(0, math.tau),
        slim=dice.uniform(0.26, 0.44),
    )


def _rings(canvas: Image.Image, plan: Rosette, palette: Palette) -> None:
    draw = ImageDraw.Draw(canvas, "RGBA")
    line = max(1, round(min(canvas.size) / 700))
    for number in range(1, 9):
        radius = plan.reach * (0.45 + 0.26 * number)
        box = (plan.x - radius, plan.y - radius, plan.x + radius, plan.y + radius)
        draw.ellipse(box, outline=(*palette.ink, max(10, 52 - 6 * number)), width=line)


def _leaf(plan: Rosette, angle: float, reach: float) -> list[tuple[float, float]]:
    """Return the outline of a leaf that starts in the centre and points to `angle`."""
    steps = 28
    along = [step / steps for step in range(steps + 1)]
    half = [plan.slim * reach * 0.5 * math.sin(math.pi * t**0.85) for t in along]
    edge = list(zip(along, half, strict=True))
    edge += [(t, -width) for t, width in reversed(edge)]
    cos, sin = math.cos(angle), math.sin(angle)
    return [
        (
            plan.x + cos * t * reach - sin * width,
            plan.y + sin * t * reach + cos * width,
        )
        for t, width in edge
    ]


def _leaves(
    canvas: Image.Image, plan: Rosette, palette: Palette, dice: random.Random
) -> None:
    draw = ImageDraw.Draw(canvas, "RGBA")
    tones = (palette.glow, palette.body, mix(palette.body, palette.glow, 0.5))
    for layer, (share, alpha) in enumerate(((1.0, 70), (0.72, 88), (0.44, 110))):
        shift = layer * math.pi / plan.leaves
        for number in range(plan.leaves):
            angle = plan.turn + shift + math.tau * number / plan.leaves
            outline = _leaf(plan, angle, plan.reach * share)
            tone = tones[(number + layer) % len(tones)]
            draw.polygon(outline, fill=(*tone, alpha + dice.randrange(-14, 15)))
    heart = plan.reach * 0.075
    box = (plan.x - heart, plan.y - heart, plan.x + heart, plan.y + heart)
    draw.ellipse(box, fill=(*palette.ink, 215))


def shade(image: Image.Image, palette: Palette, start: float, depth: float) -> None:
    """Darken `image` in place from height share `start` down, for words to stand on."""
    width, height = image.size
    top = int(height * start)
    steps = (value / 255 for value in range(256))
    curve = Image.linear_gradient("L").point(
        [round(255 * depth * t * t * (3 - 2 * t)) for t in steps]
    )
    mask = curve.resize((width, height - top), Image.Resampling.BILINEAR)
    image.paste(palette.shadow, (0, top, width, height), mask)


def grain(image: Image.Image, dice: random.Random) -> Image.Image:
    """Return `image` with a fine grain."""
    spread = bytes(value * _GRAIN // 256 for value in range(256))
    noise = dice.randbytes(_TILE * _TILE).translate(spread)
    tile = Image.frombytes("L", (_TILE, _TILE), noise)
    sheet = Image.new("L", image.size)
    for x in range(0, image.width, _TILE):
        for y in range(0, image.height, _TILE):
            sheet.paste(tile, (x, y))
    layer = Image.merge("RGB", (sheet, sheet, sheet))
    return ImageChops.add(image, layer, 1, -(_GRAIN // 2))
