"""The index: which objects, buckets, sessions and notifications exist.

SQLite in one file. Every change happens in a transaction, so a process killed at
any moment leaves the state before or after it. Generations never repeat and never
go back, whatever the clock does.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from typing import TYPE_CHECKING, Any, Final

from functions.local.storage.errors import no_bucket
from functions.local.storage.records import Content, Resource, Session, StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SCHEMA: Final = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, resource TEXT);
CREATE TABLE IF NOT EXISTS object (
  bucket TEXT, name TEXT, generation INTEGER, metageneration INTEGER, size INTEGER,
  crc32c TEXT, md5 TEXT, components INTEGER, blob INTEGER, created REAL,
  updated REAL, meta TEXT, PRIMARY KEY (bucket, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session (
  id TEXT PRIMARY KEY, bucket TEXT, name TEXT, meta TEXT, conditions TEXT,
  blob INTEGER, created REAL, status INTEGER, body TEXT);
CREATE TABLE IF NOT EXISTS notification (
  id INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT, resource TEXT);
CREATE TABLE IF NOT EXISTS newest (generation INTEGER);
INSERT INTO newest SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM newest);
"""
_OBJECT: Final = (
    "bucket, name, generation, metageneration, size, crc32c, md5, components, blob,"
    " created, updated, meta"
)
_SESSION: Final = "id, bucket, name, meta, conditions, blob, created, status, body"


