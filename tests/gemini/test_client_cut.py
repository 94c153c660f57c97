"""An answer that ends early is cut, unless all of it had come."""

from __future__ import annotations

from typing import Final

import pytest
from typing_extensions import override

from tests.gemini.doubles import MemoryAlbum, answer, b64, inline
from tests.gemini.test_client import call, model
from tests.gemini.wire_server import Peer, RawServer

# Longer than what is gathered at once: the album begins while more is to come.
PICTURE: Final = bytes(range(256)) * 400
GOOD: Final = answer({"text": "hello"}, inline(b64(PICTURE)))
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD)
CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("framing", [HEAD, CHUNKED + b"%x\r\n" % len(GOOD)])
def test_an_answer_that_ends_early_is_cut(how: str, framing: bytes) -> None:
    """The status came, the end did not; what came is kept as text."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(framing + GOOD[:100_000])
        peer.server.go.wait(20)
        if how == "reset":
            peer.reset()

    with RawServer(script) as server:
        client = model(server)
        album = GoAlbum(server)
        got = client.ask(call(), album, alive=lambda: True)
        client.close()
    assert (got.status, got.failure) == (200, "cut")
    assert isinstance(got.body, str)
    assert "@picture" in got.body
    assert got.pictures == 0
    assert album.closed == []


class GoAlbum(MemoryAlbum):
    """Tells the server to go on once the picture has begun."""

    def __init__(self, server: RawServer) -> None:
        super().__init__()
        self._server = server

    @override
    def begin(self) -> None:
        super().begin()
        self._server.go.set()


@pytest.mark.parametrize("how", ["close", "reset"])
def test_an_answer_from_brace_to_brace_is_whole(how: str) -> None:
    """A line that breaks behind the last brace costs no paid picture."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED + b"%x\r\n" % len(GOOD) + GOOD + b"\r\n")
        peer.server.go.wait(20)
        if how == "reset":
            peer.reset()

    with RawServer(script) as server:
        client = model(server)
        album = GoAlbum(server)
        got = client.ask(call(), album, alive=lambda: True)
        client.close()
    if got.failure is None:
        assert album.closed == [(PICTURE, False)]
    else:  # a reset may overtake the bytes before it
        assert (how, got.failure) == ("reset", "cut")
