"""The bucket and notification methods of the JSON API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from functions.local.storage.conditions import Conditions
from functions.local.storage.errors import ApiError, invalid
from functions.local.storage.notifications import configuration
from functions.local.storage.records import timestamp
from functions.local.storage.wire import Reply

if TYPE_CHECKING:
    from functions.local.storage.records import Resource
    from functions.local.storage.store import Store
    from functions.local.storage.wire import Request

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_OURS: Final = frozenset(
    {"kind", "id", "name", "metageneration", "timeCreated", "etag"}
)


class _Version:
    """The version of a bucket, for its preconditions."""

    generation = 0

    def __init__(self, resource: Resource) -> None:
        self.metageneration = int(resource["metageneration"])


class Buckets:
    """Routes that read and write buckets."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._index = store.index

    def create(self, name: object, given: Resource) -> Resource:
        """Make a bucket.

        Raises:
            ApiError: the name is taken or impossible.

        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise invalid(f"Invalid bucket name: {str(name)[:80]!r}.")
        now = timestamp(self._store.clock.now())
        with self._index.transaction():
            if self._exists(name):
                raise ApiError(
                    409,
                    "conflict",
                    "Your previous request to create the named bucket succeeded and"
                    " you already own it.",
                )
            resource: Resource = {
                "location": "US",
                "locationType": "multi-region",
                "storageClass": "STANDARD",
                **given,
                "kind": "storage#bucket",
                "id": name,
                "name": name,
                "projectNumber": "0",
                "metageneration": "1",
                "etag": "1",
                "timeCreated": now,
                "updated": now,
            }
            self._index.save_bucket(resource)
        return resource

    def _exists(self, name: str) -> bool:
        try:
            self._index.bucket(name)
        except ApiError:
            return False
        return True

    async def list_all(self, request: Request) -> Reply:
        """buckets.list, all on one page."""
        prefix = request.query.get("prefix", "")
        found = [b for b in self._index.buckets() if b["name"].startswith(prefix)]
        return Reply.of_json({"kind": "storage#buckets", "items": found})

    async def insert(self, request: Request) -> Reply:
        """buckets.insert."""
        given = await request.json()
        return Reply.of_json(self.create(given.get("name"), given))

    async def get(self, request: Request) -> Reply:
        """buckets.get."""
        resource = self._index.bucket(request.bucket)
        _check(request, resource, reading=True)
        return Reply.of_json(resource)

    async def patch(self, request: Request) -> Reply:
        """buckets.patch: null deletes, labels merge."""
        given = await request.json()
        with self._index.transaction():
            resource = self._index.bucket(request.bucket)
            _check(request, resource)
            for key, value in given.items():
                if key not in _OURS:
                    _set(resource, key, value)
            resource["metageneration"] = str(int(resource["metageneration"]) + 1)
            resource["etag"] = resource["metageneration"]
            resource["updated"] = timestamp(self._store.clock.now())
            self._index.save_bucket(resource)
        return Reply.of_json(resource)

    async def delete(self, request: Request) -> Reply:
        """buckets.delete, of an empty one."""
        with self._index.transaction():
            _check(request, self._index.bucket(request.bucket))
            if next(self._index.scan(request.bucket, ""), None) is not None:
                raise ApiError(
                    409, "conflict", "The bucket you tried to delete is not empty."
                )
            self._index.remove_bucket(request.bucket)
        return Reply(204)

    async def policy(self, request: Request) -> Reply:
        """Return an empty policy: nobody is locked out here."""
        self._index.bucket(request.bucket)
        return Reply.of_json(
            {"kind": "storage#policy", "version": 1, "etag": "CAE=", "bindings": []}
        )

    async def add_notification(self, request: Request) -> Reply:
        """notifications.insert."""
        given = configuration(await request.json())
        with self._index.transaction():
            self._index.bucket(request.bucket)
            number = self._index.add_notification(request.bucket, given)
        return Reply.of_json({**given, "id": str(number), "etag": str(number)})

    async def list_notifications(self, request: Request) -> Reply:
        """notifications.list."""
        self._index.bucket(request.bucket)
        found = self._index.notifications(request.bucket)
        return Reply.of_json({"kind": "storage#notifications", "items": found})

    async def get_notification(self, request: Request) -> Reply:
        """notifications.get."""
        self._index.bucket(request.bucket)
        for found in self._index.notifications(request.bucket):
            if found["id"] == request.params["notification"]:
                return Reply.of_json(found)
        raise _no_notification()

    async def delete_notification(self, request: Request) -> Reply:
        """notifications.delete."""
        number = request.params["notification"]
        with self._index.transaction():
            self._index.bucket(request.bucket)
            if not self._index.remove_notification(request.bucket, number):
                raise _no_notification()
        return Reply(204)


def _check(request: Request, resource: Resource, *, reading: bool = False) -> None:
    conditions = Conditions.of_query(request.query)
    conditions.check(_Version(resource), reading=reading)


def _set(resource: Resource, key: str, value: object) -> None:
    if key == "labels" and isinstance(value, dict):
        both = {**resource.get("labels", {}), **value}
        resource[key] = {k: v for k, v in both.items() if v is not None}
    elif value is None:
        resource.pop(key, None)
    else:
        resource[key] = value


def _no_notification() -> ApiError:
    return ApiError(404, "notFound", "No such notification configuration.")