class Index:
    """The rows; thread-safe, with one writer at a time."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(_SCHEMA)
        self._lock = threading.RLock()
        self._depth = 0
        self._later: list[Callable[[], None]] = []

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all of the block happen, or none; blocks may nest."""
        with self._lock:
            if self._depth:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            self._later = []
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._later = []
                self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0
            later, self._later = self._later, []
        for call in later:
            call()

    def afterwards(self, call: Callable[[], None]) -> None:
        """Run `call` once the transaction around this has happened, if it does."""
        self._later.append(call)

    def next_generation(self, now: float) -> int:
        """Return a generation above every earlier one; inside a transaction."""
        micros = int(now * 1_000_000)
        (generation,) = self._one(
            "UPDATE newest SET generation = max(generation + 1, ?)"
            " RETURNING generation",
            micros,
        )
        return int(generation)

    # Objects

    def find(self, bucket: str, name: str) -> StoredObject | None:
        """Return an object, None if there is none."""
        with self._lock:
            row = self._db.execute(
                f"SELECT {_OBJECT} FROM object WHERE bucket = ? AND name = ?",  # noqa: S608  # a constant
                (bucket, name),
            ).fetchone()
        return _object(row) if row else None

    def scan(self, bucket: str, start: str) -> Iterator[StoredObject]:
        """Yield the objects of a bucket by name, from `start` on."""
        yield from map(
            _object,
            self._db.execute(
                f"SELECT {_OBJECT} FROM object WHERE bucket = ? AND name >= ?"  # noqa: S608  # a constant
                " ORDER BY name",
                (bucket, start),
            ),
        )

    def save(self, stored: StoredObject) -> None:
        """Put an object in the place of the one of its name."""
        self._db.execute(
            f"INSERT OR REPLACE INTO object ({_OBJECT})"  # noqa: S608  # a constant
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                stored.bucket,
                stored.name,
                stored.generation,
                stored.metageneration,
                stored.content.size,
                stored.content.crc32c,
                stored.content.md5,
                stored.content.components,
                stored.content.blob,
                stored.created,
                stored.updated,
                json.dumps(stored.meta),
            ),
        )

    def remove(self, bucket: str, name: str) -> None:
        """Forget an object."""
        self._db.execute(
            "DELETE FROM object WHERE bucket = ? AND name = ?", (bucket, name)
        )

    def blobs(self) -> set[int]:
        """Return the numbers of every file that is in use."""
        rows = self._db.execute(
            "SELECT blob FROM object"
            " UNION SELECT blob FROM session WHERE status IS NULL"
        )
        return {number for (number,) in rows}

    # Buckets

    def bucket(self, name: str) -> Resource:
        """Return a bucket.

        Raises:
            ApiError: there is none of this name.

        """
        with self._lock:
            row = self._db.execute(
                "SELECT resource FROM bucket WHERE name = ?", (name,)
            ).fetchone()
        if row is None:
            raise no_bucket()
        return _json(row[0])

    def buckets(self) -> list[Resource]:
        """Return every bucket by name."""
        rows = self._db.execute("SELECT resource FROM bucket ORDER BY name")
        return [_json(text) for (text,) in rows]

    def save_bucket(self, resource: Resource) -> None:
        """Put a bucket in the place of the one of its name."""
        self._db.execute(
            "INSERT OR REPLACE INTO bucket (name, resource) VALUES (?, ?)",
            (resource["name"], json.dumps(resource)),
        )

    def remove_bucket(self, name: str) -> None:
        """Forget a bucket and its notifications."""
        self._db.execute("DELETE FROM bucket WHERE name = ?", (name,))
        self._db.execute("DELETE FROM notification WHERE bucket = ?", (name,))

    # Resumable sessions

    def session(self, session: str) -> Session | None:
        """Return an upload session, None if there is none."""
        row = self._db.execute(
            f"SELECT {_SESSION} FROM session WHERE id = ?",  # noqa: S608  # a constant
            (session,),
        ).fetchone()
        if row is None:
            return None
        key, bucket, name, meta, conditions, blob, created, status, body = row
        return Session(
            id=key,
            bucket=bucket,
            name=name,
            meta=_json(meta),
            conditions=_json(conditions),
            blob=blob,
            created=created,
            status=status,
            body=None if body is None else _json(body),
        )

    def save_session(self, session: Session) -> None:
        """Remember an upload session."""
        self._db.execute(
            f"INSERT INTO session ({_SESSION})"  # noqa: S608  # a constant
            " VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
            (
                session.id,
                session.bucket,
                session.name,
                json.dumps(session.meta),
                json.dumps(session.conditions),
                session.blob,
                session.created,
            ),
        )

    def settle_session(self, session: str, status: int, body: Resource) -> None:
        """Remember how an upload session ended."""
        self._db.execute(
            "UPDATE session SET status = ?, body = ? WHERE id = ?",
            (status, json.dumps(body), session),
        )

    def remove_session(self, session: str) -> None:
        """Forget an upload session."""
        self._db.execute("DELETE FROM session WHERE id = ?", (session,))

    def remove_sessions(self, before: float) -> None:
        """Forget the upload sessions that began before a time."""
        self._db.execute("DELETE FROM session WHERE created < ?", (before,))

    # Notifications

    def notifications(self, bucket: str) -> list[Resource]:
        """Return the notification configurations of a bucket."""
        rows = self._db.execute(
            "SELECT id, resource FROM notification WHERE bucket = ? ORDER BY id",
            (bucket,),
        )
        return [{**_json(text), "id": str(number)} for number, text in rows]

    def add_notification(self, bucket: str, resource: Resource) -> int:
        """Remember a configuration and return its number."""
        (number,) = self._one(
            "INSERT INTO notification (bucket, resource) VALUES (?, ?) RETURNING id",
            bucket,
            json.dumps(resource),
        )
        return int(number)

    def remove_notification(self, bucket: str, number: str) -> bool:
        """Forget a configuration; say whether there was one."""
        done = self._db.execute(
            "DELETE FROM notification WHERE bucket = ? AND id = ?", (bucket, number)
        )
        return done.rowcount > 0

    def _one(self, statement: str, *values: object) -> tuple[Any, ...]:
        (row,) = self._db.execute(statement, values).fetchall()
        found: tuple[Any, ...] = row
        return found


def _json(text: str) -> Resource:
    value: Resource = json.loads(text)
    return value


def _object(row: tuple[Any, ...]) -> StoredObject:
    bucket, name, generation, metageneration, *content, created, updated, meta = row
    size, crc32c, md5, components, blob = content
    return StoredObject(
        bucket=bucket,
        name=name,
        generation=generation,
        metageneration=metageneration,
        content=Content(
            size=size, crc32c=crc32c, md5=md5, components=components, blob=blob
        ),
        created=created,
        updated=updated,
        meta=_json(meta),
    )
