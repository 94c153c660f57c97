"""One object on its way into a bucket, through one window of memory.

Law: the object appears whole and checked, or not at all. What was sent stays in the
window until Cloud Storage said how much of it is safe, so a lost answer, a 503 or a
429 costs a resend and never a byte. An object that stands there already is ours only
if mark, length and checksum say so.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import google_crc32c

from functions.cloud.media import TRANSIENT, Reply, Resource, refused
from functions.cloud.windows import GRAIN
from functions.cloud.wire import LostError
from functions.job.errors import (
    CorruptedUploadError,
    FencedError,
    NeighbourUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.cloud.media import Media
    from functions.cloud.windows import Windows
    from functions.job.ports import Buffer

MARK: Final = "plantain-writer"  # metadata key that tells our object from another's
_PIECE: Final = 1 << 17  # hashed at once: stays in the processor's cache
_CANCEL: Final = 5.0  # s for the one try to cancel
_WHAT: Final = "take a piece of a picture"
_RANGE: Final = re.compile(r"bytes=0-(\d{1,18})")
_CREATED: Final = (200, 201)
_INCOMPLETE: Final = 308
_CONFLICT: Final = 412
_GONE: Final = (404, 410)
_BAD: Final = 400


@dataclass(frozen=True, slots=True)
class Target:
    """Where an object is to be, and what tells it from another writer's."""

    bucket: str
    name: str
    mark: str

    @property
    def uri(self) -> str:
        """Return the address that people see."""
        return f"gs://{self.bucket}/{self.name}"


