"""Copies of finished pictures, made by Cloud Storage under the names people chose.

Law: a copy never replaces anything. What stands at its name already is success when
it is our own copy of the same picture, and a named refusal otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from functions.cloud.media import Resource, permanent, refused
from functions.cloud.places import Place
from functions.job.errors import NeighbourUnavailableError, ReferenceRefusedError
from functions.job.problem import Problem

if TYPE_CHECKING:
    from functions.cloud.media import Media, Reply
    from functions.cloud.places import Places
    from functions.job.ports import Stored

SOURCE: Final = "plantain-source"  # metadata key: of what the copy is one
_COPY: Final = "copy a picture"
_OK: Final = 200
_CONFLICT: Final = 412
_FORBIDDEN: Final = 403
_MISSING: Final = 404
_FIELD: Final = "destination"
_NOT_ALLOWED: Final = (
    "not_allowed",
    (
        "the destination is not in the allow-list: add its bucket or folder to"
        " PLANTAIN_DESTINATIONS, or leave the destination out, then send it again"
        " under a new id"
    ),
)
_TAKEN: Final = (
    "taken",
    (
        "another object has the destination's name and is never replaced: delete it"
        " or choose another name, then send it again under a new id"
    ),
)
_PERMANENT: Final = {
    _FORBIDDEN: (
        "not_writable",
        (
            "our account may not write there: give it roles/storage.objectUser on the"
            " bucket, then send it again under a new id"
        ),
    ),
    _MISSING: (
        "not_found",
        (
            "the bucket does not exist or the picture was deleted: create the bucket,"
            " then send it again under a new id"
        ),
    ),
}
_TRIES: Final = 3  # of a copy whose name is freed under our eyes
_ROUNDS: Final = 100  # a rewrite across regions goes in steps


class BucketCopies:
    """Keeps `functions.job.ports.Copies`."""

    def __init__(self, media: Media, allowed: Places) -> None:
        self._media = media
        self._allowed = allowed

    def problem(self, bucket: str, name: str) -> Problem | None:
        """Return why no copy may ever go there; asks nobody."""
        if self._allowed.allow(bucket, name):
            return None
        reason, message = _NOT_ALLOWED
        return Problem(_FIELD, reason, message)

    def copy(self, picture: Stored, *, bucket: str, name: str) -> None:
        """Copy on the server side, once; our own copy found there is success.

        Raises:
            ReferenceRefusedError: the place is not allowed, or taken.
            NeighbourUnavailableError: the bucket did not answer in time.

        """
        source = Place.parse(picture.uri)
        if source is None or not self._allowed.allow(bucket, name):
            raise _refusal(_NOT_ALLOWED)
        mark = f"{picture.uri}#{picture.generation}"
        body = {"contentType": picture.content_type, "metadata": {SOURCE: mark}}
        for _ in range(_TRIES):
            reply = self._rewrite(source, picture.generation, (bucket, name), body)
            if reply.status != _CONFLICT:
                _expect(_COPY, reply, bucket)
                return
            if self._stands(picture, mark, (bucket, name)):
                return
        raise _refusal(_TAKEN)

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
            reply = self._media.call(_COPY, "POST", url, body=body)
            if reply.status != _OK:
                return reply
            said = reply.json()
            if not isinstance(said, dict):
                raise refused(_COPY, reply, target[0])
            if not said.get("rewriteToken"):
                return reply
            token = {"rewriteToken": str(said["rewriteToken"])}
        raise NeighbourUnavailableError(
            f"Cloud Storage did not end the copy to {target[0]!r} in {_ROUNDS} steps;"
            " the queue delivers again"
        )

    def _stands(self, picture: Stored, mark: str, target: tuple[str, str]) -> bool:
        """Whether our copy has the name; False: nothing has it any more.

        It is taken for ours only if mark and bytes say so.
        """
        what = "describe a copy"
        reply = self._media.call(what, "GET", self._media.address("storage", *target))
        if reply.status == _MISSING:
            return False
        if reply.status == _FORBIDDEN:  # not ours, as far as we can tell
            raise _refusal(_TAKEN)
        _expect(what, reply, target[0])
        there = Resource.of(reply, what)
        if there.metadata.get(SOURCE) != mark or (
            (there.size, there.crc32c) != (picture.size, picture.crc32c)
        ):
            raise _refusal(_TAKEN)
        return True


def _expect(what: str, reply: Reply, bucket: str) -> None:
    """Return if Cloud Storage did it; refuse by name what no repeat changes."""
    if reply.status in _PERMANENT:
        raise _refusal(_PERMANENT[reply.status])
    if permanent(reply.status):
        text = (
            f"Cloud Storage answered {reply.status} when asked to {what}: choose"
            " another destination, then send it again under a new id"
        )
        raise _refusal(("rejected", text))
    if reply.status != _OK:
        raise refused(what, reply, bucket)


def _refusal(why: tuple[str, str]) -> ReferenceRefusedError:
    return ReferenceRefusedError(*why, field=_FIELD)
