"""Which strings of an answer are pictures, which are cut out, and which stay.

A policy belongs to a route's codec; the scanner only asks it. It is asked once for
each value, with the keys that lead there and the first characters. The law: where a
route has one place for its picture, nothing from any other place is taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

HEAD: Final = 128  # raw characters of a string that a policy may look at
LONG: Final = 64 * 1024  # a string beyond this that is not text is cut
LONGEST_TEXT: Final = 1024 * 1024  # the same for text


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one string."""

    kind: Literal["keep", "cut", "picture"]
    limit: int = LONG  # keep: a longer string is cut after all
    skip: int = 0  # picture: raw characters before its base64
    up: int = 0  # picture: levels from the string's object to its part
    spare: bool = False  # picture: only while none came in a place of its own


# Keys from the root; FIRST stands for the first place in a list, LATER for another.
Path = Sequence[bytes]
FIRST: Final = b""
LATER: Final = b"\0"
Policy = Callable[[Path, bytes], Fate]

_KEEP: Final = Fate("keep")
_TEXT: Final = Fate("keep", limit=LONGEST_TEXT)
_CUT: Final = Fate("cut")
_INLINE: Final = Fate("picture", up=1)
_PICTURE: Final = Fate("picture")

_INLINE_KEYS: Final = frozenset({b"inlineData", b"inline_data"})
_SIGNATURE_KEYS: Final = frozenset({b"thoughtSignature", b"thought_signature"})
_TEXT_KEYS: Final = frozenset({b"text", b"content", b"message", b"finishMessage"})
_CANDIDATE: Final = [b"candidates", FIRST, b"content", b"parts"]
_PLACES: Final = frozenset({FIRST, LATER})
# The slash and the plus (image/svg+xml) may come as JSON escapes.
_DATA_URI: Final = re.compile(
    rb"data:image(?:\\?/|\\u002f)(?:[\w.+-]|\\u002b)+(?:;[\w.=+-]+)*;base64,",
    re.IGNORECASE,
)


def native(path: Path, head: bytes) -> Fate:
    """Find the pictures of generateContent, in parts of its first candidate.

    What looks like one anywhere else (sources of a search, feedback on the prompt,
    another candidate) is cut out. Proxies write the picture as a data address into a
    text: that is a spare one. Once a picture stood in its own place, spare ones are
    cut; one before it has begun to leave, and is an earlier draft.
    """
    key = path[-1]
    if key in _SIGNATURE_KEYS:
        return _CUT
    inline = _is_inline(path)
    skip = _data_uri(head)
    if not inline and not skip:
        return _TEXT if key in _TEXT_KEYS else _KEEP
    within = _within_part(path)
    if inline and len(within) == 2:  # noqa: PLR2004  # inlineData, data
        return _INLINE
    if skip and within == [b"text"]:
        return Fate("picture", skip=skip, spare=True)
    return _CUT


def anywhere(path: Path, head: bytes) -> Fate:
    """Find pictures in every place where an answer of a relay was seen to carry one."""
    key = path[-1]
    if key in _SIGNATURE_KEYS:
        return _CUT
    if _is_inline(path):
        return _INLINE
    if key == b"b64_json":
        return _PICTURE
    if skip := _data_uri(head):
        return Fate("picture", skip=skip)
    return _TEXT if key in _TEXT_KEYS else _KEEP


def errors(path: Path, head: bytes) -> Fate:  # noqa: ARG001  # the port of policies
    """Take no pictures out of an answer that is not a success."""
    return _CUT if path[-1] in _SIGNATURE_KEYS else _KEEP


def _is_inline(path: Path) -> bool:
    return path[-1] == b"data" and len(path) > 1 and path[-2] in _INLINE_KEYS


def _data_uri(head: bytes) -> int:
    """Return where the base64 of a picture's data address begins, 0 if it is none."""
    found = _DATA_URI.match(head) if head[:5].lower() == b"data:" else None
    return found.end() if found else 0


def _within_part(path: Path) -> Path:
    """Return the keys inside a part of the first candidate; none if it is elsewhere.

    The document may be a list of pieces, each of which has candidates.
    """
    at = 1 if path[0] in _PLACES else 0
    until = at + len(_CANDIDATE)
    if len(path) <= until or list(path[at:until]) != _CANDIDATE:
        return []
    return path[until + 1 :] if path[until] in _PLACES else []
