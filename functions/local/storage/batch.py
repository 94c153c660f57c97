"""The batch method: several JSON requests in one body, answered one by one."""

from __future__ import annotations

import email.parser
import secrets
from email.message import Message as Part
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from functions.local.storage.errors import invalid
from functions.local.storage.related import boundary_of
from functions.local.storage.wire import Reply, Request, query_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from functions.local.serving import Message

    Ask = Callable[[Request], Awaitable[Reply]]

_CALLS: Final = 100


async def batch(request: Request, ask: Ask) -> Reply:
    """Answer every part with `ask`, in order.

    Raises:
        ApiError: the body is no batch, or a batch of too many.

    """
    content_type = request.headers.get("content-type", "")
    boundary_of(content_type)
    whole = b"content-type: " + content_type.encode("latin-1") + b"\r\n\r\n"
    parsed = email.parser.BytesParser().parsebytes(whole + await request.small_body())
    payload = parsed.get_payload()
    parts = [part for part in payload if isinstance(part, Part)]
    if not 0 < len(parts) <= _CALLS:
        raise invalid(f"A batch has 1 to {_CALLS} parts.")
    boundary = f"batch_{secrets.token_hex(12)}"
    answers = [await _answer(part, request, ask) for part in parts]
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), one) for one in answers)
    body += b"--%s--\r\n" % boundary.encode()
    headers = {"content-type": f"multipart/mixed; boundary={boundary}"}
    return Reply(200, body, headers)


async def _answer(part: Part, outer: Request, ask: Ask) -> bytes:
    reply = await ask(_request(part, outer))
    if not isinstance(reply.body, bytes):
        reply.close()
        raise invalid("Downloads are not allowed in a batch.")
    number = part.get("content-id", "").strip("<>")
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = ""
    headers = {**reply.headers, "content-length": str(len(reply.body))}
    lines = [
        "Content-Type: application/http",
        f"Content-ID: <response-{number}>",
        "",
        f"HTTP/1.1 {reply.status} {phrase}",
        *(f"{key}: {value}" for key, value in headers.items()),
        "",
        "",
    ]
    return "\r\n".join(lines).encode("latin-1", "replace") + reply.body


def _request(part: Part, outer: Request) -> Request:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    line, _, rest = data.lstrip().replace(b"\r\n", b"\n").partition(b"\n")
    words = line.decode("latin-1").split()
    if len(words) < 2:  # noqa: PLR2004  # method and address
        raise invalid("A part of the batch has no request line.")
    # A request without headers of its own goes straight on to the blank line.
    _, _, body = (b"\n" + rest).partition(b"\n\n")
    address = urlsplit(words[1])

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(
        method=words[0],
        path=address.path,
        query=query_of(address.query),
        headers={"host": outer.headers.get("host", "")},
        receive=receive,
    )
