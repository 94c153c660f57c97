"""Each failure of the network fires for real, and has the name that it deserves."""

from __future__ import annotations

import gzip
import socket
import threading

import httpx
import pytest

from functions.gemini.client import NativeModel
from functions.gemini.routes import Route
from functions.job.ports import Call
from functions.job.request import Request
from tests.gemini.doubles import MemoryAlbum, StepClock
from tests.gemini.test_client import GOOD, ask, call, good, model, sends
from tests.gemini.wire_server import Peer, RawServer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_nobody_listening_is_unsent() -> None:
    """A refused connection is proof that nothing left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    route = Route(name="n", base_url=f"http://127.0.0.1:{port}", key="k")
    client = NativeModel(route, clock=StepClock(), drains=1)
    got = client.ask(call(), MemoryAlbum(), alive=lambda: True)
    client.close()
    assert (got.status, got.failure, got.body) == (None, "unsent", None)
    assert got.sent_at is None
    assert got.first_byte_at is None


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (httpx.ConnectTimeout, "unsent"),
        (httpx.PoolTimeout, "unsent"),
        (httpx.LocalProtocolError, "unsent"),
        (httpx.ReadTimeout, "timeout"),
        (httpx.WriteTimeout, "timeout"),
        (httpx.WriteError, "dropped"),
        (httpx.RemoteProtocolError, "dropped"),
    ],
)
def test_errors_of_any_transport_are_classified(
    error: type[httpx.TransportError], failure: str
) -> None:
    """Only what is proven counts as unsent."""

    def handle(request: httpx.Request) -> httpx.Response:
        raise error("x", request=request)

    route = Route(name="n", base_url="https://api.example", key="k")
    transport = httpx.MockTransport(handle)
    client = NativeModel(route, clock=StepClock(), drains=1, transport=transport)
    assert client.ask(call(), MemoryAlbum(), alive=lambda: True).failure == failure
    client.close()


def test_a_reset_before_the_status_is_dropped() -> None:
    """The request was read whole: it may have been paid."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.reset()

    got, _, server = ask(script)
    assert (got.status, got.failure) == (None, "dropped")
    assert got.sent_at is not None
    assert len(server.requests) == 1
    assert server.connections == 1


def test_a_close_before_the_status_is_dropped() -> None:
    """An orderly end without a status is no better."""
    got, _, _ = ask(lambda peer: (peer.request(), None)[1])
    assert (got.status, got.failure) == (None, "dropped")


def test_a_kept_connection_that_dies_under_the_call_is_dropped_not_unsent() -> None:
    """Bytes were written: nobody can prove that the model did not see them."""

    def script(peer: Peer) -> None:
        good(peer)
        peer.request()
        peer.reset()

    with RawServer(script) as server:
        client = model(server)
        assert client.ask(call(), MemoryAlbum(), alive=lambda: True).failure is None
        got = client.ask(call(), MemoryAlbum(), alive=lambda: True)
        client.close()
    assert got.failure == "dropped"
    assert server.connections == 1
    assert len(server.requests) == 2


def test_an_early_error_answer_is_heard_while_the_request_is_written() -> None:
    """A server that answers and closes before the whole body is not a drop."""

    def script(peer: Peer) -> None:
        peer.sock.recv(10)
        peer.answer(b'{"error":{"code":413}}', "Connection: close", status="413 X")
        peer.request()

    got, _, _ = ask(script)
    assert got.status == 413
    assert got.body == {"error": {"code": 413}}


def test_a_gzip_stream_without_its_end_is_cut() -> None:
    """HTTP says whole, gzip says not."""
    body = gzip.compress(GOOD)[:-900]
    got, _, _ = ask(sends(body, "gzip"))
    assert (got.status, got.failure) == (200, "cut")


@pytest.mark.parametrize("before", [b"", HEAD, HEAD + GOOD[:5000]])
def test_silence_ends_with_the_time_of_the_call(before: bytes) -> None:
    """A peer that says nothing more is a timeout, whatever it said before."""
    clock = StepClock()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(before)
        clock.time += 301
        peer.server.go.wait(20)

    with RawServer(script) as server:
        route = Route(name="n", base_url=server.url, key="k")
        client = NativeModel(route, clock=clock, drains=1)
        got = client.ask(call(300.0), MemoryAlbum(), alive=lambda: True)
        server.go.set()
        client.close()
    assert got.failure == "timeout"
    assert got.status == (200 if before else None)


def test_a_clock_that_stands_still_does_not_hold_the_call() -> None:
    """The sockets keep the time as well."""
    clock = StepClock()

    def script(peer: Peer) -> None:
        peer.request()
        peer.server.go.wait(20)

    with RawServer(script) as server:
        route = Route(name="n", base_url=server.url, key="k")
        client = NativeModel(route, clock=clock, drains=1)
        got = client.ask(call(1.0), MemoryAlbum(), alive=lambda: True)
        server.go.set()
        client.close()
    assert got.failure == "timeout"


def test_a_trickle_ends_with_the_time_of_the_call() -> None:
    """Bytes that keep coming do not extend the deadline."""
    clock = StepClock()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD)
        for byte in GOOD:
            clock.time += 1
            peer.send(bytes([byte]))

    with RawServer(script) as server:
        route = Route(name="n", base_url=server.url, key="k")
        client = NativeModel(route, clock=clock, drains=1)
        got = client.ask(call(60.0), MemoryAlbum(), alive=lambda: True)
        client.close()
    assert (got.status, got.failure) == (200, "timeout")


@pytest.mark.parametrize("before", [b"", HEAD + GOOD[:5000]])
def test_a_lost_lease_cuts_the_call(before: bytes) -> None:
    """Whether in silence or between chunks, the call ends as soon as asked."""
    lost = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(before)
        lost.set()
        peer.server.go.wait(20)

    got, album, _ = ask(script, alive=lambda: not lost.is_set())
    assert got.failure == "cut"
    assert album.closed == []


def test_an_answer_beyond_the_bounds_is_too_large() -> None:
    """An endless document is given up, the line closed."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b'HTTP/1.1 200 OK\r\n\r\n{"')
        while True:
            peer.send(b"k" * 60_000)

    got, _, _ = ask(script)
    assert (got.status, got.failure) == (200, "too_large")


def test_a_bomb_of_gzip_is_too_large_and_never_inflated_whole() -> None:
    """What inflates a thousandfold ends at the bound."""
    bomb = gzip.compress(b'{"' + b"k" * (64 << 20))

    got, _, _ = ask(sends(bomb, "gzip"))
    assert (got.status, got.failure) == (200, "too_large")


@pytest.mark.parametrize(
    "junk", [b"SSH-2.0-nope\r\n", b"HTTP/1.1 banana\r\n\r\n", b"\0" * 200_000]
)
def test_what_is_not_http_is_dropped(junk: bytes) -> None:
    """A peer that speaks something else never gave a status."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(junk)

    got, _, _ = ask(script)
    assert (got.status, got.failure) == (None, "dropped")


def test_a_call_that_is_given_no_time_is_not_sent() -> None:
    """A deadline in the past ends before anything is read."""
    request = Request(id="x", prompt="p")
    with RawServer(good) as server:
        client = model(server)
        got = client.ask(
            Call(request, "m", (), 0.000001), MemoryAlbum(), alive=lambda: True
        )
        client.close()
    assert got.failure in {"unsent", "timeout"}
    assert server.requests == []
