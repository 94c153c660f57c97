"""Laws of the sockets: every framing read alike, TLS checked, the rest ignored."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpcore
import httpx
import pytest
from typing_extensions import override

from functions.clock import SystemClock
from functions.gemini.client import NativeModel
from functions.gemini.routes import Route
from functions.gemini.wire import Wire, watched
from tests.certificate import self_signed
from tests.gemini.doubles import MemoryAlbum
from tests.gemini.test_client import GOOD, PICTURE, call, good
from tests.gemini.wire_server import Peer, RawServer

if TYPE_CHECKING:
    from pathlib import Path

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n"
TEXT = b"0123456789abcdef-and-more"


class StopError(Exception):
    pass


def stop() -> None:
    raise StopError


class Scripted(httpcore.MockBackend):
    """Connections on which these pieces arrive, and then the end."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__(list(pieces))
        self.made = 0

    @override
    def connect_tcp(self, *args: object, **kwargs: object) -> httpcore.NetworkStream:
        self.made += 1
        return super().connect_tcp("", 0)


def fetch(pieces: list[bytes], times: int = 1) -> tuple[list[bytes], Scripted]:
    backend = Scripted(pieces)
    wire = Wire(tls=None, backend=backend)
    with httpx.Client(transport=wire, trust_env=False) as client:
        got = []
        for _ in range(times):
            with client.stream("POST", "http://x/", content=b"q") as response:
                got.append(b"".join(response.iter_raw()))
    return got, backend


BODIES = {
    "one chunk": b"19\r\n" + TEXT + b"\r\n0\r\n\r\n",
    "many": b"5\r\n01234\r\n5\r\n56789\r\n0F\r\nabcdef-and-more\r\n0\r\n\r\n",
    "extension": b"5\r\n01234\r\n14;a=b\r\n56789abcdef-and-more\r\n0\r\n\r\n",
    "trailers": b"019\r\n" + TEXT + b"\r\n0\r\nX-After: 1\r\n\r\n",
    "nine digits": b"5\r\n01234\r\n000000014\r\n56789abcdef-and-more\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_chunks_read_alike_wherever_the_network_cuts(body: bytes) -> None:
    """Sizes, line ends, extensions and trailers may fall on any cut."""
    whole = HEAD + body
    for at in range(1, len(whole)):
        assert fetch([whole[:at], whole[at:]])[0] == [TEXT]
    assert fetch([bytes([byte]) for byte in whole])[0] == [TEXT]
    assert fetch([b"HTTP/1.1 100 Continue\r\n\r\n" + whole])[0] == [TEXT]


def test_a_head_that_ends_between_two_reads_still_ends_there() -> None:
    """Two cuts, one of them through the blank line, change nothing."""
    whole = HEAD + BODIES["many"]
    for first in range(len(HEAD) - 5, len(HEAD) + 2):
        for second in range(first + 1, len(whole)):
            pieces = [whole[:first], whole[first:second], whole[second:]]
            assert fetch(pieces)[0] == [TEXT]


class Deaf(httpcore.MockBackend):
    """Nobody listens, however often one asks."""

    made = 0

    @override
    def connect_tcp(self, *args: object, **kwargs: object) -> httpcore.NetworkStream:
        self.made += 1
        raise httpcore.ConnectError


def test_not_even_a_connection_is_tried_twice() -> None:
    """Whether to repeat is decided elsewhere, with the money in view."""
    deaf = Deaf([])
    with (
        httpx.Client(transport=Wire(tls=None, backend=deaf)) as client,
        pytest.raises(httpcore.ConnectError),
    ):
        client.post("http://x/")
    assert deaf.made == 1


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_ends_early_never_looks_whole(body: bytes) -> None:
    """Without the last byte of its framing a chunked body is an error."""
    for at in range(len(body)):
        with pytest.raises(httpcore.RemoteProtocolError):
            fetch([HEAD, body[:at]] if at else [HEAD])


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\n",
        b"-5\r\nabcde\r\n",
        b"5\r\nabcdefg\r\n0\r\n\r\n",
        b"5 5\r\nabcde\r\n",
        b"5\r\nabcdeXX0\r\n\r\n",
    ],
)
def test_framing_that_lies_is_an_error(body: bytes) -> None:
    """Nothing is guessed from a chunk that is not one."""
    with pytest.raises(httpcore.RemoteProtocolError):
        fetch([HEAD + body])


