from __future__ import annotations

import io
import itertools
import struct
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from functions.image.sniff import BLOCKS, LOOK, UNKNOWN, PictureSniffer
from functions.job.ports import PictureFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.job.ports import Buffer

DRAWN: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "png": ("PNG", {}),
    "jpeg": ("JPEG", {}),
    "progressive": ("JPEG", {"progressive": True}),
    "commented": ("JPEG", {"comment": b"\xff\xd8\xff" * 9, "dpi": (72, 72)}),
    "webp": ("WEBP", {}),
    "lossless": ("WEBP", {"lossless": True}),
    "extended": ("WEBP", {"exif": b"Exif\0\0MM\0*"}),
    "gif": ("GIF", {}),
}
C2PA: Final = b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71\x03c2pa\x00"


def draw(kind: str, width: int = 37, height: int = 19, mode: str = "RGB") -> bytes:
    form, options = DRAWN[kind]
    out = io.BytesIO()
    Image.new(mode, (width, height), 9).save(out, form, **options)
    return out.getvalue()


def look(pieces: Iterable[Buffer]) -> PictureFacts:
    sniffer = PictureSniffer()
    for piece in pieces:
        sniffer.feed(piece)
        assert len(sniffer._kept) <= 64  # one small header, whatever comes
    return sniffer.facts()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + b"\0\0\0\0"


def jumbf() -> bytes:
    described = b"jumd" + C2PA
    inside = struct.pack(">I", len(described) + 4) + described
    return struct.pack(">I", len(inside) + 8) + b"jumb" + inside


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def with_c2pa(kind: str) -> bytes:
    plain = draw(kind)
    if kind == "png":
        return plain[:33] + chunk(b"caBX", jumbf()) + plain[33:]
    if kind == "webp":
        return plain + b"C2PA" + struct.pack("<I", len(jumbf())) + jumbf()
    # Eight full APP11 segments: half a megabyte before the frame header.
    first = b"JP\0\x01\0\0\0\x01" + jumbf() + bytes(65_000)
    more = b"JP\0\x01\0\0\0\x02" + bytes(65_000)
    return plain[:2] + segment(0xEB, first) + segment(0xEB, more) * 7 + plain[2:]


@given(
    st.sampled_from(sorted(DRAWN)),
    st.integers(1, 300),
    st.integers(1, 300),
    st.sampled_from(["RGB", "L"]),
)
@settings(deadline=None, max_examples=60)
def test_type_and_size_are_what_pillow_says(
    kind: str, width: int, height: int, mode: str
) -> None:
    """For every format that the models write or take, at any size."""
    data = draw(kind, width, height, mode)
    facts = look([data])
    with Image.open(io.BytesIO(data)) as oracle:
        assert facts.content_type == oracle.get_format_mimetype()
        assert (facts.width, facts.height) == oracle.size
    assert not facts.c2pa


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_a_c2pa_manifest_is_seen(kind: str) -> None:
    """In each format's own place for it; size and type are still right."""
    facts = look([with_c2pa(kind)])
    assert facts == PictureFacts(f"image/{kind}", 37, 19, c2pa=True)


@pytest.mark.parametrize(
    "data",
    [
        draw("png")[:33] + chunk(b"tEXt", b"c2pa caBX " + C2PA),
        draw("jpeg")[:2] + segment(0xE1, b"JP" + jumbf()) + draw("jpeg")[2:],
        draw("jpeg")[:2] + segment(0xEB, b"JP no box c2pa") + draw("jpeg")[2:],
        draw("jpeg")[:2] + segment(0xEB, b"XX" + bytes(6) + jumbf()) + draw("jpeg")[2:],
        draw("jpeg") + segment(0xEB, b"JP\0\x01\0\0\0\x01" + jumbf()),
        draw("webp") + b"XMP " + struct.pack("<I", 8) + b"C2PAC2PA",
    ],
    ids=[
        "text chunk",
        "other segment",
        "no box",
        "no JP",
        "after the end",
        "other chunk",
    ],
)
def test_the_letters_alone_are_no_manifest(data: bytes) -> None:
    """A provenance that is not there must not be announced."""
    assert not look([data]).c2pa


def test_chunks_of_odd_length_are_padded() -> None:
    """What follows one in a WebP is still found."""
    odd = draw("webp") + b"zzzz\x01\0\0\0x\0"
    assert look([odd + b"C2PA\x02\0\0\0xx"]).c2pa


@pytest.mark.parametrize("kind", [*sorted(DRAWN), "c2pa png", "c2pa webp"])
def test_a_cut_at_any_byte_changes_nothing(kind: str) -> None:
    """Two pieces cut anywhere, and single bytes, tell the same as the whole."""
    data = with_c2pa(kind[5:]) if kind.startswith("c2pa") else draw(kind)
    whole = look([data])
    for cut in range(len(data) + 1):
        assert look([data[:cut], data[cut:]]) == whole
    assert look(data[at : at + 1] for at in range(len(data))) == whole


