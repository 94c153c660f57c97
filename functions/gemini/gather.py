"""Small pieces of a body made into larger ones: each piece costs a turn of the loop.

The law: no byte is lost or late for ever; what is held goes on before an error does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEAST: Final = 1 << 16  # bytes; Google sends 16 KiB and 32 KiB at a time


def gathered(pieces: Iterable[bytes], least: int = LEAST) -> Iterator[bytes]:
    """Yield the same bytes, at least `least` at a time but for the last."""
    held: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            held.append(piece)
            size += len(piece)
            if size >= least:
                yield b"".join(held)
                held, size = [], 0
    except Exception:
        if held:
            yield b"".join(held)
        raise
    if held:
        yield b"".join(held)
