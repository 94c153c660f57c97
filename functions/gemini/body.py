"""A request body that is sent piece by piece and whose length is known beforehand.

The law: a reference picture is never held whole, and a body that would not match
its announced length is never completed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions.gemini.base64_stream import encoded, encoded_size
from functions.job.errors import (
    NeighbourUnavailableError,
    ReferenceRefusedError,
    TryLaterError,
    UnsentError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.job.ports import Reference


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes as they are, and references that travel as base64."""

    pieces: tuple[bytes | Reference, ...] = field(repr=False)

    @property
    def size(self) -> int:
        """Return the length of the whole body in bytes."""
        return sum(
            len(piece) if isinstance(piece, bytes) else encoded_size(piece.size)
            for piece in self.pieces
        )

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body from its start.

        Raises:
            UnsentError: a reference broke, so the announced length is never reached.

        """
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from encoded(_sent(piece))


def _sent(reference: Reference) -> Iterator[bytes]:
    """Yield a reference; JSON always stands behind it, so its failure is proof."""
    try:
        yield from _measured(reference)
    except ReferenceRefusedError as refused:
        raise UnsentError(str(refused), refused=refused) from refused
    except TryLaterError as error:
        raise UnsentError(str(error)) from error


def _measured(reference: Reference) -> Iterator[bytes]:
    left = reference.size
    for chunk in reference.chunks():
        left -= len(chunk)
        if left < 0:
            break
        yield chunk
    if left:
        raise NeighbourUnavailableError(
            "A reference picture changed its length while it was being sent;"
            " the queue delivers again."
        )
