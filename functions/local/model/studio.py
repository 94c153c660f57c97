"""Pictures as files: the right magic bytes by model, and a cache of what was drawn.

A JPEG carries an APP11 segment with a C2PA-like manifest of about 6 KB, as recorded
answers do; noise pictures are PNG files of a known weight for the bench.
"""

from __future__ import annotations

import io
import random
import struct
import threading
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from functions.local.model import draw, signature
from functions.local.model.blob import Blob

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

NOISE: Final = {"1K": 1024, "2K": 2048, "4K": 4096}  # square: 1.76, 7.04, 28.2 MB

_MANIFEST: Final = 6 * 1024  # bytes of the APP11 segment
_C2PA: Final = bytes.fromhex("6332706100110010800000aa00389b71")  # JUMBF type
_LEVELS: Final = 21  # of noise a sample: 4.48 bits each once Huffman-coded
_PLATE: Final = 3 * 1024 * 1024  # bytes of noise before it repeats
_QUALITY: Final = 94
_KEEP: Final = 192 * 1024 * 1024  # bytes of pictures and signatures remembered


def encode(image: Image.Image, mime: str) -> bytes:
    """Return `image` as a file of type `mime`."""
    out = io.BytesIO()
    if mime == "image/png":
        image.save(out, "PNG", compress_level=1)
        return out.getvalue()
    image.save(out, "JPEG", quality=_QUALITY)
    return _with_manifest(out.getvalue())


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def _with_manifest(jpeg: bytes) -> bytes:
    """Put an APP11 segment (JUMBF, labelled c2pa) behind the JFIF header."""
    label = _box(b"jumd", _C2PA + b"\x03c2pa\0")
    dice = random.Random(zlib.crc32(jpeg))  # noqa: S311 - filler, not a secret
    room = _MANIFEST - len(label) - 16
    claim = b"stand-in of Plantain; this manifest is signed by nobody"
    filler = claim + dice.randbytes(room - len(claim))
    superbox = _box(b"jumb", label + _box(b"bidb", filler))
    segment = b"JP" + struct.pack(">HI", 1, 1) + superbox
    app11 = b"\xff\xeb" + struct.pack(">H", len(segment) + 2) + segment
    end = 2 + 2 + struct.unpack_from(">H", jpeg, 4)[0]  # SOI and the whole APP0
    return jpeg[:end] + app11 + jpeg[end:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def noise(side: int, seed: int = 0) -> bytes:
    """Return a square PNG of noise, about 1.68 bytes a pixel."""
    dice = random.Random(seed)  # noqa: S311 - a test picture
    levels = bytes(90 + value * _LEVELS // 256 for value in range(256))
    row = 3 * side
    plate = dice.randbytes(min(_PLATE, row * side)).translate(levels)
    plate = plate[: len(plate) - len(plate) % row]
    lines = b"".join(b"\0" + plate[at : at + row] for at in range(0, len(plate), row))
    press = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
    need = side * (row + 1)
    body = bytearray()
    while need > 0:
        body += press.compress(lines[:need])
        need -= len(lines)
    body += press.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head)
    return start + _chunk(b"IDAT", bytes(body)) + _chunk(b"IEND", b"")


class Studio:
    """Makes pictures and signatures, and remembers the latest; thread-safe."""

    def __init__(self, keep: int = _KEEP) -> None:
        self._keep = keep
        self._shelf: OrderedDict[tuple[object, ...], Blob] = OrderedDict()
        self._locks: dict[tuple[object, ...], threading.Lock] = {}
        self._lock = threading.Lock()

    def drawing(self, scene: draw.Scene, mime: str) -> Blob:
        """Return the file of a scene."""
        return self._get(
            ("scene", scene, mime), lambda: encode(draw.paint(scene), mime)
        )

    def noise(self, size: str) -> Blob:
        """Return the noise picture of a size."""
        return self._get(("noise", size), lambda: noise(NOISE[size]))

    def signature(self, said: Blob, size: int) -> Blob:
        """Return the signature of what was said."""
        return self._get(
            ("signature", said.sha256, size), lambda: signature.make(said.data, size)
        )

    def _get(self, key: tuple[object, ...], make: Callable[[], bytes]) -> Blob:
        with self._lock:
            if key in self._shelf:
                self._shelf.move_to_end(key)
                return self._shelf[key]
            working = self._locks.setdefault(key, threading.Lock())
        with working:  # the same picture asked for twice at once is drawn once
            with self._lock:
                if key in self._shelf:
                    return self._shelf[key]
            blob = Blob(make())
            with self._lock:
                self._shelf[key] = blob
                self._locks.pop(key, None)
                self._drop_oldest()
        return blob

    def _drop_oldest(self) -> None:
        weight = sum(len(blob.data) for blob in self._shelf.values())
        while weight > self._keep and len(self._shelf) > 1:
            _, gone = self._shelf.popitem(last=False)
            weight -= len(gone.data)
