"""Laws of sending: all of it arrives, and no peer that does not listen holds a call."""

from __future__ import annotations

import hashlib
import ssl
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from functions.gemini.client import NativeModel
from functions.gemini.routes import Route
from functions.gemini.wire import SLICE, Wire
from tests.certificate import self_signed
from tests.gemini.doubles import MemoryAlbum, MemoryReference, StepClock
from tests.gemini.test_client import call
from tests.gemini.wire_server import Peer, RawServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions.job.ports import Answer
    from tests.gemini.wire_server import Script

# One piece, more than any socket buffers: it is being written while all this happens.
LARGE = MemoryReference((bytes(24 << 20),))
CONTENT = hashlib.shake_128(b"sent").digest(8 << 20)


def taste(peer: Peer) -> None:
    """Read so much that the large piece has begun, and far from all of it."""
    left = 1 << 20
    while left > 0:
        left -= len(peer.sock.recv(65_536))


def send(
    script: Script,
    clock: StepClock,
    *,
    seconds: float = 300.0,
    alive: Callable[[], bool] = lambda: True,
) -> tuple[Answer, RawServer]:
    with RawServer(script) as server:
        route = Route(name="n", base_url=server.url, key="k")
        client = NativeModel(route, clock=clock, drains=1)
        got = client.ask(call(seconds, LARGE), MemoryAlbum(), alive=alive)
        server.go.set()
        client.close()
    return got, server


@pytest.mark.timeout(30)
def test_a_peer_that_does_not_listen_ends_with_the_time_of_the_call() -> None:
    """A request that cannot leave is a timeout, by the clock of the call."""
    clock = StepClock()

    def script(peer: Peer) -> None:
        taste(peer)
        clock.time += 301
        peer.server.go.wait(25)

    got, server = send(script, clock)
    assert (got.status, got.failure) == (None, "timeout")
    assert server.requests == []


@pytest.mark.timeout(30)
def test_a_peer_that_sips_does_not_extend_the_call() -> None:
    """Bytes that keep leaving do not extend the deadline."""
    clock = StepClock()

    def script(peer: Peer) -> None:
        taste(peer)
        while data := peer.sock.recv(65_536):
            sipped.append(len(data))
            clock.time += 1
            peer.server.go.wait(0.02)  # a sip: slower than one look at the clock

    sipped: list[int] = []
    got, server = send(script, clock, seconds=20.0)
    assert len(sipped) >= 20
    assert sum(sipped) < LARGE.size
    assert (got.status, got.failure) == (None, "timeout")
    assert server.requests == []


@pytest.mark.timeout(30)
def test_a_lost_lease_ends_the_sending() -> None:
    """What is not wanted any more is not sent on."""
    lost = threading.Event()

    def script(peer: Peer) -> None:
        taste(peer)
        lost.set()
        peer.server.go.wait(25)

    got, _ = send(script, StepClock(), alive=lambda: not lost.is_set())
    assert got.failure == "cut"


@pytest.mark.timeout(30)
def test_a_clock_that_stands_still_does_not_hold_the_sending() -> None:
    """The sockets keep the time as well."""
    got, _ = send(
        lambda peer: (peer.server.go.wait(25), None)[1], StepClock(), seconds=2.0
    )
    assert (got.status, got.failure) == (None, "timeout")


@pytest.mark.parametrize("tls", [True, False])
def test_a_pause_of_the_peer_costs_no_byte(tmp_path: Path, tls: bool) -> None:
    """Looking at the watch between two pieces leaves the stream whole."""
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    received = []

    def script(peer: Peer) -> None:
        sock = context.wrap_socket(peer.sock, server_side=True) if tls else peer.sock
        with sock:
            peer.server.go.wait(SLICE * 2.5)  # nothing else can make it wait
            far = Peer(sock, peer.server)
            received.append(far.request()[2])
            far.answer(b"{}")

    trusted = ssl.create_default_context(cafile=str(certificate)) if tls else None
    with RawServer(script) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        with httpx.Client(transport=Wire(tls=trusted)) as client:
            answer = client.post(url if tls else server.url, content=CONTENT)
    assert answer.status_code == 200
    assert received == [CONTENT]