@pytest.mark.parametrize(
    "head",
    [
        LENGTH,
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 25\n\n",
    ],
)
def test_other_framings_read_alike(head: bytes) -> None:
    """A length, or the end of the connection, bounds the body as well."""
    whole = head + TEXT
    for at in range(1, len(whole)):
        assert fetch([whole[:at], whole[at:]])[0] == [TEXT]


def test_a_connection_is_reused_after_a_whole_body() -> None:
    """Two answers on one connection are told apart exactly."""
    one = HEAD + BODIES["many"]
    got, backend = fetch([one, one], times=2)
    assert got == [TEXT, TEXT]
    assert backend.made == 1


@pytest.mark.parametrize(
    "answer", [HEAD + BODIES["one chunk"], HEAD + BODIES["extension"], LENGTH + TEXT]
)
def test_bytes_that_nobody_asked_for_end_the_connection(answer: bytes) -> None:
    """What follows an answer unasked is never taken for the next answer."""
    spoof = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nspoof"

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer + spoof)
        peer.server.go.wait(20)

    def second(peer: Peer) -> None:
        peer.request()
        peer.answer(b"real")

    with (
        RawServer(script, second) as server,
        httpx.Client(transport=Wire(tls=None)) as client,
    ):
        assert client.post(server.url, content=b"x").content == TEXT
        assert client.post(server.url, content=b"x").content == b"real"
        server.go.set()
    assert server.connections == 2


def test_the_watch_is_asked_before_anything_is_written() -> None:
    """A watch that says stop keeps the request here."""
    with RawServer(good) as server, httpx.Client(transport=Wire(tls=None)) as client:
        with watched(stop), pytest.raises(StopError):
            client.post(server.url, content=b"x")
        assert client.post(server.url, content=b"x").status_code == 200
    assert len(server.requests) == 1


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that would see the key is not asked."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with RawServer(good) as server:
        client = httpx.Client(transport=Wire(tls=None), trust_env=False)
        assert client.post(server.url, content=b"x").status_code == 200
        client.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return self_signed(tmp_path)


def over_tls(certificate: Path, wire: Wire | None) -> tuple[object, MemoryAlbum, int]:
    """Ask a model over TLS, which says nothing for a while before it answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def script(peer: Peer) -> None:
        with context.wrap_socket(peer.sock, server_side=True) as sock:
            far = Peer(sock, peer.server)
            far.request()
            peer.server.go.wait(1.2)  # longer than one slice of silence
            chunk = b"%x\r\n%b\r\n" % (len(GOOD), GOOD)
            far.send(HEAD + chunk + b"0\r\n\r\n")

    album = MemoryAlbum()
    with RawServer(script) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        route = Route(name="n", base_url=url, key="k")
        client = NativeModel(route, clock=SystemClock(), drains=1, transport=wire)
        got = client.ask(call(), album, alive=lambda: True)
        client.close()
    return got.failure, album, len(server.requests)


def test_tls_works_and_silence_does_not_break_it(certificate: Path) -> None:
    """Looking at the watch between two waits leaves a TLS stream whole."""
    wire = Wire(tls=ssl.create_default_context(cafile=str(certificate)))
    failure, album, asked = over_tls(certificate, wire)
    assert failure is None
    assert album.closed == [(PICTURE, False)]
    assert asked == 1


def test_a_certificate_that_is_not_trusted_is_unsent(certificate: Path) -> None:
    """The key does not reach a stranger: the handshake fails first."""
    failure, _, asked = over_tls(certificate, None)
    assert failure == "unsent"
    assert asked == 0
