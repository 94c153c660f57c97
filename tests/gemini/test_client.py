"""The client over real sockets: what it sends, and what an answer becomes."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from typing_extensions import override

from functions.clock import SystemClock
from functions.gemini.client import NativeModel
from functions.gemini.routes import Route
from functions.job import names
from functions.job.errors import NeighbourUnavailableError, UnsentError
from functions.job.ports import Answer, Call
from functions.job.request import Request
from tests.gemini.doubles import (
    MemoryAlbum,
    MemoryReference,
    StepClock,
    answer,
    b64,
    inline,
)
from tests.gemini.wire_server import Peer, RawServer, Script

if TYPE_CHECKING:
    from collections.abc import Callable

PICTURE = bytes(range(256)) * 40
GOOD = answer({"text": "hello"}, inline(b64(PICTURE)))
KEY = "AQ.secret-key"


def call(timeout: float = 20.0, *references: MemoryReference) -> Call:
    request = Request(id="order-4711", prompt="secret-prompt")
    return Call(request, "gemini-3-pro-image", references, timeout)


def model(server: RawServer, drains: int = 4) -> NativeModel:
    route = Route(name="studio", base_url=server.url, key=KEY)
    return NativeModel(route, clock=SystemClock(), drains=drains)


def ask(
    *scripts: Script,
    timeout: float = 20.0,
    alive: Callable[[], bool] = lambda: True,
) -> tuple[Answer, MemoryAlbum, RawServer]:
    album = MemoryAlbum()
    with RawServer(*scripts) as server:
        client = model(server)
        try:
            got = client.ask(call(timeout), album, alive=alive)
        finally:
            client.close()
        server.go.set()
    return got, album, server


def good(peer: Peer) -> None:
    peer.request()
    peer.answer(GOOD, "Content-Type: application/json", "Set-Cookie: secret=1")


def test_one_call_one_answer() -> None:
    """The picture is in the album, the rest in the answer, the times in order."""
    got, album, server = ask(good)
    assert got.status == 200
    assert got.failure is None
    assert got.pictures == 1
    assert album.closed == [(PICTURE, False)]
    assert isinstance(got.body, dict)
    assert got.body["responseId"] == "r"
    assert got.sent_at is not None
    assert got.first_byte_at is not None
    assert got.ended_at is not None
    assert got.sent_at <= got.first_byte_at <= got.ended_at
    assert got.headers == {
        "content-length": str(len(GOOD)),
        "content-type": "application/json",
    }
    assert len(server.requests) == 1


def test_what_is_sent() -> None:
    """Key in its header only, identity asked for, the length known, nothing more."""
    _, _, server = ask(good)
    first, headers, _ = server.requests[0]
    assert first == ("POST /v1beta/models/gemini-3-pro-image:generateContent HTTP/1.1")
    assert headers.pop("host") == server.host
    assert int(headers.pop("content-length")) > 0
    assert headers == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": "plantain",
        "x-goog-api-key": KEY,
        "x-plantain-job": names.job_hash("order-4711"),
    }


def test_no_stranger_learns_the_job() -> None:
    """The header of the stand-in's meter goes to loopback addresses only."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(GOOD))

    route = Route(name="n", base_url="https://api.example", key=KEY)
    transport = httpx.MockTransport(handle)
    client = NativeModel(route, clock=SystemClock(), drains=1, transport=transport)
    got = client.ask(call(), MemoryAlbum(), alive=lambda: True)
    client.close()
    assert got.failure is None
    assert not {"x-plantain-job", "traceparent"} & set(seen[0].headers)
    assert KEY not in str(seen[0].url)


def test_references_travel_as_base64_of_the_announced_length() -> None:
    """Chunks that are no multiple of three bytes still become one base64 text."""
    reference = MemoryReference((PICTURE[:100], b"", PICTURE[100:5001], PICTURE[5001:]))
    with RawServer(good) as server:
        client = model(server)
        client.ask(call(20.0, reference), MemoryAlbum(), alive=lambda: True)
        client.close()
    assert b64(PICTURE).encode() in server.requests[0][2]


