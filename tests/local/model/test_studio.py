from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from functions.local.model import draw, studio
from functions.local.model.draw import Scene
from functions.local.model.studio import Studio
from tests.local.model.stand import opened

if TYPE_CHECKING:
    from functions.local.model.blob import Blob

SCENE = Scene(prompt="a fox", model="m", note="n", pixels=(320, 200))


def test_a_jpeg_carries_a_manifest() -> None:
    """APP11 of about 6 KB with a JUMBF box labelled c2pa, behind the JFIF header."""
    data = Studio().drawing(SCENE, "image/jpeg").data
    assert data[:4] == b"\xff\xd8\xff\xe0"
    at = 4 + struct.unpack_from(">H", data, 4)[0]
    assert data[at : at + 2] == b"\xff\xeb"
    length = struct.unpack_from(">H", data, at + 2)[0]
    assert 6000 < length < 6300
    segment = data[at + 4 : at + 2 + length]
    assert segment[:2] == b"JP"
    size, kind = struct.unpack_from(">I4s", segment, 8)
    assert (kind, size) == (b"jumb", len(segment) - 8)
    assert b"c2pa\0" in segment[:64]
    image = opened(data)
    assert (image.format, image.size) == ("JPEG", (320, 200))


def test_a_png_is_a_png() -> None:
    """The first model answers PNG, without a manifest."""
    data = Studio().drawing(SCENE, "image/png").data
    assert b"c2pa" not in data
    assert (opened(data).format, opened(data).size) == ("PNG", (320, 200))


@pytest.mark.parametrize(("size", "weight"), [("1K", 1.76e6), ("2K", 7.04e6)])
def test_noise_has_the_weight_of_the_bench(size: str, weight: float) -> None:
    """A valid PNG of noise, within a percent of what was measured with."""
    data = Studio().noise(size).data
    assert abs(len(data) / weight - 1) < 0.01
    image = opened(data)
    assert image.size == (studio.NOISE[size],) * 2
    assert len(zlib.compress(data, 1)) > 0.97 * len(data)


def test_what_was_made_is_remembered() -> None:
    """The same picture is the same object; the oldest go when it gets too much."""
    room = Studio(keep=40_000)
    first = room.drawing(SCENE, "image/jpeg")
    assert room.drawing(SCENE, "image/jpeg") is first
    mark = room.signature(first, 39_000)
    assert room.signature(first, 39_000) is mark
    assert room.drawing(SCENE, "image/jpeg") is not first


def test_a_picture_wanted_twice_at_once_is_drawn_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Thirty-two equal requests cost one drawing."""
    drawn: list[Scene] = []

    def paint(scene: Scene) -> Image.Image:
        drawn.append(scene)
        return Image.new("RGB", scene.pixels)

    monkeypatch.setattr(draw, "paint", paint)
    room = Studio()
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(room.drawing, SCENE, "image/png") for _ in range(32)]
        blobs: set[Blob] = {job.result() for job in jobs}
    assert len(drawn) == len(blobs) == 1
