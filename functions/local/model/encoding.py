"""From an answer to bytes: JSON in every manner of writing, SSE, gzip, chunks.

A body is a list of pieces: small ones made for this call, and the long strings of
pictures and signatures, which are shared between calls and compressed once.
"""

from __future__ import annotations

import json
import random
import re
import struct
import zlib
from typing import TYPE_CHECKING, Any, Final

from functions.local.model.blob import Blob, Style, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Json = dict[str, Any]

_MARK: Final = re.compile("\ue000(\\d+)\ue000")  # stands for a Blob while dumping
_GZIP: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_LAST: Final = b"\x03\x00"  # an empty last deflate block


def dump(document: object, style: Style, *, pretty: bool = False) -> list[Text]:
    """Return `document` as JSON pieces, with each `Blob` as its base64."""
    blobs: list[Blob] = []

    def mark(value: object) -> str:
        if not isinstance(value, Blob):
            raise TypeError(f"{type(value).__name__} is no JSON")
        blobs.append(value)
        return f"\ue000{len(blobs) - 1}\ue000"

    text = json.dumps(
        document,
        default=mark,
        ensure_ascii=False,
        indent=2 if pretty else None,
        separators=None if pretty else (",", ":"),
    )
    pieces: list[Text] = []
    for number, part in enumerate(_MARK.split(text)):
        if number % 2:
            pieces.append(blobs[int(part)].text(style))
        elif part:
            pieces.append(Text(part.encode()))
    return pieces


def reorder(document: Any, seed: str) -> Any:  # noqa: ANN401 - JSON
    """Return `document` with the keys of every object reversed, or shuffled by seed."""
    if isinstance(document, list):
        return [reorder(item, seed) for item in document]
    if not isinstance(document, dict):
        return document
    names = list(document)
    if seed in {"", "reverse"}:
        names.reverse()
    else:
        random.Random(seed + names[0] if names else seed).shuffle(names)  # noqa: S311
    return {name: reorder(document[name], seed) for name in names}


def events(body: Json) -> list[Json]:
    """Return the responses of a stream that together say what `body` says.

    One part each; the finish reason and the whole bill come with the last.
    """
    candidates = body.get("candidates") or []
    parts = (candidates[0].get("content") or {}).get("parts") if candidates else None
    if not parts:
        return [body]
    rest = {name: value for name, value in body.items() if name != "candidates"}
    usage = rest.get("usageMetadata", {})
    early = {k: v for k, v in usage.items() if k.startswith("prompt")}
    early["totalTokenCount"] = early.get("promptTokenCount", 0)
    told = []
    for number, part in enumerate(parts, 1):
        content = {**candidates[0]["content"], "parts": [part]}
        if number == len(parts):
            told.append({"candidates": [{**candidates[0], "content": content}], **rest})
        else:
            piece: Json = {"candidates": [{"content": content, "index": 0}]}
            bill = {"usageMetadata": early} if usage else {}
            told.append({**piece, **rest, **bill})
    return told


def server_sent(documents: Iterable[list[Text]]) -> list[Text]:
    """Return an event stream, one `data:` line for each document."""
    pieces: list[Text] = []
    for document in documents:
        pieces += [Text(b"data: "), *document, Text(b"\r\n\r\n")]
    return pieces


def listed(documents: Iterable[list[Text]]) -> list[Text]:
    """Return one JSON list, written element by element as Google does."""
    pieces: list[Text] = []
    for number, document in enumerate(documents):
        pieces += [Text(b",\r\n" if number else b"["), *document]
    return [*pieces, Text(b"]")]


def length(pieces: Iterable[Text]) -> int:
    """Return the plain length of a body."""
    return sum(len(piece.plain) for piece in pieces)


def cut(pieces: list[Text], share: float) -> list[Text]:
    """Return the first `share` (0..1) of a body, never all of it."""
    left = min(int(length(pieces) * share), length(pieces) - 1)
    kept: list[Text] = []
    for piece in pieces:
        if left <= 0:
            break
        whole = len(piece.plain) <= left
        kept.append(piece if whole else Text(piece.plain[:left]))
        left -= len(piece.plain)
    return kept


def gzipped(pieces: list[Text]) -> list[bytes]:
    """Return a body as gzip; long pieces were compressed once and for all."""
    check = 0
    out = [_GZIP]
    for piece in pieces:
        check = zlib.crc32(piece.plain, check)
        out.append(piece.deflated())
    tail = struct.pack("<II", check, length(pieces) & 0xFFFF_FFFF)
    return [*out, _LAST + tail]


def chunks(parts: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the bytes of `parts` in chunks of `size`."""
    rest = bytearray()
    for part in parts:
        view = memoryview(part)
        if rest:
            need = size - len(rest)
            rest += view[:need]
            view = view[need:]
            if len(rest) < size:
                continue
            yield bytes(rest)
            rest.clear()
        whole = len(view) - len(view) % size
        for at in range(0, whole, size):
            yield bytes(view[at : at + size])
        rest += view[whole:]
    if rest:
        yield bytes(rest)
