"""Reference pictures by address: opened and measured before anything is paid.

Law: an object is read only where the allow-list says so, at the generation that was
measured, in chunks, and to its checked end; no error text repeats an address.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

import google_crc32c

from functions.cloud.media import Resource, permanent, refused
from functions.cloud.places import Place
from functions.cloud.wire import LostError
from functions.job.errors import NeighbourUnavailableError, ReferenceRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.cloud.media import Media
    from functions.cloud.places import Places
    from functions.job.ports import Reference, Sniff

LIMIT: Final = 20_000_000  # bytes of one reference picture
_UNKNOWN: Final = "application/octet-stream"
_HEAD: Final = 4096  # bytes that show the type
_WHAT: Final = "read a reference picture"
_OK: Final = 200
_PARTIAL: Final = 206
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_PERMANENT: Final = {
    403: (
        "not_readable",
        (
            "our account may not read the reference: give it roles/storage.objectViewer"
            " on the bucket, then send it again under a new id"
        ),
    ),
    404: (
        "not_found",
        (
            "the reference does not exist (any more): upload it, then send it again"
            " under a new id"
        ),
    ),
}


class AddressedReferences:
    """Keeps `functions.job.ports.References`."""

    def __init__(
        self,
        media: Media,
        allowed: Places,
        sniff: Sniff,
        fetch: Callable[[str], Reference],
        *,
        limit: int = LIMIT,
    ) -> None:
        self._media = media
        self._allowed = allowed
        self._sniff = sniff
        self._fetch = fetch  # of what the web holds; joined in wiring
        self._limit = limit

    def open(self, uri: str) -> Reference:
        """Return the picture behind `gs://`, `https://` or `data:`.

        Raises:
            ReferenceRefusedError: the address, its size or its type is not allowed.
            NeighbourUnavailableError: the place did not answer; try again later.

        """
        scheme = uri.partition(":")[0].lower()
        if scheme == "gs":
            return self._object(uri)
        if scheme == "data":
            return self._data(uri)
        if scheme in {"https", "http"}:
            return self._fetch(uri)
        raise ReferenceRefusedError(
            "bad_scheme", "a reference must be a gs://, https:// or data: address"
        )

    def _object(self, uri: str) -> Reference:
        place = Place.parse(uri)
        if place is None:
            raise ReferenceRefusedError(
                "bad_address",
                "a gs:// reference must be gs://bucket/name, with or without"
                " #generation",
            )
        if not self._allowed.allow(place.bucket, place.name):
            raise ReferenceRefusedError(
                "not_allowed",
                "the reference is not in the allow-list: add its bucket or folder to"
                " PLANTAIN_REFERENCE_BUCKETS, or choose another way, then send it again"
                " under a new id",
            )
        found = self._describe(place)
        self._measure(found.size)
        pinned = Place(place.bucket, place.name, found.generation)
        kept = ObjectReference(self._media, pinned, found)
        kept.content_type = self._type(b"".join(kept.read(_HEAD)))
        return kept

    def _describe(self, place: Place) -> Resource:
        pin = {} if place.generation is None else {"generation": place.generation}
        url = self._media.address("storage", place.bucket, place.name, **pin)
        reply = self._media.call(_WHAT, "GET", url)
        if permanent(reply.status):
            raise _refusal(reply.status)
        if reply.status != _OK:
            raise refused(_WHAT, reply, place.bucket)
        found = Resource.of(reply, _WHAT)
        if found.content_encoding not in {"", "identity"}:
            raise ReferenceRefusedError(
                "encoded",
                "the reference is stored with a Content-Encoding: upload it without",
            )
        return found

    def _data(self, uri: str) -> Reference:
        head, comma, text = uri.partition(",")
        if not comma or not head.lower().endswith(";base64"):
            raise ReferenceRefusedError(
                "bad_address", "a data: reference must be data:<type>;base64,<bytes>"
            )
        self._measure(len(text) * 3 // 4 - 2)  # before the bytes are made
        data = _decode(text)
        self._measure(len(data))
        return HeldReference(data, self._type(data[:_HEAD]))

    def _measure(self, size: int) -> None:
        if size > self._limit:
            raise ReferenceRefusedError(
                "too_large",
                f"a reference must be at most {self._limit:,} bytes: make it smaller",
            )

    def _type(self, head: bytes) -> str:
        sniffer = self._sniff()
        sniffer.feed(head)
        found = sniffer.facts().content_type
        if found == _UNKNOWN:
            raise ReferenceRefusedError(
                "not_a_picture",
                "the reference is no picture by its bytes: send PNG, JPEG or WebP",
            )
        return found


class HeldReference:
    """A reference picture whose bytes are here."""

    def __init__(self, data: bytes, content_type: str) -> None:
        self._data = data
        self.content_type = content_type

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return len(self._data)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the start; may be called again for a repeat."""
        yield self._data


class ObjectReference:
    """A reference picture in a bucket, read each time it is asked for."""

    def __init__(self, media: Media, place: Place, found: Resource) -> None:
        self._media = media
        self._url = media.address(
            "storage",
            place.bucket,
            place.name,
            alt="media",
            generation=found.generation,
        )
        self._crc32c = found.crc32c
        self.size = found.size
        self.content_type = _UNKNOWN

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the start; may be called again for a repeat.

        Raises:
            ReferenceRefusedError: the object was deleted meanwhile.
            NeighbourUnavailableError: the bytes did not come, or not these.

        """
        crc = 0
        for chunk in self.read(self.size):
            crc = google_crc32c.extend(crc, chunk)
            yield chunk
        if base64.b64encode(crc.to_bytes(4, "big")).decode() != self._crc32c:
            raise NeighbourUnavailableError(
                "a reference picture arrived with other bytes than it was stored with;"
                " the queue delivers again"
            )

    def read(self, end: int) -> Iterator[bytes]:
        """Yield the bytes before `end`; goes on where a connection was lost."""
        at, end = 0, min(end, self.size)
        patience, lost = self._media.patience(), ""
        while at < end:
            if lost:
                patience.pause(_WHAT, lost)
            try:
                for chunk in self._range(at, end, patience.timeout(), again=bool(lost)):
                    at += len(chunk)
                    patience = self._media.patience()  # counts standstill only
                    yield chunk
                lost = "it ended early"
            except LostError as error:
                lost = str(error)

    def _range(
        self, at: int, end: int, timeout: float, *, again: bool
    ) -> Iterator[bytes]:
        whole = at == 0 and end == self.size
        headers = {} if whole else {"Range": f"bytes={at}-{end - 1}"}
        # After any loss with a fresh token: the old one may be what was refused.
        with self._media.stream(
            self._url, headers, timeout=timeout, fresh=again
        ) as stream:
            if permanent(stream.status):
                raise _refusal(stream.status)
            if stream.status != (_OK if whole else _PARTIAL):
                raise LostError(f"status {stream.status}")
            yield from stream.chunks


def _refusal(status: int) -> ReferenceRefusedError:
    """Return the error for an answer that no repeat changes."""
    if status in _PERMANENT:
        return ReferenceRefusedError(*_PERMANENT[status])
    return ReferenceRefusedError(
        "rejected",
        f"Cloud Storage answered {status} when asked for the reference: check its"
        " address and how its bucket is set up (requester pays, keys), then send it"
        " again under a new id",
    )


def _decode(text: str) -> bytes:
    """Decode either alphabet of base64, percent-encoded or not, padded or not."""
    try:
        plain = unquote_to_bytes(text).translate(_STANDARD).rstrip(b"=")
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise ReferenceRefusedError(
            "bad_base64", "the bytes of a data: reference are not base64"
        ) from None
