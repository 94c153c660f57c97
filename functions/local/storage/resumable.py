"""Resumable uploads: a session on disk, chunks in order, an object at the end.

Acknowledged bytes survive a restart, in steps of 256 KiB as Cloud Storage keeps
them. A session that ended answers the same again, so a lost reply costs nothing.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

from functions.local.storage.conditions import Target
from functions.local.storage.errors import ApiError, invalid
from functions.local.storage.records import (
    SESSION_LIFE,
    Session,
    object_name,
    writable,
)
from functions.local.storage.uploads import announced_sums
from functions.local.storage.wire import Reply

if TYPE_CHECKING:
    from functions.local.storage.blobs import Incoming
    from functions.local.storage.store import Store
    from functions.local.storage.wire import Request

STEP: Final = 1 << 18  # bytes in which an unfinished upload is kept
_RANGE: Final = re.compile(
    r"bytes (?:\*|(?P<first>\d{1,18})-(?P<last>\d{1,18}|\*))/(?P<total>\d{1,18}|\*)"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Where the bytes of a PUT belong; None is unknown."""

    first: int | None = 0  # None: no bytes, a question about the state
    last: int | None = None
    total: int | None = None
    final: bool = True  # the end of the body is the end of the object

    @classmethod
    def of_header(cls, header: str | None) -> Self:
        """Read a Content-Range; without one the body is the whole object."""
        if header is None:
            return cls()
        found = _RANGE.fullmatch(header.strip())
        if found is None:
            raise invalid("Failed to parse Content-Range header.")
        total = None if found["total"] == "*" else int(found["total"])
        if found["first"] is None:
            return cls(None, None, total, final=False)
        last = None if found["last"] == "*" else int(found["last"])
        first = int(found["first"])
        if last is not None and (last < first or (total is not None and last >= total)):
            raise invalid("Failed to parse Content-Range header.")
        return cls(first, last, total, final=last is None)


@dataclass(slots=True)
class _Live:
    """The open end of a session in this process."""

    incoming: Incoming
    turn: int = 0  # of the PUT that writes; an older one stops


class Uploads:
    """The resumable sessions of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._live: dict[str, _Live] = {}

    async def start(self, request: Request) -> Reply:
        """Open a session and answer its address."""
        meta = await request.json()
        name = object_name(request.query.get("name") or meta.get("name"))
        target = request.aim(name)
        self._store.check_insert(target)
        writable(meta)  # refused now rather than after the last byte
        if kind := request.headers.get("x-upload-content-type"):
            meta.setdefault("contentType", kind)
        incoming = self._store.blobs.new()
        with incoming.appending():  # the file holds its number from now on
            session = Session(
                id=secrets.token_urlsafe(24),
                bucket=request.bucket,
                name=name,
                meta=meta,
                conditions=target.conditions.given(),
                blob=incoming.number,
                created=self._store.clock.now(),
            )
        with self._store.index.transaction():
            self._store.index.save_session(session)
        self._live[session.id] = _Live(incoming)
        location = (
            f"{request.base}/upload/storage/v1/b/{quote(session.bucket)}/o"
            f"?uploadType=resumable&name={quote(name, safe='')}&upload_id={session.id}"
        )
        headers = {"location": location, "x-guploader-uploadid": session.id}
        return Reply(200, b"", headers)

    async def put(self, request: Request) -> Reply:
        """Take a chunk, or answer how far the session is."""
        session = self._session(request)
        if session.status is not None:
            return Reply.of_json(session.body or {}, session.status)
        span = Span.of_header(request.headers.get("content-range"))
        live = await self._open(session)
        size = live.incoming.sums.size
        if span.first is None:
            if span.total != size:
                return _progress(size)
            return self._finish(session, live, request)
        if span.first > size:
            raise ApiError(
                503, "backendError", f"The next byte expected is {size}; ask for it."
            )
        await self._append(live, span, request)
        size = live.incoming.sums.size
        if not (span.final or size == span.total):
            return _progress(size)
        if span.total not in {None, size}:
            raise invalid(f"{size} bytes came of the {span.total} announced.")
        return self._finish(session, live, request)

    def cancel(self, request: Request) -> Reply:
        """Forget a session and its bytes."""
        session = self._session(request)
        with self._store.index.transaction():
            self._store.index.remove_session(session.id)
        if live := self._live.pop(session.id, None):
            live.turn += 1
        if session.status is None:
            self._store.blobs.remove(session.blob)
        return Reply(499)

    def _session(self, request: Request) -> Session:
        key = request.query.get("upload_id", "")
        session = self._store.index.session(key)
        if session is None or session.bucket != request.bucket:
            raise ApiError(404, "notFound", "No such upload session.")
        if self._store.clock.now() - session.created > SESSION_LIFE:
            raise ApiError(410, "gone", "The upload session is older than a week.")
        return session

    async def _open(self, session: Session) -> _Live:
        live = self._live.get(session.id)
        if live is None:  # begun before a restart
            incoming = await asyncio.to_thread(self._store.blobs.resume, session.blob)
            live = self._live.setdefault(session.id, _Live(incoming))
        return live

    async def _append(self, live: _Live, span: Span, request: Request) -> None:
        live.turn += 1
        turn = live.turn
        incoming = live.incoming
        skip = incoming.sums.size - (span.first or 0)  # kept already, sent again
        room = None if span.last is None else span.last + 1 - incoming.sums.size
        with incoming.appending() as write:
            async for data in request.body():
                if live.turn != turn:
                    raise ApiError(503, "backendError", "A newer request took over.")
                fresh = data[skip:]
                skip -= len(data) - len(fresh)
                if fresh and room is not None and len(fresh) > room:
                    raise invalid("More bytes came than Content-Range says.")
                write(fresh)
                room = None if room is None else room - len(fresh)

    def _finish(self, session: Session, live: _Live, request: Request) -> Reply:
        meta = {**session.meta, **announced_sums(request.headers)}
        target = Target.of_query(session.bucket, session.name, session.conditions)
        index = self._store.index
        live.turn += 1
        try:
            with index.transaction():
                stored = self._store.insert(target, meta, live.incoming)
                resource = stored.resource(request.base)
                index.settle_session(session.id, 200, resource)
        except ApiError as error:
            if error.status == 429:  # noqa: PLR2004  # the client may try again
                raise
            with index.transaction():
                index.settle_session(session.id, error.status, error.resource())
            live.incoming.discard()
            raise
        finally:
            self._forget(session.id)
        return Reply.of_json(resource)

    def _forget(self, key: str) -> None:
        session = self._store.index.session(key)
        if session is None or session.status is not None:
            self._live.pop(key, None)


def _progress(size: int) -> Reply:
    kept = size - size % STEP
    headers = {"range": f"bytes=0-{kept - 1}"} if kept else {}
    return Reply(308, b"", headers)
