"""The rows of the index and how an object looks to a client.

Fields a client may write live in `meta`, as it wrote them; everything else is ours.
"""

from __future__ import annotations

import base64
import datetime as dt
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from functions.local.storage.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

Resource = dict[str, Any]

WRITABLE: Final = frozenset(
    {
        "acl",
        "cacheControl",
        "contentDisposition",
        "contentEncoding",
        "contentLanguage",
        "contentType",
        "contexts",
        "customTime",
        "eventBasedHold",
        "metadata",
        "retention",
        "storageClass",
        "temporaryHold",
    }
)
SESSION_LIFE: Final = 7 * 24 * 3600.0  # s of a resumable upload
_NAME_BYTES: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The bytes of an object; a copy shares all but the number of the file."""

    size: int
    crc32c: str
    md5: str | None  # composed objects have none
    components: int | None
    blob: int  # number of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One finished object."""

    bucket: str
    name: str
    generation: int
    metageneration: int
    content: Content
    created: float
    updated: float
    meta: Resource

    @property
    def etag(self) -> str:
        """Return a tag that changes with content and metadata."""
        packed = struct.pack(">QI", self.generation, self.metageneration)
        return base64.b64encode(packed).decode()

    def resource(self, base: str) -> Resource:
        """Return the object as the JSON API shows it."""
        content = self.content
        path = f"b/{self.bucket}/o/{quote(self.name, safe='')}"
        media = f"{base}/download/storage/v1/{path}"
        shown: Resource = {
            "storageClass": "STANDARD",
            **self.meta,
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "selfLink": f"{base}/storage/v1/{path}",
            "mediaLink": f"{media}?generation={self.generation}&alt=media",
            "name": self.name,
            "bucket": self.bucket,
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "size": str(content.size),
            "crc32c": content.crc32c,
            "etag": self.etag,
            "timeCreated": timestamp(self.created),
            "timeFinalized": timestamp(self.created),
            "timeStorageClassUpdated": timestamp(self.created),
            "updated": timestamp(self.updated),
        }
        if content.md5 is not None:
            shown["md5Hash"] = content.md5
        if content.components is not None:
            shown["componentCount"] = content.components
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One resumable upload; `status` is set once it has ended."""

    id: str
    bucket: str
    name: str
    meta: Resource
    conditions: dict[str, str]
    blob: int
    created: float
    status: int | None = None
    body: Resource | None = None


def timestamp(seconds: float) -> str:
    """Return a time as Cloud Storage writes it."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def writable(given: Mapping[str, object]) -> Resource:
    """Return what a client may set of what it gave, without nulls.

    Raises:
        ApiError: custom metadata that is not text.

    """
    meta = {k: v for k, v in given.items() if k in WRITABLE and v is not None}
    if "metadata" in meta:
        meta["metadata"] = merged({}, meta["metadata"])
    return meta


def patched(meta: Resource, given: Mapping[str, object]) -> Resource:
    """Return `meta` changed by a PATCH: null deletes, custom metadata merges."""
    changed = dict(meta)
    for key, value in given.items():
        if key not in WRITABLE:
            continue
        new = value
        if key == "metadata" and value is not None:
            new = merged(meta.get("metadata", {}), value) or None
        if new is None:
            changed.pop(key, None)
        else:
            changed[key] = new
    return changed


def merged(old: Mapping[str, str], given: object) -> dict[str, str]:
    """Return custom metadata with `given` on top; a null deletes its key."""
    if not isinstance(given, dict) or not all(
        value is None or isinstance(value, str) for value in given.values()
    ):
        raise invalid("metadata must be an object whose values are strings.")
    both = {**old, **given}
    return {str(key): value for key, value in both.items() if value is not None}


def object_name(name: object) -> str:
    """Return a name an object may have; names are data and never become paths.

    Raises:
        ApiError: Cloud Storage would refuse the name as well.

    """
    if not isinstance(name, str) or not name:
        raise invalid("Required parameter: name")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise invalid("The object name is not valid UTF-8.") from None
    if size > _NAME_BYTES:
        raise invalid(f"The object name is longer than {_NAME_BYTES} bytes.")
    if name in {".", ".."} or "\r" in name or "\n" in name:
        raise invalid("Disallowed object name: '.', '..' or a line break.")
    return name
