"""Words on the drawings: wrapped, as large as they fit, with the font inside Pillow.

That font knows little beyond ASCII. For other letters a font of the machine is
taken where one is, and where none is they lose their accents.
"""

from __future__ import annotations

import contextlib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from PIL import ImageFont

if TYPE_CHECKING:
    from PIL import ImageDraw

    from functions.local.model.palette import Colour

_LEADING: Final = 1.26  # line height in font sizes
_MORE: Final = "..."
_SYSTEM: Final = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf", "arial.ttf")


@lru_cache(maxsize=1)
def _plain() -> frozenset[str]:
    """Return the characters beyond ASCII that the built-in font can draw."""
    face = _builtin(32)
    unknown = bytes(face.getmask("\uffff"))
    tried = "\u00b7\u00d7\u2013\u2014\u2018\u2019\u201c\u201d\u2026"
    return frozenset(one for one in tried if bytes(face.getmask(one)) != unknown)


@lru_cache(maxsize=64)
def _builtin(size: int) -> ImageFont.FreeTypeFont:
    found = ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType; install its wheel")
    return found


@lru_cache(maxsize=64)
def _system(size: int) -> ImageFont.FreeTypeFont | None:
    for name in _SYSTEM:
        with contextlib.suppress(OSError):
            return ImageFont.truetype(name, size)
    return None


def drawable(text: str) -> str:
    """Return `text` in characters that some font at hand can draw."""
    if simple(text) or _system(16) is not None:
        return text
    letters = unicodedata.normalize("NFKD", text)
    kept = (one for one in letters if not unicodedata.combining(one))
    return "".join(one if simple(one) else "?" for one in kept)


def simple(text: str) -> bool:
    """Say whether the built-in font draws every character."""
    return all(one.isascii() or one in _plain() for one in text)


def font(size: int, text: str = "") -> ImageFont.FreeTypeFont:
    """Return a font in `size` px that can draw `text`."""
    size = max(6, size)
    if simple(text):
        return _builtin(size)
    return _system(size) or _builtin(size)


@dataclass(frozen=True, slots=True)
class Block:
    """Wrapped words in one size."""

    lines: tuple[str, ...]
    size: int

    @property
    def height(self) -> int:
        """Return the height of all lines in px."""
        return round(len(self.lines) * self.size * _LEADING)

    def draw(
        self, on: ImageDraw.ImageDraw, at: tuple[int, int], colour: Colour
    ) -> None:
        """Write the lines, the first with its top at `at`."""
        face = font(self.size, "".join(self.lines))
        for number, line in enumerate(self.lines):
            top = at[1] + round(number * self.size * _LEADING)
            on.text((at[0], top), line, font=face, fill=colour)


def _broken(word: str, face: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Cut a word that is wider than a line."""
    advance = {letter: face.getlength(letter) for letter in set(word)}
    pieces = [""]
    used = 0.0
    for letter in word:
        if pieces[-1] and used + advance[letter] > width:
            pieces.append("")
            used = 0.0
        pieces[-1] += letter
        used += advance[letter]
    return pieces


def wrap(text: str, size: int, width: int) -> list[str]:
    """Return the lines of `text` in `size`, none wider than `width` px."""
    face = font(size, text)
    blank = face.getlength(" ")
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line: list[str] = []
        used = 0.0
        for word in paragraph.split():
            pieces = [word]
            long = face.getlength(word)
            if line and used + blank + long <= width:
                line.append(word)
                used += blank + long
                continue
            if long > width:
                pieces = _broken(word, face, width)
            lines += [" ".join(line)] if line else []
            lines += pieces[:-1]
            line = [pieces[-1]]
            used = face.getlength(pieces[-1])
        lines.append(" ".join(line))
    return lines


def fit(text: str, box: tuple[int, int], largest: int, smallest: int) -> Block:
    """Return `text` as large as it fits into `box`, cut with an ellipsis at worst."""
    width, height = box
    text = drawable(text[:2000])
    size = largest
    lines = wrap(text, size, width)
    while size > smallest and len(lines) * size * _LEADING > height:
        size = max(smallest, int(size * 0.9))
        lines = wrap(text, size, width)
    most = max(1, int(height / (size * _LEADING)))
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1].rstrip() + _MORE]
    return Block(tuple(lines), size)


def spaced(
    on: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    colour: Colour,
) -> None:
    """Write one line of small capitals with room between the letters."""
    left = float(at[0])
    for letter in text.upper():
        on.text((left, at[1]), letter, font=font(size, letter), fill=colour)
        left += font(size, letter).getlength(letter) + size * 0.16
