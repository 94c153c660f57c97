"""Laws of bodies: JSON objects or a named refusal, bounded, in pieces."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from functions.local.storage.errors import ApiError
from functions.local.storage.wire import ClientGoneError, Request, json_object, query_of

if TYPE_CHECKING:
    from functions.local.serving import Message


def _request(*messages: Message) -> Request:
    queue = iter(messages)

    async def receive() -> Message:
        return next(queue)

    return Request("POST", "/", {}, {}, receive)


@pytest.mark.parametrize("data", [b"{", b"[" * 100_000, b"\xff", b'"a"', b"[]", b"nul"])
def test_a_body_that_is_no_object_is_refused(data: bytes) -> None:
    """Cut, deeply nested, not text, not an object: a 400, never a crash."""
    with pytest.raises(ApiError) as raised:
        json_object(data)
    assert raised.value.status == 400


def test_an_empty_body_is_an_empty_object() -> None:
    """Clients send nothing where nothing is to be said."""
    assert json_object(b" \n") == {}


def test_a_long_body_is_refused() -> None:
    """JSON and batches are bounded."""
    piece = {"type": "http.request", "body": b" " * (9 << 20), "more_body": True}
    with pytest.raises(ApiError) as raised:
        asyncio.run(_request(piece, piece).small_body())
    assert raised.value.status == 413


def test_a_client_that_leaves_is_an_error_of_its_own() -> None:
    """A body that breaks off is never taken for a whole one."""
    piece = {"type": "http.request", "body": b"{}", "more_body": True}
    with pytest.raises(ClientGoneError):
        asyncio.run(_request(piece, {"type": "http.disconnect"}).json())


def test_queries_keep_blanks_and_the_last() -> None:
    """`a=` is there, `%2F` is decoded, of two the last counts."""
    assert query_of("a=&b=%2Fx+y&b=2") == {"a": "", "b": "2"}
