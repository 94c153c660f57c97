"""The state bucket: small objects, each write conditional, read back after a 412.

A write whose reply was lost is repeated and then told that its own bytes are in the
way; hence every 412 is read back and compared. The law: no write without a
generation, and what was stored is what was sent.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

import google_crc32c

from functions.cloud.media import Resource, refused
from functions.job.errors import CorruptedUploadError

if TYPE_CHECKING:
    from functions.cloud.media import Media

_OK: Final = 200
_MISSING: Final = 404
_CONFLICT: Final = 412


class Ledger:
    """Keeps `functions.job.ports.Objects` in one bucket; thread-safe."""

    def __init__(self, media: Media, bucket: str) -> None:
        self._media = media
        self._bucket = bucket

    def create(self, name: str, body: bytes) -> int | None:
        """Write an object that must not exist; see `job.ports.Objects`."""
        return self._write(name, body, 0)

    def replace(self, name: str, body: bytes, generation: int) -> int | None:
        """Replace exactly `generation`; see `job.ports.Objects`."""
        return self._write(name, body, generation)

    def read(self, name: str) -> tuple[bytes, int] | None:
        """Return content and generation; see `job.ports.Objects`."""
        what = "read a record"
        url = f"{self._media.address('storage', self._bucket, name)}?alt=media"
        reply = self._media.call(what, "GET", url)
        if reply.status == _MISSING:
            return None
        if reply.status != _OK:
            raise refused(what, reply, self._bucket)
        return reply.body, int(reply.headers["x-goog-generation"])

    def _write(self, name: str, body: bytes, generation: int) -> int | None:
        what = "write a record"
        url = self._media.address(
            "upload/storage",
            self._bucket,
            uploadType="media",
            name=name,
            ifGenerationMatch=generation,
        )
        reply = self._media.call(what, "POST", url, body=body)
        if reply.status == _CONFLICT:
            found = self.read(name)
            return found[1] if found is not None and found[0] == body else None
        if reply.status != _OK:
            raise refused(what, reply, self._bucket)
        stored = Resource.of(reply, what)
        if stored.crc32c != _checksum(body):
            raise CorruptedUploadError(
                "Cloud Storage confirmed other bytes of a record than were sent; the"
                " queue delivers again, and whoever reads the record will name it."
            )
        return stored.generation


def _checksum(body: bytes) -> str:
    return base64.b64encode(google_crc32c.value(body).to_bytes(4, "big")).decode()