@pytest.mark.parametrize("step", [1_000, 4_096, 65_537])
def test_large_segments_are_passed_over_in_any_pieces(step: int) -> None:
    """The frame header of a JPEG may come after megabytes of provenance."""
    data = with_c2pa("jpeg")
    pieces = (memoryview(data)[at : at + step] for at in range(0, len(data), step))
    assert look(pieces) == PictureFacts("image/jpeg", 37, 19, c2pa=True)


STARTS: Final = st.sampled_from(
    [
        *(b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"GIF89a"),
        *(
            b"\0\0\0\x1cftyp",
            draw("png")[:20],
            draw("jpeg")[:30],
            draw("lossless")[:20],
        ),
    ]
)


@given(STARTS, st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
@settings(deadline=None, max_examples=400)
def test_any_bytes_in_any_pieces_give_facts(
    start: bytes, rest: bytes, cuts: list[int]
) -> None:
    """Nothing raises, and the pieces do not matter."""
    data = start + rest
    edges = [0, *sorted(cuts), len(data)]
    pieces = [bytearray(data[a:b]) for a, b in itertools.pairwise(edges)]
    facts = look(pieces)
    assert facts == look([data])
    assert (facts.width is None) == (facts.height is None)


@given(st.sampled_from(sorted(DRAWN)), st.integers(0, 200), st.integers(0, 255))
@settings(deadline=None, max_examples=200)
def test_a_damaged_picture_gives_facts(kind: str, at: int, byte: int) -> None:
    """One wrong byte anywhere in the headers is no accident for us."""
    data = bytearray(draw(kind))
    data[at % len(data)] = byte
    facts = look([data])
    assert facts.width is None or facts.width > 0


@pytest.mark.parametrize(
    ("brands", "expected"),
    [
        (b"avif\0\0\0\0mif1", "image/avif"),
        (b"mif1\0\0\0\0avifmiaf", "image/avif"),
        (b"heic\0\0\0\0mif1heic", "image/heic"),
        (b"mif1\0\0\0\0heic", "image/heic"),
        (b"isom\0\0\0\0mp41", UNKNOWN),
    ],
)
def test_avif_and_heic_are_known_by_their_brands(brands: bytes, expected: str) -> None:
    """Both share a container; a film in the same container is no picture."""
    box = struct.pack(">I", len(brands) + 8) + b"ftyp" + brands
    facts = look([box + b"\0\0\0\x08mdat"])
    assert facts == PictureFacts(expected, None, None, c2pa=False)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\xff\xd8", b"%PDF-1.7 aaaaaaa", b"<svg/>aaaaaaaa", b"BM" + bytes(30)),
        *(b"RIFF\0\0\0\0WAVEfmt ", b"II*\0" + bytes(30), b"GIF90a" + bytes(30)),
    ],
)
def test_anything_else_is_unknown(data: bytes) -> None:
    """A type is announced only when the bytes prove it."""
    assert look([data]) == PictureFacts(UNKNOWN, None, None, c2pa=False)


def test_a_size_of_zero_is_no_size() -> None:
    """A JPEG may leave its height for later (DNL); then it is unknown."""
    frame = segment(0xC0, b"\x08\0\0\0\x10\x01\x01\x11\0")
    facts = look([b"\xff\xd8" + frame + b"\xff\xda"])
    assert (facts.width, facts.height) == (None, None)


def test_nothing_beyond_the_first_mebibyte_is_looked_at() -> None:
    """What comes later costs nothing, and says nothing."""
    head = draw("png")[:33]
    early = head + chunk(b"zzZz", bytes(LOOK - 200)) + chunk(b"caBX", b"x")
    late = head + chunk(b"zzZz", bytes(LOOK)) + chunk(b"caBX", b"x")
    assert look([early]).c2pa
    assert not look([late[:LOOK], late[LOOK:]]).c2pa
    assert not look([late]).c2pa


FRAME: Final = segment(0xC0, b"\x08\0\x01\0\x01\x01\x01\x11\0")


@pytest.mark.parametrize(
    ("start", "empty", "end"),
    [
        (draw("png")[:33], chunk(b"zzZz", b""), chunk(b"caBX", b"x")),
        (b"\xff\xd8\xff", b"\xd0\xff", FRAME[1:]),
        (b"\xff\xd8\xff", b"\xff", FRAME[1:]),
        (draw("webp"), b"zzzz\0\0\0\0", b"C2PA\0\0\0\0"),
    ],
    ids=["chunks", "markers", "fill bytes", "webp chunks"],
)
def test_empty_blocks_cannot_cost_time(start: bytes, empty: bytes, end: bytes) -> None:
    """A file of nothing but tiny blocks is given up after a few thousand."""
    assert look([start, empty * 100, end]) != look([start])
    assert look([start, empty * BLOCKS, end]) == look([start])
