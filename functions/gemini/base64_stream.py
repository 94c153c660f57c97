"""Base64 in motion: pictures decoded as they arrive, references encoded as they leave.

The law: nothing is kept but the three characters that do not fill a quad, and what
is not base64 is refused wherever it is split.
"""

from __future__ import annotations

import binascii
import json
import string
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from functions.job.ports import Buffer

_QUAD: Final = 4
_TRIPLE: Final = 3
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_ALPHABET: Final = b"+/" + (string.ascii_letters + string.digits).encode()
_WHITESPACE: Final = b" \t\r\n"
_AFTER_PADDING: Final = "data after padding"


def stdlib_decode(data: Buffer) -> bytes:
    """Decode whole quads of the standard alphabet, strictly."""
    if data[-3:] == b"===":  # strict mode lets whole quads of padding pass
        raise binascii.Error("too much padding")
    return binascii.a2b_base64(data, strict_mode=True)


def stdlib_encode(data: Buffer) -> bytes:
    """Encode in the standard alphabet, padded."""
    return binascii.b2a_base64(data, newline=False)


try:
    import pybase64
except ImportError:  # an instance without it works, at twice the CPU
    decode = stdlib_decode
    encode = stdlib_encode
else:

    def decode(data: Buffer) -> bytes:
        """Decode whole quads of the standard alphabet, strictly."""
        return pybase64.b64decode(data, validate=True)

    def encode(data: Buffer) -> bytes:
        """Encode in the standard alphabet, padded."""
        return pybase64.b64encode(data)


class NotBase64Error(ValueError):
    """The characters are not base64 in any of its accepted spellings."""


class Decoder:
    """Decodes one base64 text that comes in pieces.

    Both alphabets, with padding or without, and white space anywhere. A piece is
    the inside of a JSON string and may hold JSON escapes, none of them split.
    """

    def __init__(self, quads: Callable[[Buffer], bytes] = decode) -> None:
        self._quads = quads
        self._carry = b""
        self._plain = True  # until a piece shows that it needs cleaning
        self._padded = False

    def feed(self, piece: memoryview) -> bytes:
        """Return the bytes that are complete with this piece.

        Raises:
            NotBase64Error: it is none.

        """
        try:
            if self._plain and not self._padded:
                try:
                    return self._fast(piece)
                except binascii.Error:
                    self._plain = False
            return self._careful(bytes(piece))
        except ValueError:  # from the codec, from JSON or from the text's encoding
            raise NotBase64Error from None

    def finish(self) -> bytes:
        """Return the last bytes of a text that came without its padding.

        Raises:
            NotBase64Error: the text ends within a byte.

        """
        rest = self._carry.rstrip(b"=")
        if not rest:
            if self._carry:
                raise NotBase64Error
            return b""
        try:
            return self._quads(rest.ljust(_QUAD, b"="))
        except ValueError:
            raise NotBase64Error from None

    def _fast(self, piece: memoryview) -> bytes:
        """Decode without a copy; leaves everything as it was when that fails."""
        skip = -len(self._carry) % _QUAD
        if len(piece) < skip:
            return self._careful(bytes(piece))
        until = len(piece) - (len(piece) - skip) % _QUAD
        decoded = self._quads(piece[skip:until])
        last = piece[until - 1 : until] if until > skip else b""
        if self._carry:
            first = self._carry + piece[:skip]
            if last and first.endswith(b"="):
                raise binascii.Error(_AFTER_PADDING)
            decoded = self._quads(first) + decoded
            last = last or first[-1:]
        rest = bytes(piece[until:])
        if rest and (last == b"=" or rest.translate(None, _ALPHABET)):
            raise binascii.Error("not to be carried on as it is")
        self._padded = last == b"="
        self._carry = rest
        return decoded

    def _careful(self, piece: bytes) -> bytes:
        if b"\\" in piece:  # as JSON reads it; stray control characters may stay
            piece = json.loads(b'"%b"' % piece, strict=False).encode("ascii")
        data = self._carry + piece.translate(_STANDARD, _WHITESPACE)
        until = len(data) - len(data) % _QUAD
        whole, rest = data[:until], data[until:]
        if (self._padded and data) or (whole.endswith(b"=") and rest):
            raise binascii.Error(_AFTER_PADDING)
        decoded = self._quads(whole)
        self._padded = self._padded or whole.endswith(b"=")
        self._carry = rest
        return decoded


def encoded_size(size: int) -> int:
    """Return the length of `size` bytes in base64."""
    return -(-size // _TRIPLE) * _QUAD


def encoded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the base64 of one text that comes in chunks."""
    carry = b""
    for chunk in chunks:
        skip = min(-len(carry) % _TRIPLE, len(chunk))
        carry += chunk[:skip]
        if len(carry) % _TRIPLE:
            continue
        until = len(chunk) - (len(chunk) - skip) % _TRIPLE
        if carry or until > skip:
            yield encode(carry) + encode(memoryview(chunk)[skip:until])
        carry = chunk[until:]
    if carry:
        yield encode(carry)
