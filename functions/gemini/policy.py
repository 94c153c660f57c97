"""Which strings of an answer are pictures, which are cut out, and which stay.

A policy belongs to a route's codec; the scanner only asks it. It is asked once for
each value, with the keys that lead there and the first characters.
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


Path = Sequence[bytes]  # keys from the root; b"" stands for a place in a list
Policy = Callable[[Path, bytes], Fate]

_KEEP: Final = Fate("keep")
_TEXT: Final = Fate("keep", limit=LONGEST_TEXT)
_CUT: Final = Fate("cut")
_INLINE: Final = Fate("picture", up=1)
_PICTURE: Final = Fate("picture")

_INLINE_KEYS: Final = frozenset({b"inlineData", b"inline_data"})
_SIGNATURE_KEYS: Final = frozenset({b"thoughtSignature", b"thought_signature"})
_TEXT_KEYS: Final = frozenset({b"text", b"content", b"message", b"finishMessage"})
# The slash and the plus (image/svg+xml) may come as JSON escapes.
_DATA_URI: Final = re.compile(
    rb"data:image(?:\\?/|\\u002f)(?:[\w.+-]|\\u002b)+(?:;[\w.=+-]+)*;base64,",
    re.IGNORECASE,
)


def pictures(path: Path, head: bytes) -> Fate:
    """Find pictures in every place where an answer was seen to carry one."""
    key = path[-1]
    if key in _SIGNATURE_KEYS:
        return _CUT
    if key == b"data" and len(path) > 1 and path[-2] in _INLINE_KEYS:
        return _INLINE
    if key == b"b64_json":
        return _PICTURE
    if head[:5].lower() == b"data:" and (found := _DATA_URI.match(head)):
        return Fate("picture", skip=found.end())
    return _TEXT if key in _TEXT_KEYS else _KEEP


def errors(path: Path, head: bytes) -> Fate:  # noqa: ARG001  # the port of policies
    """Take no pictures out of an answer that is not a success."""
    return _CUT if path[-1] in _SIGNATURE_KEYS else _KEEP
