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
)
_MASK: Final = "[withheld]"
_WITHHELD_LEAST: Final = 4  # characters: shorter texts are not secrets but letters
_TEXT_MOST: Final = 4_000
_WORD: Final = re.compile(r"[\w.:-]{1,80}", re.ASCII)
_SUPPORT: Final = re.compile(
    r"support codes?:?\s*(\d{5,12}(?:,\s*\d{5,12}){0,9})", re.IGNORECASE
)


def masked(text: str, withhold: tuple[str, ...] = ()) -> str:
    """Return the text in one line, with everything secret in it masked."""
    text = text[:_TEXT_MOST]
    for secret in withhold:
        if len(secret) >= _WITHHELD_LEAST:
            text = text.replace(secret, _MASK)
    for pattern in _SECRETS:
        text = pattern.sub(_MASK, text)
    return " ".join(text.split())


def word(reason: str) -> str:
    """Return a reason that is a word, "" for anything else."""
    return reason if _WORD.fullmatch(reason) and masked(reason) == reason else ""


def support_code(message: str) -> str:
    """Return the support codes that Google names in its sentence."""
    found = _SUPPORT.search(message)
    return found[1] if found else ""
