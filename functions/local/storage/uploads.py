"""Uploads in one request: media, multipart, and the XML API's PUT.

The bytes go to a file as they come. The file becomes an object only after the last
byte and every check; otherwise it is removed and nothing was ever visible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.local.storage.conditions import Conditions, Target
from functions.local.storage.records import object_name
from functions.local.storage.related import Related, boundary_of
from functions.local.storage.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.local.storage.records import Resource, StoredObject
    from functions.local.storage.store import Store
    from functions.local.storage.wire import Request

_SUMS = {"crc32c": "crc32c", "md5": "md5Hash"}
_XML_FIELDS = {
    "content-type": "contentType",
    "cache-control": "cacheControl",
    "content-disposition": "contentDisposition",
    "content-encoding": "contentEncoding",
    "content-language": "contentLanguage",
}
_XML_METADATA = "x-goog-meta-"


def announced_sums(headers: Mapping[str, str]) -> Resource:
    """Return the checksums that the headers announce, as fields of an object."""
    sums: Resource = {}
    for part in headers.get("x-goog-hash", "").split(","):
        key, _, value = part.strip().partition("=")
        if key in _SUMS:
            sums[_SUMS[key]] = value
    if "content-md5" in headers:
        sums["md5Hash"] = headers["content-md5"]
    return sums


async def media(store: Store, request: Request) -> Reply:
    """Store a body that is nothing but the bytes."""
    name = object_name(request.query.get("name"))
    target = request.aim(name)
    store.check_insert(target)
    meta = {
        "contentType": request.headers.get("content-type"),
        "contentEncoding": request.query.get("contentEncoding"),
        **announced_sums(request.headers),
    }
    stored = await _receive(store, request, target, meta)
    return Reply.of_json(stored.resource(request.base))


async def multipart(store: Store, request: Request) -> Reply:
    """Store a body of JSON metadata and the bytes."""
    store.index.bucket(request.bucket)
    related = Related(boundary_of(request.headers.get("content-type", "")))
    incoming = store.blobs.new()
    try:
        with incoming.appending() as write:
            async for data in request.body():
                write(related.feed(data))
        given = related.close()
        meta = {"contentType": related.content_type or None, **given}
        name = object_name(request.query.get("name") or given.get("name"))
        stored = store.insert(request.aim(name), meta, incoming)
    except BaseException:
        incoming.discard()
        raise
    return Reply.of_json(stored.resource(request.base))


async def xml_put(store: Store, request: Request) -> Reply:
    """Store a body under the path, as signed URLs do."""
    conditions = Conditions.of_headers(request.headers)
    target = Target(request.bucket, object_name(request.name), conditions)
    store.check_insert(target)
    meta: Resource = {
        field: request.headers[header]
        for header, field in _XML_FIELDS.items()
        if header in request.headers
    }
    custom = {
        header.removeprefix(_XML_METADATA): value
        for header, value in request.headers.items()
        if header.startswith(_XML_METADATA)
    }
    meta |= {"metadata": custom or None, **announced_sums(request.headers)}
    stored = await _receive(store, request, target, meta)
    content = stored.content
    headers = {
        "etag": f'"{stored.etag}"',
        "x-goog-generation": str(stored.generation),
        "x-goog-metageneration": "1",
        "x-goog-hash": f"crc32c={content.crc32c},md5={content.md5}",
    }
    return Reply(200, b"", headers)


async def _receive(
    store: Store, request: Request, target: Target, meta: Resource
) -> StoredObject:
    incoming = store.blobs.new()
    try:
        with incoming.appending() as write:
            async for data in request.body():
                write(data)
        return store.insert(target, meta, incoming)
    except BaseException:
        incoming.discard()
        raise
