"""Thought signatures: opaque bytes that prove what the model said before.

A signature starts with the digest of what it signs and continues with bytes that
follow from that digest, so an echo is verified byte for byte without a store, also
after a restart and for any length.
"""

from __future__ import annotations

import hashlib
import random
from typing import Final

DEFAULT: Final = 2 * 1024 * 1024  # decoded bytes, as of a Pro answer of 2026
_MAGIC: Final = b"\x12\xab\xae\x32"  # recorded signatures start much like this
_HEAD: Final = len(_MAGIC) + 32
_BLOCK: Final = 1024 * 1024  # beyond gzip's window, so a repeat does not compress


def make(said: bytes, size: int = DEFAULT) -> bytes:
    """Return the signature of `said`, `size` bytes long (36 at least)."""
    head = _MAGIC + hashlib.sha256(b"plantain\0" + said).digest()
    left = size - len(head)
    if left <= 0:
        return head
    block = random.Random(head).randbytes(min(_BLOCK, left))  # noqa: S311 - no secret
    return head + (block * -(-left // len(block)))[:left]


def genuine(signature: bytes, said: bytes) -> bool:
    """Say whether `signature` is, to the byte, one that was given for `said`."""
    return len(signature) >= _HEAD and signature == make(said, len(signature))
