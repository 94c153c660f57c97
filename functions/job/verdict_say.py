"""What a verdict may repeat of an answer: sentences without secrets.

The law: no key, token, signed address, picture or withheld text passes.
"""

from __future__ import annotations

import re
from typing import Final

_SECRETS: Final = (
    re.compile(r"data:[\w/+.-]{1,80};base64,[\w+/=-]*", re.IGNORECASE),
    re.compile(r"\bBearer\s+[\w.~+/=-]+", re.IGNORECASE),
    re.compile(r"\b(?:AIza|AQ\.|ya29\.|sk-|eyJ)[\w.-]{8,}"),
    re.compile(r"(?i)\b(?:api[_-]?key|key|token)[=:]\s*['\"]?[\w.~+/-]{12,}"),
    re.compile(r"(?<=\w)\?[^\s\"'<>)\]]*=[^\s\"'<>)\]]*"),  # queries may be signed
    re.compile(r"(?=(?:[A-Za-z_+=-]*\d){4})[A-Za-z0-9_+=-]{40,}"),
    # Base64 with its slashes; paths and names of resources have no capitals.
    re.compile(
        r"(?=(?:[a-z0-9+/]*[A-Z]){4})(?=(?:[A-Za-z+/]*\d){4})[A-Za-z0-9+/]{40,}={0,2}"
    ),
)
_MASK: Final = "[withheld]"
# Bytes of letters and digits in a row that make an echo: four words, or seven signs
# of a script that needs no more. Shorter ones are what any two texts share.
_ECHO: Final = 20
_ECHO_LEAST: Final = 8  # where all of the withheld text is no longer
_WITHHELD_LEAST: Final = 4  # characters: shorter texts are not secrets but letters
_TEXT_MOST: Final = 4_000
_WORD: Final = re.compile(r"[\w.:-]{1,80}", re.ASCII)
_ENUM: Final = re.compile(r"[A-Z][A-Z_]{2,60}", re.ASCII)
_SUPPORT: Final = re.compile(
    r"support codes?:?\s*(\d{5,12}(?:,\s*\d{5,12}){0,9})", re.IGNORECASE
)


def masked(text: str, withhold: tuple[str, ...] = ()) -> str:
    """Return the text in one line, with everything secret in it masked."""
    text = text[:_TEXT_MOST]
    for secret in withhold:
        if len(secret) >= _WITHHELD_LEAST:
            text = _unechoed(text.replace(secret, _MASK), secret)
    for pattern in _SECRETS:
        text = pattern.sub(_MASK, text)
    return " ".join(text.split())


def word(reason: str, withhold: tuple[str, ...] = ()) -> str:
    """Return a reason that is a word, "" for anything else.

    An enum of the wire stays one, even where the withheld text speaks of it.
    """
    if not _WORD.fullmatch(reason) or masked(reason) != reason:
        return ""
    if _ENUM.fullmatch(reason):
        return reason
    echoed = any(_unechoed(reason, secret) != reason for secret in withhold)
    return "" if echoed else reason


def _unechoed(text: str, secret: str) -> str:
    """Mask what repeats a piece of the secret, however it is cut, cased or escaped."""
    plain, places = _letters(text)
    if len(plain) < _ECHO_LEAST:
        return text
    whole, _ = _letters(secret)
    size = min(_ECHO, max(len(whole), _ECHO_LEAST))
    pieces = {whole[at : at + size] for at in range(len(whole) - size + 1)}
    said: list[str] = []
    end = 0  # what is to be said of text[:end] is known
    for at in range(len(plain) - size + 1):
        if plain[at : at + size] in pieces:
            first, last = places[at], places[at + size - 1] + 1
            if first > end or not said:
                said += [text[end:first], _MASK]
            end = max(end, last)
    return "".join([*said, text[end:]])


def _letters(text: str) -> tuple[bytes, list[int]]:
    """Return letters and digits in UTF-8, folded, and whence each byte comes."""
    plain, places = bytearray(), []
    for at, letter in enumerate(text):
        if letter.isalnum():
            folded = letter.casefold().encode("utf-8", "replace")
            plain += folded
            places += [at] * len(folded)
    return bytes(plain), places


def support_code(message: str) -> str:
    """Return the support codes that Google names in its sentence."""
    found = _SUPPORT.search(message)
    return found[1] if found else ""
