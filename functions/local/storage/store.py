"""Objects as one store: every change is one step that others see whole or not at all.

Preconditions are checked in the same transaction that writes, so of two writers
under `ifGenerationMatch` one wins. Bytes become an object only here, and only whole.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, BinaryIO, Final

from functions.local.storage.blobs import Blobs
from functions.local.storage.errors import ApiError, invalid, no_object
from functions.local.storage.index import Index
from functions.local.storage.notifications import Event, EventType
from functions.local.storage.records import (
    SESSION_LIFE,
    Content,
    Resource,
    StoredObject,
    object_name,
    patched,
    writable,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions.job.ports import Clock
    from functions.local.storage.blobs import Incoming, Sums
    from functions.local.storage.conditions import Target

_RATE: Final = 1.0  # s between two writes of one name, where the rule is on
_TYPE: Final = "application/octet-stream"


class Store:
    """Buckets, objects and their bytes below one directory."""

    def __init__(
        self, root: Path, clock: Clock, announce: Callable[[Event], None]
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self.index = Index(root / "index.db")
        self.blobs = Blobs(root / "blobs")
        self.index.remove_sessions(before=clock.now() - SESSION_LIFE)
        self.blobs.sweep(self.index.blobs())
        self.limit_write_rate = False
        self._announce = announce
        self._written: dict[tuple[str, str], float] = {}

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def need(self, target: Target, *, reading: bool = False) -> StoredObject:
        """Return an object whose conditions hold.

        Raises:
            ApiError: no bucket, no object, or a condition does not hold.

        """
        stored = self.index.find(target.bucket, target.name)
        if stored is None or target.generation not in {None, stored.generation}:
            self.index.bucket(target.bucket)
            raise no_object(target.bucket, target.name)
        target.conditions.check(stored, reading=reading)
        return stored

    def open(self, stored: StoredObject) -> BinaryIO:
        """Open the bytes of an object; they stay readable when it goes."""
        return self.blobs.open(stored.content.blob)

    def check_insert(self, target: Target) -> StoredObject | None:
        """Return what an insert would replace.

        Raises:
            ApiError: it would not be allowed to.

        """
        object_name(target.name)
        self.index.bucket(target.bucket)
        old = self.index.find(target.bucket, target.name)
        target.conditions.check(old)
        self._check_rate(target)
        return old

    def insert(
        self,
        target: Target,
        meta: Resource,
        incoming: Incoming,
        *,
        components: int | None = None,
    ) -> StoredObject:
        """Make a whole file an object.

        Raises:
            ApiError: a condition does not hold, or the bytes are not those announced.

        """
        sums = incoming.sums
        content = Content(
            size=sums.size,
            crc32c=sums.crc32c,
            md5=None if components else sums.md5,
            components=components,
            blob=incoming.number,
        )
        with self.index.transaction():
            old = self.check_insert(target)
            _check_sums(meta, sums)
            stored = self._new(target, meta, content)
            self._replace(old, stored)
        return stored

    def copy(
        self, source: StoredObject, target: Target, meta: Resource, *, move: bool
    ) -> StoredObject:
        """Copy an object without reading it; `meta` replaces its own if there is any.

        Raises:
            ApiError: a condition does not hold.

        """
        chosen = writable(meta) or source.meta
        kind = {"contentType": source.meta.get("contentType")}
        with self.index.transaction():
            old = self.check_insert(target)
            shared = self.blobs.share(source.content.blob)
            content = dataclasses.replace(source.content, blob=shared)
            stored = self._new(target, {**kind, **chosen}, content)
            self._replace(old, stored)
            if move and (source.bucket, source.name) != (target.bucket, target.name):
                self._drop(source)
        return stored

    def update(self, target: Target, given: Resource, *, whole: bool) -> StoredObject:
        """Change metadata; `whole` replaces all of it.

        Raises:
            ApiError: no object, or a condition does not hold.

        """
        with self.index.transaction():
            old = self.need(target)
            self._check_rate(target)
            stored = dataclasses.replace(
                old,
                metageneration=old.metageneration + 1,
                updated=self.clock.now(),
                meta=writable(given) if whole else patched(old.meta, given),
            )
            self.index.save(stored)
            self._tell("OBJECT_METADATA_UPDATE", stored)
        return stored

    def delete(self, target: Target) -> None:
        """Remove an object.

        Raises:
            ApiError: no object, or a condition does not hold.

        """
        with self.index.transaction():
            old = self.need(target)
            self._check_rate(target)
            self._drop(old)

    def _new(self, target: Target, meta: Resource, content: Content) -> StoredObject:
        now = self.clock.now()
        return StoredObject(
            bucket=target.bucket,
            name=target.name,
            generation=self.index.next_generation(now),
            metageneration=1,
            content=content,
            created=now,
            updated=now,
            meta={"contentType": _TYPE, **writable(meta)},
        )

    def _replace(self, old: StoredObject | None, new: StoredObject) -> None:
        self.index.save(new)
        overwrote = old.generation if old else None
        self._tell("OBJECT_FINALIZE", new, overwrote=overwrote)
        if old is not None:
            self._forget(old)
            self._tell("OBJECT_DELETE", old, overwritten_by=new.generation)

    def _drop(self, old: StoredObject) -> None:
        self.index.remove(old.bucket, old.name)
        self._forget(old)
        self._tell("OBJECT_DELETE", old)

    def _forget(self, old: StoredObject) -> None:
        self.index.afterwards(lambda: self.blobs.remove(old.content.blob))

    def _tell(
        self,
        kind: EventType,
        stored: StoredObject,
        *,
        overwrote: int | None = None,
        overwritten_by: int | None = None,
    ) -> None:
        now = self.clock.now()
        if self.limit_write_rate:
            self._written[stored.bucket, stored.name] = now
        event = Event(kind, stored, now, overwrote, overwritten_by)
        self.index.afterwards(lambda: self._announce(event))

    def _check_rate(self, target: Target) -> None:
        last = self._written.get((target.bucket, target.name))
        if last is None or not self.limit_write_rate:
            return
        if self.clock.now() - last < _RATE:
            raise ApiError(
                429,
                "rateLimitExceeded",
                f"The object {target.bucket}/{target.name} exceeded the rate limit for"
                " object mutation operations (create, update, and delete).",
            )


def _check_sums(meta: Resource, sums: Sums) -> None:
    for key, word, ours in (
        ("crc32c", "CRC32C", sums.crc32c),
        ("md5Hash", "MD5 hash", sums.md5),
    ):
        theirs = meta.get(key)
        if theirs is not None and theirs != ours:
            raise invalid(
                f'Provided {word} "{theirs}" doesn\'t match calculated {word} "{ours}".'
            )
