"""Laws of the deadline: however a host spreads its bytes, it is left in time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Final, Self

import httpcore
import httpx
import pytest
from typing_extensions import override

from functions.clock import SystemClock
from functions.image.sniff import PictureSniffer
from functions.job.errors import NeighbourUnavailableError
from functions.webhook import fetch
from functions.webhook.fetch import ListedFetch
from functions.webhook.wire import DeadlineWire, LateError
from tests.certificate import self_signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PICTURE: Final = b"\x89PNG\r\n\x1a\n" + bytes(1000)
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 1008\r\n\r\n"


class Clock:
    """A clock that a host moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        raise NotImplementedError


class Host(threading.Thread):
    """Takes one connection after another and says what it is told to."""

    def __init__(
        self,
        say: Callable[[socket.socket], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__()
        self._say = say
        self._tls = tls
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.connections = 0

    @override
    def run(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            with contextlib.ExitStack() as open_:
                open_.enter_context(peer)
                open_.enter_context(contextlib.suppress(OSError))
                if self._tls:
                    wrapped = self._tls.wrap_socket(peer, server_side=True)
                    peer = open_.enter_context(wrapped)  # the same
                peer.recv(65_536)
                self._say(peer)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.join(20)
        assert not self.is_alive()


def trickle(clock: Clock, before: bytes, drop: bytes) -> Callable[..., None]:
    """Say `before`, then one drop a second for as long as anyone listens."""

    def say(peer: socket.socket) -> None:
        peer.sendall(before)
        while clock.time < 10_000:
            clock.time += 1
            peer.sendall(drop)
            time.sleep(0.001)  # noqa: TID251  # lets the other side read each drop

    return say


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("before", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (HEAD, b"a"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=", b"a"),
    ],
    ids=["status", "header", "informational", "body", "chunk"],
)
def test_a_trickle_ends_with_the_time_of_the_fetch(before: bytes, drop: bytes) -> None:
    """Bytes that keep coming extend nothing, wherever in the answer they are."""
    clock = Clock()
    with Host(trickle(clock, before, drop)) as host:
        made = ListedFetch((host.url,), PictureSniffer, clock)
        with pytest.raises(NeighbourUnavailableError, match="within 30 s"):
            made(f"{host.url}/a.png")
        assert clock.time < 10_000
        clock.time = 10_000


@pytest.mark.timeout(30)
def test_silence_ends_with_the_time_that_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A host that says nothing is not waited for beyond the deadline."""
    monkeypatch.setattr(fetch, "TIME", 0.5)
    over = threading.Event()
    with Host(lambda _: (over.wait(20), None)[1]) as host:
        made = ListedFetch((host.url,), PictureSniffer, SystemClock())
        with pytest.raises(NeighbourUnavailableError, match="ReadTimeout"):
            made(f"{host.url}/a.png")
        over.set()


def test_each_fetch_has_its_own_connection() -> None:
    """No connection rests where its host could speak to a later request."""
    with Host(lambda peer: peer.sendall(HEAD + PICTURE)) as host:
        made = ListedFetch((host.url,), PictureSniffer, SystemClock())
        for _ in range(2):
            assert made(f"{host.url}/a.png").data == PICTURE
        made.close()
        assert host.connections == 2


@pytest.mark.parametrize("trusted", [True, False])
def test_over_tls_the_same_deadline_holds_and_the_host_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """A stranger with a certificate of his own is a lost connection."""
    path = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    if trusted:
        ours = ssl.create_default_context(cafile=str(path))
        monkeypatch.setattr(httpx, "create_ssl_context", lambda **_: ours)
    clock = Clock()
    with Host(trickle(clock, HEAD, b"a"), context) as host:
        url = host.url.replace("http://127.0.0.1", "https://localhost")
        made = ListedFetch((url,), PictureSniffer, clock)
        match = "within 30 s" if trusted else "ConnectError"
        for _ in range(2):
            clock.time = 0
            with pytest.raises(NeighbourUnavailableError, match=match):
                made(f"{url}/a.png")
            clock.time = 10_000


class Addresses(httpcore.MockBackend):
    """Every address but the last refuses, after half of the time."""

    def __init__(self, clock: Clock, last: str) -> None:
        super().__init__([HEAD, PICTURE])
        self.asked: list[tuple[str, float | None]] = []
        self._clock = clock
        self._last = last

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore.NetworkStream:
        self.asked.append((host, timeout))
        if host != self._last:
            self._clock.time += 9.0
            raise httpcore.ConnectTimeout
        return super().connect_tcp(host, port)


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give every host the addresses 10.0.0.1 to 10.0.0.4, the first one twice."""

    def lookup(_: str, port: int, **__: object) -> list[object]:
        return [(2, 1, 6, "", (f"10.0.0.{n}", port)) for n in (1, 1, 2, 3, 4)]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lookup)
        yield


@pytest.mark.usefixtures("resolved")
@pytest.mark.parametrize(
    ("last", "ends"),
    [(1, None), (2, None), (3, None), (4, LateError), (5, LateError)],
)
def test_all_addresses_of_a_host_share_one_deadline(
    last: int, ends: type[Exception] | None
) -> None:
    """Each is given what is left, never a fresh whole."""
    clock = Clock()
    backend = Addresses(clock, f"10.0.0.{last}")
    made = DeadlineWire(clock, 20.0, None, backend)
    request = httpx.Request("GET", "http://pics.example/a")
    with (
        contextlib.closing(made),
        pytest.raises(ends) if ends else (contextlib.nullcontext()),
    ):
        response = made.handle_request(request)
        assert response.read() == PICTURE
    limits = [10.0, 10.0, 2.0][:last]
    assert backend.asked == [
        (f"10.0.0.{n}", limit) for n, limit in enumerate(limits, 1)
    ]


@pytest.mark.usefixtures("resolved")
def test_a_host_none_of_whose_addresses_answers_is_a_lost_connection() -> None:
    """The last failure is told; time was left."""
    clock = Clock()
    made = DeadlineWire(clock, 90.0, None, Addresses(clock, ""))
    with contextlib.closing(made), pytest.raises(httpcore.ConnectTimeout):
        made.handle_request(httpx.Request("GET", "http://pics.example/a"))


@pytest.mark.parametrize("error", [socket.gaierror(), UnicodeError(), OverflowError()])
def test_a_name_that_is_not_found_is_a_lost_connection(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever the resolver raises has a name of this layer."""

    def lookup(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    made = DeadlineWire(Clock(), 90.0, None)
    with contextlib.closing(made), pytest.raises(httpcore.ConnectError):
        made.handle_request(httpx.Request("GET", "http://pics.example/a"))
