"""Doubles of the neighbours of `functions.gemini`, and answers as the wire has them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typing_extensions import override

from functions.gemini.answer import AnswerReader, Bounds, Contents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.job.ports import Buffer, PictureFacts, Stored


class MemoryAlbum:
    """An album in memory that insists on the order of its calls."""

    def __init__(self) -> None:
        self.closed: list[tuple[bytes, bool]] = []
        self.open: bytearray | None = None
        self.began = 0

    def begin(self) -> None:
        assert self.open is None, "the picture before was not ended"
        self.open = bytearray()
        self.began += 1

    def write(self, data: Buffer) -> None:
        assert self.open is not None, "no picture was begun"
        assert len(data), "an empty write is work for nothing"
        self.open += data

    def end(self, *, thought: bool) -> None:
        assert self.open is not None, "no picture was begun"
        self.closed.append((bytes(self.open), thought))
        self.open = None

    def pictures(self) -> tuple[PictureFacts, ...]:
        raise NotImplementedError

    def keep(self) -> tuple[Stored, ...]:
        raise NotImplementedError

    def drop(self) -> None:
        raise NotImplementedError


class CountingAlbum(MemoryAlbum):
    """Keeps only the number of bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self.largest = 0

    @override
    def begin(self) -> None:
        self.began += 1

    @override
    def write(self, data: Buffer) -> None:
        self.size += len(data)
        self.largest = max(self.largest, len(data))

    @override
    def end(self, *, thought: bool) -> None:
        self.closed.append((b"", thought))


@dataclass
class StepClock:
    """A clock that only moves when told to."""

    time: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


@dataclass
class MemoryReference:
    """A reference picture in chunks."""

    parts: tuple[bytes, ...]
    content_type: str = "image/png"
    announced: int | None = None

    @property
    def size(self) -> int:
        whole = sum(map(len, self.parts))
        return whole if self.announced is None else self.announced

    def chunks(self) -> Iterator[bytes]:
        yield from self.parts


@dataclass
class BreakingReference(MemoryReference):
    """A reference picture that fails once all but its last bytes were read."""

    error: Exception = field(default_factory=AssertionError)

    @override
    def chunks(self) -> Iterator[bytes]:
        yield from self.parts[:-1]
        raise self.error


def read(
    text: bytes, size: int | None = None, bounds: Bounds | None = None
) -> tuple[Contents, MemoryAlbum]:
    """Read an answer in chunks of `size` bytes, or at once."""
    step = size or max(1, len(text))
    return read_chunks(
        (text[at : at + step] for at in range(0, len(text), step)), bounds
    )


def read_chunks(
    chunks: Iterator[bytes], bounds: Bounds | None = None
) -> tuple[Contents, MemoryAlbum]:
    album = MemoryAlbum()
    reader = AnswerReader(album, bounds=bounds)
    for chunk in chunks:
        if not reader.feed(chunk):
            break
    return reader.finish(), album


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def inline(data: str, **more: object) -> dict[str, object]:
    return {"inlineData": {"mimeType": "image/png", "data": data}, **more}


def answer(*parts: object) -> bytes:
    """Return an answer of the native route with these parts."""
    tree = {
        "candidates": [
            {"content": {"parts": parts, "role": "model"}, "finishReason": "STOP"}
        ],
        "usageMetadata": {"totalTokenCount": 1417},
        "responseId": "r",
    }
    return json.dumps(tree).encode()
