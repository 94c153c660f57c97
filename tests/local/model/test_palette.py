from __future__ import annotations

import pytest

from functions.local.model.palette import PALETTES, Palette, mix, ramp


@pytest.mark.parametrize("palette", PALETTES)
def test_words_are_legible(palette: Palette) -> None:
    """Ink on shadow has the contrast that WCAG asks of body text, and more."""

    def light(colour: tuple[int, int, int]) -> float:
        parts = [float((value / 255) ** 2.2) for value in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    assert (light(palette.ink) + 0.05) / (light(palette.shadow) + 0.05) > 12


def test_mixing_stays_between() -> None:
    """Shares outside 0..1 are held at the ends."""
    assert mix((0, 0, 0), (200, 100, 50), 0.5) == (100, 50, 25)
    assert mix((0, 0, 0), (9, 9, 9), 7) == (9, 9, 9)
    assert ramp(PALETTES[0], -1) == PALETTES[0].shadow
