from __future__ import annotations

import time

import pytest
from PIL import Image

from functions.local.model import draw
from functions.local.model.draw import Scene
from tests.local.model.stand import swatch

RED, BLUE = (220, 30, 40), (30, 60, 220)


def scene(
    prompt: str = "a fox",
    *references: bytes,
    pixels: tuple[int, int] = (640, 360),
    seed: str = "",
) -> Scene:
    return Scene(
        prompt=prompt,
        model="gemini-nano-banana-2.1",
        note="16:9",
        pixels=pixels,
        references=references,
        seed=seed,
    )


def close_to(image: Image.Image, colour: tuple[int, int, int]) -> float:
    """Return the share of pixels within 24 of `colour`."""
    bands = [
        band.point([255 if abs(value - want) <= 24 else 0 for value in range(256)])
        for band, want in zip(image.split(), colour, strict=True)
    ]
    both = Image.composite(bands[0], Image.new("L", image.size), bands[1])
    every = Image.composite(both, Image.new("L", image.size), bands[2])
    return every.histogram()[255] / (image.width * image.height)


@pytest.mark.parametrize(
    "pixels", [(1376, 768), (768, 1376), (3072, 384), (384, 3072), (64, 64), (16, 16)]
)
def test_a_drawing_has_exactly_the_size_asked_for(pixels: tuple[int, int]) -> None:
    """Every shape can be drawn, with and without a reference."""
    assert draw.paint(scene(pixels=pixels)).size == pixels
    assert draw.paint(scene("x", swatch(RED), pixels=pixels)).size == pixels


def test_the_same_scene_is_the_same_picture() -> None:
    """Deterministic by request; the prompt and the seed each change it."""
    one = draw.paint(scene()).tobytes()
    assert one == draw.paint(scene()).tobytes()
    assert one != draw.paint(scene("an owl")).tobytes()
    assert one != draw.paint(scene(seed="7")).tobytes()


def test_words_are_drawn() -> None:
    """Longer words put more ink on the same background."""
    ink = [
        sum(draw.paint(scene(text)).convert("L").histogram()[225:])
        for text in ("i", "a fox in a field of snow at night")
    ]
    assert ink[1] > 2 * ink[0]


@pytest.mark.parametrize("colour", [RED, BLUE])
def test_an_edit_shows_the_colours_of_its_reference(
    colour: tuple[int, int, int],
) -> None:
    """Half of the card is the reference as it came."""
    plain = draw.paint(scene("make it warm"))
    edited = draw.paint(scene("make it warm", swatch(colour)))
    assert close_to(edited, colour) > 0.08
    assert close_to(plain, colour) < 0.02


def test_an_edit_is_visibly_transformed() -> None:
    """About half of the card is as it came; the other half was re-toned."""
    edited = draw.paint(scene("make it warm", swatch(RED)))
    box = draw._boxes((640, 360), [Image.new("RGB", (96, 64))])[0]
    card = (box[2] - box[0]) * (box[3] - box[1]) / (640 * 360)
    assert 0.4 * card < close_to(edited, RED) < 0.6 * card


def test_other_references_make_other_edits() -> None:
    """The edit depends on its input, and on all of its inputs."""
    one = draw.paint(scene("x", swatch(RED))).tobytes()
    assert one != draw.paint(scene("x", swatch(BLUE))).tobytes()
    both = draw.paint(scene("x", swatch(RED), swatch(BLUE)))
    assert close_to(both, RED) > 0.02
    assert close_to(both, BLUE) > 0.02


def test_many_references_and_unreadable_ones_are_drawn() -> None:
    """Fourteen pictures, and one that Pillow cannot open, still make a picture."""
    draw.paint(scene("x", *[swatch(RED)] * 14))
    draw.paint(scene("x", b"\0\0\0\x18ftypheic"))


@pytest.mark.parametrize(
    "prompt", ["", "w" * 3000, "word " * 800, "\u6f22\u5b57 caf\u00e9", "\n\n"]
)
def test_any_prompt_can_be_written(prompt: str) -> None:
    """Nothing, one endless word, a novel, letters of other scripts."""
    assert draw.paint(scene(prompt)).size == (640, 360)


def test_drawing_is_quick() -> None:
    """1K is drawn in well under a second, on a busy machine too."""
    draw.paint(scene())  # the fonts are read
    start = time.perf_counter()
    draw.paint(scene(pixels=(1376, 768)))
    assert time.perf_counter() - start < 1.0
