"""Compressed answers, for those who compress though they were asked not to.

The law: never more than one small piece is inflated at once, whatever comes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE: Final = 64 * 1024
_ANY_HEADER: Final = 32 + zlib.MAX_WBITS  # gzip or zlib, whichever it says
_NO_HEADER: Final = -zlib.MAX_WBITS
_ZLIB_METHOD: Final = 8
_COMPRESSED: Final = frozenset({"gzip", "x-gzip", "deflate"})


def supported(encoding: str) -> bool:
    """Return whether an answer in this Content-Encoding can be read."""
    return encoding.strip().lower() in {"", "identity", *_COMPRESSED}


def compressed(encoding: str) -> bool:
    """Return whether it must go through an `Inflater`."""
    return encoding.strip().lower() in _COMPRESSED


class Inflater:
    """Inflates one body that comes in chunks."""

    def __init__(self, encoding: str) -> None:
        self._stream = zlib.decompressobj(_ANY_HEADER)
        # Some servers mean raw deflate, without any header, when they say deflate.
        self._maybe_raw = encoding.strip().lower() == "deflate"

    @property
    def whole(self) -> bool:
        """Return whether the compressed stream came to its end."""
        return self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what is in `data`, in pieces.

        Raises:
            zlib.error: it is not compressed the way it said.

        """
        if data and self._maybe_raw:
            self._maybe_raw = False
            if data[0] & 0x0F != _ZLIB_METHOD:
                self._stream = zlib.decompressobj(_NO_HEADER)
        while data:
            if self._stream.eof:  # a second member, or zeros that fill a block
                data = data.lstrip(b"\0")
                if not data:
                    return
                self._stream = zlib.decompressobj(_ANY_HEADER)
            piece = self._stream.decompress(data, PIECE)
            data = self._stream.unconsumed_tail or self._stream.unused_data
            if piece:
                yield piece
        while piece := self._stream.decompress(b"", PIECE):
            yield piece
