"""The object methods of the JSON API, and GET, HEAD and PUT of the XML API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from functions.local.storage import listing, uploads
from functions.local.storage.blobs import join
from functions.local.storage.conditions import Conditions, Target
from functions.local.storage.errors import invalid
from functions.local.storage.media import download
from functions.local.storage.records import object_name
from functions.local.storage.signed import check_signed
from functions.local.storage.wire import Reply

if TYPE_CHECKING:
    from functions.local.storage.records import Resource, StoredObject
    from functions.local.storage.store import Store
    from functions.local.storage.wire import Request

_PARTS: Final = 32  # sources of one compose


class Objects:
    """Routes that read and write objects."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list_all(self, request: Request) -> Reply:
        """objects.list."""
        wanted = listing.Wanted.of_query(request.query)
        index = self._store.index
        return Reply.of_json(listing.page(index, request.bucket, wanted, request.base))

    async def get(self, request: Request) -> Reply:
        """objects.get: the metadata, or the bytes with alt=media."""
        stored = self._store.need(request.aim(), reading=True)
        if request.query.get("alt") == "media" or request.path.startswith("/download/"):
            return download(self._store, stored, request.headers)
        return Reply.of_json(stored.resource(request.base))

    async def patch(self, request: Request) -> Reply:
        """objects.patch: null deletes, custom metadata merges."""
        return await self._update(request, whole=False)

    async def update(self, request: Request) -> Reply:
        """objects.update: the metadata given is all there is."""
        return await self._update(request, whole=True)

    async def _update(self, request: Request, *, whole: bool) -> Reply:
        given = await request.json()
        stored = self._store.update(request.aim(), given, whole=whole)
        return Reply.of_json(stored.resource(request.base))

    async def delete(self, request: Request) -> Reply:
        """objects.delete."""
        self._store.delete(request.aim())
        return Reply(204)

    async def rewrite(self, request: Request) -> Reply:
        """objects.rewrite: always done in one go."""
        stored = await self._copy(request)
        size = str(stored.content.size)
        return Reply.of_json(
            {
                "kind": "storage#rewriteResponse",
                "totalBytesRewritten": size,
                "objectSize": size,
                "done": True,
                "resource": stored.resource(request.base),
            }
        )

    async def copy(self, request: Request) -> Reply:
        """objects.copy."""
        stored = await self._copy(request)
        return Reply.of_json(stored.resource(request.base))

    async def move(self, request: Request) -> Reply:
        """objects.move: the rename, in one step."""
        request.params["to_bucket"] = request.bucket
        stored = await self._copy(request, move=True)
        return Reply.of_json(stored.resource(request.base))

    async def _copy(self, request: Request, *, move: bool = False) -> StoredObject:
        meta = await request.json()
        source = self._store.need(request.aim(source=True))
        target = Target.of_query(
            request.params["to_bucket"], request.params["to_object"], request.query
        )
        return self._store.copy(source, target, meta, move=move)

    async def compose(self, request: Request) -> Reply:
        """objects.compose: up to 32 objects of the bucket, joined in order."""
        body = await request.json()
        target = request.aim()
        self._store.check_insert(target)
        sources = self._sources(request.bucket, body.get("sourceObjects"))
        meta: Resource = {
            "contentType": sources[0].meta.get("contentType"),
            **(body.get("destination") or {}),
        }
        components = sum(source.content.components or 1 for source in sources)
        # Open before the first wait: whoever replaces a source now changes nothing.
        parts = [self._store.open(source) for source in sources]
        incoming = self._store.blobs.new()
        try:
            await asyncio.to_thread(join, parts, incoming)
            stored = self._store.insert(target, meta, incoming, components=components)
        except BaseException:
            incoming.discard()
            raise
        return Reply.of_json(stored.resource(request.base))

    def _sources(self, bucket: str, given: object) -> list[StoredObject]:
        if not isinstance(given, list) or not 0 < len(given) <= _PARTS:
            raise invalid(f"sourceObjects must name 1 to {_PARTS} objects.")
        return [self._source(bucket, source) for source in given]

    def _source(self, bucket: str, given: Any) -> StoredObject:  # noqa: ANN401  # JSON
        if not isinstance(given, dict):
            raise invalid("Each of sourceObjects must be an object with a name.")
        wanted = given.get("objectPreconditions") or {}
        query = {key: str(value) for key, value in wanted.items()}
        if given.get("generation") is not None:
            query["generation"] = str(given["generation"])
        name = object_name(given.get("name"))
        return self._store.need(Target.of_query(bucket, name, query))

    async def xml_get(self, request: Request) -> Reply:
        """GET and HEAD of /bucket/object."""
        check_signed(request.query, self._store.clock.now())
        target = Target(
            request.bucket,
            request.name,
            Conditions.of_headers(request.headers),
            request.aim().generation,
        )
        stored = self._store.need(target)
        return download(self._store, stored, request.headers)

    async def xml_put(self, request: Request) -> Reply:
        """PUT of /bucket/object."""
        check_signed(request.query, self._store.clock.now())
        return await uploads.xml_put(self._store, request)
