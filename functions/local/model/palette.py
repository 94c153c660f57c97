"""Colours for the drawings: a few chosen palettes, blended, never random ones."""

from __future__ import annotations

from typing import Final, NamedTuple

Colour = tuple[int, int, int]


class Palette(NamedTuple):
    """From shadow to light; `ink` is for words."""

    shadow: Colour
    deep: Colour
    body: Colour
    glow: Colour
    ink: Colour


def _palette(text: str) -> Palette:
    def colour(hexed: str) -> Colour:
        red, green, blue = bytes.fromhex(hexed)
        return red, green, blue

    return Palette(*(colour(hexed) for hexed in text.split()))


PALETTES: Final = (
    _palette("0f1738 43247a d9527f ffb26b fff3e6"),  # dusk
    _palette("06202f 0e5a8a 3aa6c9 bfe9f2 f2fbff"),  # lagoon
    _palette("10221c 2c5f46 9dbd6f f2dc72 fffbe6"),  # plantain leaf
    _palette("1d1010 7a2224 e0683c ffcf8f fff4e3"),  # ember
    _palette("0b132b 20506b 4fb5a5 c9f2c7 f3fff4"),  # aurora
    _palette("1d0b2e 5d1f66 bd5a9a ffc9de fff2f8"),  # plum
    _palette("11161f 3b4d63 8aa5bd f0dcb4 fdf8ee"),  # slate and straw
    _palette("171a2e 3d3f8f 8a7fe0 f2b8d8 fbf3ff"),  # iris
)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Return `one` moved towards `other`; share 0 is `one`, 1 is `other`."""
    share = min(1.0, max(0.0, share))
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(one, other, strict=True)
    )
    return red, green, blue


def ramp(palette: Palette, at: float) -> Colour:
    """Return the colour at `at` (0..1) on the way from shadow to glow."""
    stops = palette[:4]
    place = min(0.999, max(0.0, at)) * (len(stops) - 1)
    low = int(place)
    return mix(stops[low], stops[low + 1], place - low)