class ResumableUpload:
    """Creates `name` from bytes as they come; nothing is visible before `finish`.

    Raises from every method but `cancel`:
        NeighbourUnavailableError: Cloud Storage did not take the bytes in time.
        FencedError: another writer's object has this name.
        CorruptedUploadError: other bytes were stored; they are deleted.
    """

    def __init__(
        self,
        media: Media,
        windows: Windows,
        target: Target,
        content_type: Callable[[], str],
    ) -> None:
        self.target = target
        self._media = media
        self._windows = windows
        self._content_type = content_type  # asked when the first bytes are sent
        self._window: bytearray | None = None
        self._view = memoryview(b"")  # of the window, or of what was put aside
        self._have = 0  # bytes in it
        self._base = 0  # bytes that Cloud Storage has safely, all before the window's
        self._session = ""  # the address is a secret: whoever has it can write
        self._stands = False  # our own object is there, stored by a lost answer
        self._crc = 0
        self._sha = hashlib.sha256()

    @property
    def size(self) -> int:
        """Return how many bytes were written."""
        return self._base + self._have

    @property
    def crc32c(self) -> str:
        """Return the checksum of what was sent, as Cloud Storage writes it."""
        return base64.b64encode(self._crc.to_bytes(4, "big")).decode()

    @property
    def sha256(self) -> str:
        """Return the hash of what was sent, in hex."""
        return self._sha.hexdigest()

    def write(self, data: Buffer) -> None:
        """Take the next bytes; sends a window only once more than it holds came."""
        rest = memoryview(data)
        while rest:
            if self._window is None:
                self._window = self._windows.take()
                self._view = memoryview(self._window)
            if self._have == len(self._view):
                self._send(self._have)
            step = min(len(rest), len(self._view) - self._have)
            self._view[self._have : self._have + step] = rest[:step]
            self._have += step
            rest = rest[step:]

    def park(self) -> None:
        """Send all but the last bytes, at most 256 KiB, and give the window back."""
        if self._window is None:
            return
        even = max(0, self._have - 1) // GRAIN * GRAIN
        if even:
            self._send(even)
        aside = bytes(self._view[even : even + self._have])
        self._return_window()
        self._view = memoryview(aside)

    def finish(self) -> Resource:
        """Send the rest, make the object visible and compare what was stored."""
        total = self.size
        stored = self._send(self._have, total)
        self._return_window()
        ours = stored is not None
        if stored is None:
            stored = self._read_back()
        if (stored.size, stored.crc32c) == (total, self.crc32c):
            self._session = ""
            return stored
        if not ours:
            raise self._fenced()
        self.delete(stored)
        raise self._corrupted()

    def cancel(self) -> None:
        """Forget everything; harmless at any time, and never raises."""
        self._return_window()
        session, self._session = self._session, ""
        if session:
            with contextlib.suppress(LostError):
                self._media.exchange(
                    "DELETE", session, headers={"Content-Length": "0"}, timeout=_CANCEL
                )

    def delete(self, stored: Resource) -> None:
        """Delete what `finish` made, and only that; never raises."""
        bucket, name = self.target.bucket, self.target.name
        url = self._media.address("storage", bucket, name, generation=stored.generation)
        with contextlib.suppress(NeighbourUnavailableError):
            self._media.call("delete a picture", "DELETE", url)

    def _return_window(self) -> None:
        self._view = memoryview(b"")
        if self._window is not None:
            self._windows.give(self._window)
            self._window = None

    def _send(self, count: int, total: int | None = None) -> Resource | None:
        """Hash and deliver the first `count` bytes held; None when none was made."""
        for at in range(0, count, _PIECE):  # a copy: the checksum takes no views
            piece = bytes(self._view[at : min(at + _PIECE, count)])
            self._crc = google_crc32c.extend(self._crc, piece)
            self._sha.update(piece)
        if not self._session and not self._stands:
            self._start()
        stored = None if self._stands else self._deliver(count, total)
        self._base += count
        self._have -= count
        return stored

    def _start(self) -> None:
        what = "begin a picture"
        url = self._media.address(
            "upload/storage",
            self.target.bucket,
            uploadType="resumable",
            name=self.target.name,
            ifGenerationMatch=0,
        )
        body = {
            "contentType": self._content_type(),
            "metadata": {MARK: self.target.mark},
        }
        reply = self._media.call(what, "POST", url, body=body)
        if reply.status == _CONFLICT:
            self._read_back()  # raises unless it is ours
            self._stands = True
            return
        self._session = reply.headers.get("location", "")
        if reply.status not in _CREATED or not self._session:
            raise refused(what, reply, self.target.bucket)

    def _deliver(self, count: int, total: int | None) -> Resource | None:
        """Put bytes until Cloud Storage says that it has them.

        After anything but a clear answer it is asked first what it has.
        """
        patience = self._media.patience()
        done, asking = 0, False
        while True:
            why = "it took only a part"
            try:
                reply = self._put(
                    count if asking else done, count, total, patience.timeout()
                )
            except LostError as error:
                asking, why = True, str(error)
            else:
                if reply.status == _INCOMPLETE:
                    asked, asking = asking, False
                    done = self._persisted(reply, count)
                    if done == count and total is None:
                        return None
                    if asked and done < count:
                        continue  # what is missing goes out at once
                elif reply.status in TRANSIENT:
                    asking, why = True, f"status {reply.status}"
                else:
                    return self._judge(reply, total)
            patience.pause(_WHAT, why)

    def _put(self, done: int, count: int, total: int | None, timeout: float) -> Reply:
        """Put what is missing of the window; nothing missing asks for the state."""
        span = f"{self._base + done}-{self._base + count - 1}" if done < count else "*"
        headers = {
            "Content-Length": str(count - done),
            "Content-Range": f"bytes {span}/{'*' if total is None else total}",
        }
        if total is not None:
            headers["X-Goog-Hash"] = f"crc32c={self.crc32c}"
        return self._media.exchange(
            "PUT",
            self._session,
            headers=headers,
            content=(self._view[done:count],),
            timeout=timeout,
        )

    def _persisted(self, reply: Reply, count: int) -> int:
        """Return how many bytes of the window are safe."""
        found = _RANGE.fullmatch(reply.headers.get("range", ""))
        done = (int(found[1]) + 1 if found else 0) - self._base
        if not 0 <= done <= count:
            raise NeighbourUnavailableError(
                f"the upload of {self.target.uri} lost bytes that were acknowledged"
            )
        return done

    def _judge(self, reply: Reply, total: int | None) -> Resource | None:
        """Return the object that an answer describes, None for another's object."""
        if total is not None:
            if reply.status in _CREATED:
                return Resource.of(reply, _WHAT)
            if reply.status == _CONFLICT:
                return None
            if reply.status == _BAD:
                raise self._corrupted()
        if reply.status in _GONE:
            raise NeighbourUnavailableError(
                f"Cloud Storage forgot the upload of {self.target.uri}"
            )
        raise refused(_WHAT, reply, self.target.bucket)

    def _read_back(self) -> Resource:
        """Return the object under our name, if we wrote it."""
        what = "describe a picture"
        url = self._media.address("storage", self.target.bucket, self.target.name)
        reply = self._media.call(what, "GET", url)
        if reply.status not in _CREATED:
            raise refused(what, reply, self.target.bucket)
        stored = Resource.of(reply, what)
        if stored.metadata.get(MARK) != self.target.mark:
            raise self._fenced()
        return stored

    def _fenced(self) -> FencedError:
        return FencedError(
            f"{self.target.uri} was written by another instance; this one"
            " leaves it and the queue delivers again"
        )

    def _corrupted(self) -> CorruptedUploadError:
        return CorruptedUploadError(
            f"{self.target.uri} did not arrive as it was sent and is not"
            " kept; the queue delivers again"
        )
