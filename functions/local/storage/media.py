"""Downloads: the bytes of an object, whole or in part, with its headers."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from functions.local.storage.errors import (
    ApiError,
    condition_not_met,
    not_modified,
)
from functions.local.storage.wire import Reply, Stretch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.local.storage.records import StoredObject
    from functions.local.storage.store import Store

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_SHOWN: Final = {
    "contentType": "content-type",
    "contentDisposition": "content-disposition",
    "contentEncoding": "content-encoding",
    "contentLanguage": "content-language",
    "cacheControl": "cache-control",
}


def download(store: Store, stored: StoredObject, headers: Mapping[str, str]) -> Reply:
    """Return the answer to a GET or HEAD of the bytes.

    Raises:
        ApiError: 304, 412 or 416.

    """
    _check_tags(stored, headers)
    shown = _headers(stored)
    size = stored.content.size
    span = _span(headers.get("range", ""), size)
    if span is None:
        return Reply(200, Stretch(store.open(stored), 0, size), shown)
    start, stop = span
    shown["content-range"] = f"bytes {start}-{stop - 1}/{size}"
    return Reply(206, Stretch(store.open(stored), start, stop - start), shown)


def _check_tags(stored: StoredObject, headers: Mapping[str, str]) -> None:
    if "if-match" in headers and not _names(headers["if-match"], stored.etag):
        raise condition_not_met()
    if _names(headers.get("if-none-match", ""), stored.etag):
        raise not_modified()


def _names(tags: str, etag: str) -> bool:
    given = [tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")]
    return "*" in given or etag in given


def _span(header: str, size: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last; None is everything."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return None  # HTTP: what is not understood is ignored
    if not found[1]:
        start, stop = max(0, size - int(found[2])), size
    else:
        start = int(found[1])
        stop = min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    if start >= size:
        raise ApiError(
            416,
            "requestedRangeNotSatisfiable",
            f"The requested range cannot be satisfied: the object has {size} bytes.",
        )
    return start, stop


def _headers(stored: StoredObject) -> dict[str, str]:
    sums = f"crc32c={stored.content.crc32c}"
    if stored.content.md5 is not None:
        sums += f",md5={stored.content.md5}"
    modified = dt.datetime.fromtimestamp(int(stored.updated), dt.UTC)
    meta = stored.meta
    shown = {
        "accept-ranges": "bytes",
        "cache-control": "public, max-age=3600",
        "etag": f'"{stored.etag}"',
        "last-modified": format_datetime(modified, usegmt=True),
        "x-goog-generation": str(stored.generation),
        "x-goog-hash": sums,
        "x-goog-metageneration": str(stored.metageneration),
        "x-goog-storage-class": str(meta.get("storageClass", "STANDARD")),
        "x-goog-stored-content-encoding": str(meta.get("contentEncoding", "identity")),
        "x-goog-stored-content-length": str(stored.content.size),
    }
    shown |= {
        header: _one_line(meta[field])
        for field, header in _SHOWN.items()
        if meta.get(field)
    }
    custom: dict[str, str] = meta.get("metadata", {})
    for key, value in custom.items():
        if re.fullmatch(r"[A-Za-z0-9_.-]+", key):
            shown[f"x-goog-meta-{key.lower()}"] = _one_line(value)
    return shown


def _one_line(value: object) -> str:
    """Return a value as a header may carry it."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", str(value)).strip()
