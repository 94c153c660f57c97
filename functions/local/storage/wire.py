"""Requests and replies between ASGI and the routes.

Bodies pass in pieces, both ways; only JSON and batches are ever whole in memory,
and they are bounded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import parse_qsl

from functions.local.storage.blobs import CHUNK
from functions.local.storage.conditions import Target
from functions.local.storage.errors import ApiError, invalid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from functions.local.serving import Receive, Scope, Send
    from functions.local.storage.records import Resource

_SMALL: Final = 16 << 20  # bytes of a body that is read whole


class ClientGoneError(Exception):
    """The client closed the connection before its request ended."""


@dataclass(slots=True)
class Request:
    """One request; `params` are the decoded parts of its path."""

    method: str
    path: str  # as it came, not decoded
    query: dict[str, str]
    headers: dict[str, str]
    receive: Receive
    params: dict[str, str] = field(default_factory=dict)
    done: bool = False  # the body was read to its end

    @classmethod
    def of_scope(cls, scope: Scope, receive: Receive) -> Request:
        """Read what came before the body."""
        raw: bytes = scope["raw_path"]
        return cls(
            method=scope["method"],
            path=raw.decode("ascii", "replace"),
            query=query_of(scope["query_string"].decode("ascii", "replace")),
            headers={
                key.decode("latin-1").lower(): value.decode("latin-1")
                for key, value in scope["headers"]
            },
            receive=receive,
        )

    @property
    def base(self) -> str:
        """Return the address the client used, for links."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    @property
    def bucket(self) -> str:
        """Return the bucket of the path."""
        return self.params["bucket"]

    @property
    def name(self) -> str:
        """Return the object of the path."""
        return self.params["object"]

    def aim(self, name: str | None = None, *, source: bool = False) -> Target:
        """Return the object this means, with the conditions of the query.

        A `name` that only the body or the query knows is remembered for the log.
        """
        if name is not None:
            self.params["object"] = name
        return Target.of_query(self.bucket, self.name, self.query, source=source)

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            ClientGoneError: the connection ended first.

        """
        while not self.done:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            self.done = not message.get("more_body", False)
            if data := message.get("body", b""):
                yield data

    async def small_body(self) -> bytes:
        """Return a body that is meant to be short."""
        data = bytearray()
        async for piece in self.body():
            data += piece
            if len(data) > _SMALL:
                raise ApiError(413, "uploadTooLarge", "The request body is too long.")
        return bytes(data)

    async def json(self) -> Resource:
        """Return a JSON object, empty for an empty body."""
        return json_object(await self.small_body())


def query_of(text: str) -> dict[str, str]:
    """Return a query string as a mapping; the last of several wins."""
    return dict(parse_qsl(text, keep_blank_values=True))


def json_object(data: bytes) -> Resource:
    """Return the JSON object in `data`, empty for no data.

    Raises:
        ApiError: it is not one.

    """
    if not data.strip():
        return {}
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise ApiError(400, "parseError", "Parse Error: the body is no JSON.") from None
    if not isinstance(value, dict):
        raise invalid("The body must be a JSON object.")
    return value


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of an open file, which closes when it was sent."""

    file: BinaryIO
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes | Stretch = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, resource: Resource, status: int = 200) -> Reply:
        """Return an answer of the JSON API."""
        headers = {"content-type": "application/json; charset=UTF-8"}
        if isinstance(etag := resource.get("etag"), str):
            headers["etag"] = etag
        return cls(status, json.dumps(resource).encode(), headers)

    @classmethod
    def of_error(cls, error: ApiError, *, xml: bool) -> Reply:
        """Return an error in the shape of the API that was asked."""
        if error.status == 304:  # noqa: PLR2004  # the one status without a body
            return cls(304)
        if xml:
            headers = {"content-type": "application/xml; charset=UTF-8"}
            return cls(error.status, error.document().encode(), headers)
        return cls.of_json(error.resource(), error.status)

    def close(self) -> None:
        """Close the file of an answer that is not sent."""
        if isinstance(self.body, Stretch):
            self.body.file.close()

    async def send(self, send: Send, *, head: bool = False) -> None:
        """Send the answer; at most one piece of a file is in memory."""
        try:
            await self._send(send, head=head)
        finally:
            self.close()

    async def _send(self, send: Send, *, head: bool) -> None:
        body = self.body
        length = body.length if isinstance(body, Stretch) else len(body)
        headers = [
            (key.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for key, value in self.headers.items()
        ]
        if self.status not in {204, 304}:
            headers.append((b"content-length", str(length).encode()))
        await send(
            {"type": "http.response.start", "status": self.status, "headers": headers}
        )
        if head or not isinstance(body, Stretch):
            whole = b"" if head or isinstance(body, Stretch) else body
            await send({"type": "http.response.body", "body": whole})
            return
        body.file.seek(body.start)
        left = length
        while left:
            data = body.file.read(min(CHUNK, left))
            left -= len(data)
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
