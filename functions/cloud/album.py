"""The pictures of one attempt, on their way into the bucket while they arrive.

Law: nothing is visible before `keep`, and `drop` or any failure leaves no trace. One
window serves all pictures: before the next begins, the last is sent up to a tail.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.cloud.upload import ResumableUpload, Target
from functions.cloud.windows import Windows
from functions.job.ports import PictureFacts, Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.cloud.media import Media, Resource
    from functions.job.ports import Buffer, Sniff, Sniffer


@dataclass(frozen=True, slots=True)
class _Picture:
    """One picture and what its bytes say."""

    upload: ResumableUpload
    sniffer: Sniffer

    def stored(self, resource: Resource, *, draft: bool) -> Stored:
        facts, upload = self.sniffer.facts(), self.upload
        return Stored(
            uri=upload.target.uri,
            generation=resource.generation,
            content_type=facts.content_type,
            size=resource.size,
            crc32c=resource.crc32c,
            sha256=upload.sha256,
            width=facts.width,
            height=facts.height,
            c2pa=facts.c2pa,
            draft=draft,
        )


class Albums:
    """Makes the albums of one bucket; one for each instance, shared by its threads."""

    def __init__(
        self, media: Media, bucket: str, sniff: Sniff, windows: Windows | None = None
    ) -> None:
        self._media = media
        self._bucket = bucket
        self._sniff = sniff
        self._windows = windows or Windows()

    def __call__(self, prefix: str, *, drafts: bool, mark: str = "") -> BucketAlbum:
        """Return an empty album whose pictures are named `prefix` plus an index.

        `mark` tells this writer's objects from any other's; a random one does for
        an album that is opened once.
        """
        mark = mark or secrets.token_hex(8)

        def picture(index: int) -> _Picture:
            sniffer = self._sniff()
            upload = ResumableUpload(
                self._media,
                self._windows,
                Target(self._bucket, f"{prefix}{index}", mark),
                lambda: sniffer.facts().content_type,
            )
            return _Picture(upload, sniffer)

        return BucketAlbum(picture, drafts=drafts)


class BucketAlbum:
    """Keeps `functions.job.ports.Album`; used by one thread."""

    def __init__(self, picture: Callable[[int], _Picture], *, drafts: bool) -> None:
        self._picture = picture
        self._keeps_drafts = drafts
        self._begun = 0
        self._open: _Picture | None = None
        self._closed: list[_Picture] = []  # result last
        self._kept: tuple[Stored, ...] = ()

    def begin(self) -> None:
        """Start a picture."""
        try:
            if self._closed:
                self._closed[-1].upload.park()
        except BaseException:
            self.drop()
            raise
        self._open = self._picture(self._begun)
        self._begun += 1

    def write(self, data: Buffer) -> None:
        """Take decoded bytes of the picture begun last."""
        if self._open is None:
            raise RuntimeError("an album takes bytes between begin and end only")
        try:
            self._open.sniffer.feed(data)
            self._open.upload.write(data)
        except BaseException:
            self.drop()
            raise

    def end(self, *, thought: bool) -> None:
        """Close the picture begun last; a thought is dropped at once."""
        picture, self._open = self._open, None
        if picture is None:
            raise RuntimeError("an album ends a picture once, after begin")
        if thought:
            picture.upload.cancel()
            return
        if self._closed and not self._keeps_drafts:
            self._closed.pop().upload.cancel()
        self._closed.append(picture)

    def pictures(self) -> tuple[PictureFacts, ...]:
        """Return the facts of the pictures that `keep` would keep, result last."""
        return tuple(picture.sniffer.facts() for picture in self._closed)

    def keep(self) -> tuple[Stored, ...]:
        """Make the pictures visible, verify their checksums, return result last."""
        made: list[tuple[_Picture, Resource]] = []
        try:
            made.extend((each, each.upload.finish()) for each in self._closed)
        except BaseException:
            for picture, resource in made:
                picture.upload.delete(resource)
            self.drop()
            raise
        self._kept += tuple(
            picture.stored(resource, draft=picture is not self._closed[-1])
            for picture, resource in made
        )
        self._closed.clear()
        self.drop()
        return self._kept

    def drop(self) -> None:
        """Cancel every upload; harmless when nothing was begun or after `keep`."""
        if self._open is not None:
            self._open.upload.cancel()
            self._open = None
        while self._closed:
            self._closed.pop().upload.cancel()
