"""Copies of finished pictures, made by Cloud Storage under the names people chose.

Law: a copy never replaces anything. What stands at its name already is success when
it is our own copy of the same picture, and a named refusal otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from functions.cloud.media import Resource, refused
from functions.cloud.places import Place
from functions.job.errors import NeighbourUnavailableError, ReferenceRefusedError

if TYPE_CHECKING:
    from functions.cloud.media import Media, Reply
    from functions.cloud.places import Places
    from functions.job.ports import Stored

SOURCE: Final = "plantain-source"  # metadata key: of what the copy is one
_OK: Final = 200
_CONFLICT: Final = 412
_FORBIDDEN: Final = 403
_PERMANENT: Final = {
    _FORBIDDEN: (
        "not_writable",
        (
            "our account may not write there: give it roles/storage.objectUser on the"
            " bucket, then send the request again"
        ),
    ),
    404: (
        "not_found",
        (
            "the bucket does not exist or the picture was deleted: create the bucket,"
            " then send the request again"
        ),
    ),
}
_ROUNDS: Final = 100  # a rewrite across regions goes in steps


class BucketCopies:
    """Keeps `functions.job.ports.Copies`."""

    def __init__(self, media: Media, allowed: Places) -> None:
        self._media = media
        self._allowed = allowed

    def copy(self, picture: Stored, *, bucket: str, name: str) -> None:
        """Copy on the server side, once; our own copy found there is success.

        Raises:
            ReferenceRefusedError: the place is not allowed, or taken.
            NeighbourUnavailableError: the bucket did not answer in time.

        """
        source = Place.parse(picture.uri)
        if source is None or not self._allowed.allow(bucket, name):
            raise _refusal(
                "not_allowed",
                "the destination is not in the allow-list: add its bucket or folder"
                " to PLANTAIN_DESTINATIONS, or leave the destination out",
            )
        mark = f"{picture.uri}#{picture.generation}"
        body = {"contentType": picture.content_type, "metadata": {SOURCE: mark}}
        reply = self._rewrite(source, picture.generation, (bucket, name), body)
        if reply.status == _CONFLICT:
            self._compare(picture, mark, (bucket, name))
        elif reply.status in _PERMANENT:
            raise _refusal(*_PERMANENT[reply.status])
        elif reply.status != _OK:
            raise refused("copy a picture", reply, bucket)

    def _rewrite(
        self, source: Place, generation: int, target: tuple[str, str], body: object
    ) -> Reply:
        token: dict[str, str] = {}
        for _ in range(_ROUNDS):
            url = self._media.address(
                "storage",
                source.bucket,
                source.name,
                *("rewriteTo", "b", target[0], "o", target[1]),
                sourceGeneration=generation,
                ifGenerationMatch=0,
                **token,
            )
            reply = self._media.call("copy a picture", "POST", url, body=body)
            more = reply.json().get("rewriteToken") if reply.status == _OK else None
            if not more:
                return reply
            token = {"rewriteToken": more}
        raise NeighbourUnavailableError(
            f"Cloud Storage did not end the copy to {target[0]!r} in {_ROUNDS} steps;"
            " the queue delivers again"
        )

    def _compare(self, picture: Stored, mark: str, target: tuple[str, str]) -> None:
        """Take what stands there for ours only if mark and bytes say so."""
        what = "describe a copy"
        reply = self._media.call(what, "GET", self._media.address("storage", *target))
        if reply.status == _OK:
            there = Resource.of(reply, what)
            if there.metadata.get(SOURCE) == mark and (
                (there.size, there.crc32c) == (picture.size, picture.crc32c)
            ):
                return
        elif reply.status != _FORBIDDEN:
            raise refused(what, reply, target[0])
        raise _refusal(
            "taken",
            "another object has the destination's name and is never replaced:"
            " delete it or choose another name",
        )


def _refusal(reason: str, message: str) -> ReferenceRefusedError:
    return ReferenceRefusedError(reason, message, field="destination")
