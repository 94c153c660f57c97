"""What the first bytes of a picture say of it, learned while they pass.

Law: any bytes, cut anywhere, give the same facts; nothing raises; no more than the
first mebibyte is looked at, and no more than one small header is kept.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from functions.job.ports import PictureFacts

if TYPE_CHECKING:
    from functions.job.ports import Buffer

UNKNOWN: Final = "application/octet-stream"
LOOK: Final = 1 << 20  # bytes of one picture that are looked at
BLOCKS: Final = 4096  # chunks or segments walked, so that empty ones cost no time
_KEEP: Final = 64  # bytes kept of the inside of one chunk, segment or box

# JPEG markers. Frame headers are C0..CF without DHT (C4), JPG (C8) and DAC (CC).
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE: Final = frozenset((0x01, *range(0xD0, 0xD9)))  # no length follows these
_OVER: Final = frozenset((0xD9, 0xDA))  # end of image, start of scan
_APP11: Final = 0xEB

_AVIF: Final = frozenset((b"avif", b"avis"))
_HEIC: Final = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
)

# A parser yields n > 0 for the next n bytes, n < 0 to pass over some, and is sent
# what it asked for.
_Steps = Generator[int, bytes, None]


class PictureSniffer:
    """One picture's facts; keeps `functions.job.ports.Sniffer`."""

    def __init__(self) -> None:
        self._type = UNKNOWN
        self._width: int | None = None
        self._height: int | None = None
        self._c2pa = False
        self._looked = 0
        self._skip = 0
        self._kept = bytearray()
        self._steps: _Steps | None = self._picture()
        self._need = next(self._steps)

    def feed(self, data: Buffer) -> None:
        """Take the next bytes; cheap, and does nothing once all is known."""
        if self._steps is None:
            return
        at, end = 0, min(len(data), LOOK - self._looked)
        self._looked += end
        while at < end and self._steps is not None:
            if self._skip:
                step = min(self._skip, end - at)
                self._skip -= step
            else:
                step = min(self._need - len(self._kept), end - at)
                self._kept += data[at : at + step]
                if len(self._kept) == self._need:
                    self._advance(self._steps)
            at += step
        if self._looked == LOOK:
            self._steps = None

    def facts(self) -> PictureFacts:
        """Return what is known by now."""
        return PictureFacts(self._type, self._width, self._height, self._c2pa)

    def _advance(self, steps: _Steps) -> None:
        """Hand over the bytes that were asked for and learn what comes next."""
        taken = bytes(self._kept)
        self._kept.clear()
        try:
            while (wish := steps.send(taken)) <= 0:
                self._skip -= wish
                taken = b""
            self._need = wish
        except StopIteration:
            self._steps = None

    def _size(self, width: int, height: int) -> None:
        """Keep the first size that can be true; a frame may repeat the canvas."""
        if width > 0 and height > 0 and self._width is None:
            self._width, self._height = width, height

    def _picture(self) -> _Steps:
        start = yield 3
        if start == b"\xff\xd8\xff":
            self._type = "image/jpeg"
            return (yield from self._jpeg())
        start += yield 5
        if start == b"\x89PNG\r\n\x1a\n":
            self._type = "image/png"
            return (yield from self._png())
        if start[:6] in (b"GIF87a", b"GIF89a"):
            self._type = "image/gif"
            start += yield 2
            return self._size(_little(start[6:8]), _little(start[8:10]))
        start += yield 4
        if start[:4] == b"RIFF" and start[8:] == b"WEBP":
            self._type = "image/webp"
            return (yield from self._webp())
        if start[4:8] == b"ftyp":
            return (yield from self._boxes(start))
        return None

    def _png(self) -> _Steps:
        for index in range(BLOCKS):
            head = yield 8
            length, name = _big(head[:4]), head[4:]
            if index == 0 and name == b"IHDR":
                size = yield min(length, 8)
                self._size(_big(size[:4]), _big(size[4:]))
                length -= len(size)
            if name == b"caBX":
                self._c2pa = True
            if name == b"IEND":
                return
            yield -(length + 4)  # the chunk's own checksum comes last

    def _jpeg(self) -> _Steps:
        marker = yield 1  # the FF before it was part of the magic bytes
        for _ in range(BLOCKS):
            if marker == b"\xff":  # a fill byte
                marker = yield 1
                continue
            if marker[0] in _OVER:
                return
            if marker[0] not in _BARE:
                yield from self._segment(marker[0])
            if (yield 1) != b"\xff":
                return
            marker = yield 1

    def _segment(self, marker: int) -> _Steps:
        length = _big((yield 2)) - 2
        inside = b""
        if length > 0 and (marker in _FRAMES or marker == _APP11):
            inside = yield min(length, _KEEP)
        if marker in _FRAMES:  # bits a sample, height, width
            self._size(_big(inside[3:5]), _big(inside[1:3]))
        # "JP", box number, packet number, then the JUMBF superbox and its description
        if marker == _APP11 and inside[:2] == b"JP" and inside[12:16] == b"jumb":
            self._c2pa |= b"c2pa" in inside.partition(b"jumd")[2]
        yield len(inside) - max(length, 0)

    def _webp(self) -> _Steps:
        for _ in range(BLOCKS):
            head = yield 8
            name, length = head[:4], _little(head[4:])
            length += length & 1  # chunks are padded to even lengths
            if name == b"C2PA":
                self._c2pa = True
            if name in (b"VP8X", b"VP8L", b"VP8 "):
                inside = yield min(length, 10)
                self._size(*_webp_size(name, inside))
                length -= len(inside)
            yield -length

    def _boxes(self, start: bytes) -> _Steps:
        """Tell AVIF from HEIC by the brands of the file type box."""
        brands = {start[8:12]}
        length = min(_big(start[:4]), _KEEP) // 4 * 4 - 12
        more = yield max(length, 0)
        brands |= {more[at : at + 4] for at in range(4, len(more), 4)}
        if brands & _AVIF:
            self._type = "image/avif"
        elif brands & _HEIC:
            self._type = "image/heic"


def _webp_size(name: bytes, inside: bytes) -> tuple[int, int]:
    if name == b"VP8X":
        return _little(inside[4:7]) + 1, _little(inside[7:10]) + 1
    if name == b"VP8L" and inside[:1] == b"\x2f":
        bits = _little(inside[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 " and inside[3:6] == b"\x9d\x01\x2a":
        return _little(inside[6:8]) & 0x3FFF, _little(inside[8:10]) & 0x3FFF
    return 0, 0


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
