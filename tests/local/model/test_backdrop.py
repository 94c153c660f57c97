from __future__ import annotations

import random

from PIL import Image

from functions.local.model import backdrop
from functions.local.model.palette import PALETTES


def dice() -> random.Random:
    return random.Random(3)  # noqa: S311  # a drawing, no secret


def test_shade_darkens_below_and_spares_above() -> None:
    """Words get a dark ground; the motif keeps its light."""
    image = Image.new("RGB", (40, 100), (200, 200, 200))
    backdrop.shade(image, PALETTES[0], 0.5, 0.9)
    assert image.getpixel((20, 20)) == (200, 200, 200)
    bottom = image.getpixel((20, 99))
    assert isinstance(bottom, tuple)
    assert max(bottom) < 90


def test_grain_is_fine_and_repeats() -> None:
    """The grain moves no pixel far, and the same dice give the same grain."""
    plain = Image.new("RGB", (300, 300), (100, 100, 100))
    one = backdrop.grain(plain, dice())
    assert one.tobytes() == backdrop.grain(plain, dice()).tobytes()
    low, high = one.convert("L").getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert 90 < low < high < 110


def test_a_gradient_runs_from_dark_to_light() -> None:
    """The upper right is lighter than the lower left, for every palette."""
    for palette in PALETTES:
        image = backdrop.gradient((64, 48), palette, dice()).convert("L")
        dark, light = image.getpixel((2, 45)), image.getpixel((61, 2))
        assert isinstance(dark, int)
        assert isinstance(light, int)
        assert dark < light
