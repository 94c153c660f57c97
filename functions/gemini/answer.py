"""The answer of a model, read while it arrives: pictures to the album, the rest kept.

The law: whatever comes, in whatever pieces, ends as `Contents` within the bounds;
nothing here raises except the album itself, and no picture is ever held whole.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.gemini.base64_stream import Decoder, NotBase64Error
from functions.gemini.policy import Policy, anywhere
from functions.gemini.scan import Scanner

if TYPE_CHECKING:
    from functions.job.ports import Album, Failure

TEXT: Final = 64 * 1024  # bytes kept of an answer that is not one JSON document

_BEFORE: Final = b"\xef\xbb\xbf \t\r\n"  # a byte order mark and white space
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_=-]{256,}")
# \\ first: the text \\ud800 is a backslash and letters, not half a character.
_HALVES: Final = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much one answer may be; beyond, it is too large."""

    total: int = 1 << 30  # bytes read, pictures and signatures included
    kept: int = 4 << 20  # bytes of what stays of the document
    pictures: int = 32  # ten were seen in one answer
    depth: int = 64


@dataclass(frozen=True, slots=True, repr=False)
class Contents:
    """What an answer held; `body` and `pictures` as `ports.Answer` has them."""

    body: object
    pictures: int
    failure: Failure | None


class AnswerReader:
    """Reads one answer; its pictures are in the album by the time their part ends."""

    def __init__(
        self, album: Album, policy: Policy = anywhere, bounds: Bounds | None = None
    ) -> None:
        self._bounds = bounds or Bounds()
        self._total = 0
        self._text = bytearray()
        self._cuttings = _Cuttings(album, self._bounds.pictures)
        self._scanner: Scanner | None = None
        self._policy = policy
        self._too_large = False

    def feed(self, chunk: bytes) -> bool:
        """Take the next bytes; False says that no more are wanted."""
        self._total += len(chunk)
        self._too_large = self._too_large or self._total > self._bounds.total
        if self._scanner is not None:
            self._scanner.feed(chunk)
            return self._wants_more(self._scanner)
        if not self._text:
            chunk = chunk.lstrip(_BEFORE)
            if chunk[:1] in (b"{", b"["):
                self._scanner = Scanner(
                    self._policy, self._cuttings, depth=self._bounds.depth
                )
                self._scanner.feed(chunk)
                return self._wants_more(self._scanner)
        self._text += chunk[: TEXT - len(self._text)]
        return len(self._text) < TEXT and not self._too_large

    def _wants_more(self, scanner: Scanner) -> bool:
        if not scanner.broken and len(scanner.kept) > self._bounds.kept:
            self._too_large = True
        if scanner.failure or self._cuttings.too_many:
            self._too_large = True
        return not self._too_large and not (scanner.broken and len(scanner.kept) > TEXT)

    @property
    def whole(self) -> bool:
        """Return whether one JSON document came, from brace to brace."""
        return self._scanner is not None and self._scanner.whole

    def finish(self) -> Contents:
        """Return what came, once the last byte was fed."""
        failure: Failure | None = None
        if self._too_large:
            failure = "too_large"
        elif self._cuttings.malformed:
            failure = "malformed"
        scanner = self._scanner
        if scanner is None:
            return Contents(_shown(self._text), 0, failure)
        body = None
        if scanner.whole and not self._too_large:
            body = _parsed(scanner.kept)
        if body is None:
            body = _shown(scanner.kept)
        return Contents(body, self._cuttings.count, failure)


def _parsed(kept: bytearray) -> object:
    """Return the document, or None when it is none.

    Bytes and halves of characters that no text can hold become U+FFFD: they are
    no reason to lose a picture, and must not break whoever writes the text on.
    """
    text = kept.decode("utf-8", "replace")
    if b"\\u" in kept:
        text = _HALVES.sub(lambda m: "\\ufffd" if m[1] else m[0], text)
    try:
        parsed: object = json.loads(text, strict=False)
    except ValueError:
        return None
    return parsed


def _shown(text: bytearray) -> str | None:
    """Return the beginning of what was not JSON, without base64."""
    if not text:
        return None
    return _ENCODED.sub("@cut", text[:TEXT].decode("utf-8", "replace"))


class _Cuttings:
    """Decodes what the scanner cuts out, and hands it to the album."""

    def __init__(self, album: Album, most: int) -> None:
        self.count = 0  # pictures that are not thoughts
        self.malformed = False
        self.too_many = False
        self._album = album
        self._left = most
        self._decoder = Decoder()
        self._begun = False

    def begin(self) -> None:
        self._left -= 1
        self.too_many = self._left < 0
        self._decoder = Decoder()
        self._begun = False

    def write(self, piece: memoryview) -> None:
        if self.malformed or self.too_many:
            return
        try:
            data = self._decoder.feed(piece)
        except NotBase64Error:
            self.malformed = True
            return
        self._pass_on(data)

    def close(self) -> None:
        if self.malformed or self.too_many:
            return
        try:
            self._pass_on(self._decoder.finish())
        except NotBase64Error:
            self.malformed = True

    def end(self, *, thought: bool) -> None:
        if self.malformed or self.too_many or not self._begun:
            return
        self._album.end(thought=thought)
        self._begun = False
        self.count += not thought

    def _pass_on(self, data: bytes) -> None:
        if not data:
            return
        if not self._begun:
            self._album.begin()
            self._begun = True
        self._album.write(data)
