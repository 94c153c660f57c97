"""The streaming reader of `multipart/related` uploads: JSON first, then the bytes.

Whatever the bytes are and wherever the network cuts them, exactly what stands
between the headers of the second part and its closing delimiter comes out.
"""

from __future__ import annotations

import email.message
import email.parser
from typing import TYPE_CHECKING, Final

from functions.local.storage.errors import invalid
from functions.local.storage.wire import json_object

if TYPE_CHECKING:
    from functions.local.storage.records import Resource

_HEAD: Final = 1 << 20  # bytes before the media at most


def boundary_of(content_type: str) -> bytes:
    """Return the boundary of a multipart body.

    Raises:
        ApiError: the content type names none.

    """
    message = email.message.Message()
    message["content-type"] = content_type
    boundary = message.get_boundary()
    if not boundary or not message.get_content_type().startswith("multipart/"):
        raise invalid("A multipart upload needs a Content-Type with a boundary.")
    return boundary.encode("latin-1", "replace")


class Related:
    """Takes the body piece by piece, gives the media bytes back piece by piece."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._held = b"\r\n"  # so that the first delimiter looks like the others
        self.meta: Resource | None = None
        self.content_type = ""
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """Take the next piece of the body and return the media bytes it completes."""
        if self.ended:
            return b""  # an epilogue
        self._held += data
        if self.meta is None and not self._head():
            return b""
        return self._media()

    def close(self) -> Resource:
        """Return the metadata once the body has ended.

        Raises:
            ApiError: the body ended too early.

        """
        if self.meta is None or not self.ended:
            raise invalid("The multipart upload ends before its closing delimiter.")
        return self.meta

    def _media(self) -> bytes:
        end = self._held.find(self._delimiter)
        if end >= 0:
            media = self._held[:end]
            self._held = b""
            self.ended = True
            return media
        # A delimiter may have begun in the last bytes: they wait.
        safe = max(0, len(self._held) - len(self._delimiter) + 1)
        media, self._held = self._held[:safe], self._held[safe:]
        return media

    def _head(self) -> bool:
        """Read the JSON part and the headers of the media part once they are whole."""
        _, _, opened = self._held.partition(self._delimiter)
        json_part, _, rest = opened.partition(self._delimiter)
        headers, complete, media = rest.partition(b"\r\n\r\n")
        if not complete:
            if len(self._held) > _HEAD:
                raise invalid("The metadata part of the upload is too long.")
            return False
        _, blank, document = json_part.partition(b"\r\n\r\n")
        if not blank:
            raise invalid("The metadata part of the upload has no headers.")
        self.meta = json_object(document)
        parsed = email.parser.BytesParser().parsebytes(headers.lstrip() + b"\r\n\r\n")
        self.content_type = parsed.get("content-type", "")
        self._held = media
        return True
