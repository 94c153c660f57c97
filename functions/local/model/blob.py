"""Long bytes on their way into JSON: encoded once, compressed once, shared by all.

Thirty-two answers with the same 28 MB picture hold one copy of its base64 and one of
its deflated form, not thirty-two.
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import pybase64

_LINE: Final = 76  # letters between two line breaks, as MIME writes base64


class Style(NamedTuple):
    """How base64 is written; the defaults are Google's."""

    urlsafe: bool = False
    padded: bool = True
    slashes: bool = False  # "/" as the JSON escape "\\/"
    lines: bool = False  # broken into lines (the JSON escape "\\n")
    broken: bool = False  # a character in the middle that no alphabet has


class Text:
    """A piece of a body, plain and, when first asked for, deflated."""

    def __init__(self, plain: bytes, level: int = 1) -> None:
        self.plain = plain
        self._level = level
        self._lock = threading.Lock()
        self._deflated: bytes | None = None

    def deflated(self) -> bytes:
        """Return raw deflate blocks that stand on their own, byte-aligned."""
        with self._lock:
            if self._deflated is None:
                press = zlib.compressobj(self._level, zlib.DEFLATED, -zlib.MAX_WBITS)
                whole = press.compress(self.plain)
                self._deflated = whole + press.flush(zlib.Z_FULL_FLUSH)
            return self._deflated


@dataclass(eq=False)
class Blob:
    """Bytes that stand in an answer as a base64 string."""

    data: bytes

    def __post_init__(self) -> None:
        """Prepare the forms that will be asked for."""
        self._texts: dict[Style, Text] = {}
        self._lock = threading.Lock()

    @cached_property
    def sha256(self) -> str:
        """Return the hex digest of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def text(self, style: Style) -> Text:
        """Return the inside of the JSON string."""
        with self._lock:
            if style not in self._texts:
                self._texts[style] = Text(_written(self.data, style))
            return self._texts[style]


def _written(data: bytes, style: Style) -> bytes:
    text = pybase64.b64encode(data)
    if style.urlsafe:
        text = text.translate(bytes.maketrans(b"+/", b"-_"))
    if not style.padded:
        text = text.rstrip(b"=")
    if style.broken:
        half = len(text) // 2
        text = text[:half] + b"!" + text[half + 1 :]
    if style.lines:
        text = b"\\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))
    if style.slashes:
        text = text.replace(b"/", b"\\/")
    return text