@pytest.mark.parametrize("announced", [1, 10_241, 20_000])
def test_a_reference_of_another_length_is_never_completed(announced: int) -> None:
    """The model gets no whole request, and the queue is to deliver again."""
    reference = MemoryReference((PICTURE,), announced=announced)
    with RawServer(good) as server:
        client = model(server)
        with pytest.raises(UnsentError):
            client.ask(call(20.0, reference), MemoryAlbum(), alive=lambda: True)
        client.close()
    assert server.requests == []


def sends(body: bytes, encoding: str) -> Script:
    """Return a script that answers with this body under this encoding."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(body, f"Content-Encoding: {encoding}")

    return script


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("429 Too Many", b'[{"error":{"code":429}}]'),
        ("503 X", b"<html>"),
        ("302 Found", b""),
        ("204 No", b""),
    ],
)
def test_every_other_status_is_an_answer(status: str, body: bytes) -> None:
    """Errors and redirects come back with their body; nothing follows them."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(body, "Location: /elsewhere", "Retry-After: 7", status=status)

    got, _, server = ask(script)
    assert got.status == int(status[:3])
    assert got.failure is None
    assert got.headers["retry-after"] == "7"
    assert "location" not in got.headers
    assert len(server.requests) == 1


def test_an_error_keeps_its_pictures_to_itself_and_is_read_to_a_mebibyte() -> None:
    """A status that is no success puts nothing into the album, however long."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(GOOD + b" " * (4 << 20), status="500 X")

    got, album, _ = ask(script)
    assert album.began == 0
    assert (got.status, got.failure) == (500, None)
    assert isinstance(got.body, str)


def test_connections_are_reused_and_calls_never_repeated() -> None:
    """Two calls share a connection; a third after a reset is sent once."""

    def twice(peer: Peer) -> None:
        good(peer)
        good(peer)

    with RawServer(twice) as server:
        client = model(server)
        for _ in range(2):
            got = client.ask(call(), MemoryAlbum(), alive=lambda: True)
            assert got.failure is None
        client.close()
    assert server.connections == 1
    assert len(server.requests) == 2


def test_the_gate_lets_a_few_answers_through_at_once() -> None:
    """With one drain the second answer waits, within its time, for the first."""
    clock, held = StepClock(), threading.Event()

    def slow(peer: Peer) -> None:
        peer.request()
        # Closed when done, so that nobody takes the connection for a live one.
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n")
        peer.send(b"Content-Length: %d\r\n\r\n" % len(GOOD))
        peer.send(GOOD[:5000])
        peer.server.go.wait(20)
        peer.send(GOOD[5000:])

    class Inside(MemoryAlbum):
        @override
        def begin(self) -> None:
            super().begin()
            held.set()

    def waiting() -> bool:
        clock.time += 10  # s for each look at the lease
        return True

    with RawServer(slow, good) as server:
        route = Route(name="n", base_url=server.url, key=KEY)
        client = NativeModel(route, clock=clock, drains=1)
        album, later = Inside(), MemoryAlbum()
        first = threading.Thread(
            target=lambda: client.ask(call(9e9), album, alive=lambda: True)
        )
        first.start()
        assert held.wait(20)
        got = client.ask(call(80), later, alive=waiting)
        assert got.failure == "timeout"
        assert (got.status, later.began) == (200, 0)
        server.go.set()
        first.join(20)
        assert album.closed == [(PICTURE, False)]
        assert client.ask(call(9e9), later, alive=waiting).failure is None
        client.close()


def test_nothing_secret_is_logged_here(caplog: pytest.LogCaptureFixture) -> None:
    """At INFO, no record of ours or of httpx's holds the key or the prompt."""
    caplog.set_level(logging.INFO)
    ask(good)
    assert KEY not in caplog.text
    assert "secret-prompt" not in caplog.text
    assert not [r for r in caplog.records if r.name.startswith("functions")]


def test_an_album_that_fails_ends_the_call_with_its_own_error() -> None:
    """Storage is not the model: its error passes through, the line is closed."""

    class Broken(MemoryAlbum):
        @override
        def begin(self) -> None:
            raise NeighbourUnavailableError

    with RawServer(good) as server:
        client = model(server)
        with pytest.raises(NeighbourUnavailableError):
            client.ask(call(), Broken(), alive=lambda: True)
        assert client.ask(call(), MemoryAlbum(), alive=lambda: True).failure is None
        assert client.route == "studio"
        client.close()
        client.close()
