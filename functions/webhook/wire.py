"""One exchange with one host of the web, every wait of it before one deadline.

Law: connecting, the head and the body together end by the deadline, however the far
side spreads its bytes. (Looking up a name has the resolver's own bound.)
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

import httpcore
import httpx
from typing_extensions import override

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

    from functions.job.ports import Clock

TRY: Final = 10.0  # s of silence that nobody waits out, whatever time is left

# What a connection ends with, from here or from a transport of httpx's own.
BROKEN: Final = (
    httpx.TransportError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
)


class LateError(Exception):
    """The deadline is over."""


class DeadlineWire(httpx.BaseTransport):
    """A connection for one request; another request is another wire."""

    def __init__(
        self,
        clock: Clock,
        until: float,
        tls: ssl.SSLContext | None,
        backend: httpcore.NetworkBackend | None = None,
    ) -> None:
        def left() -> float:
            seconds = until - clock.now()
            if seconds <= 0:
                raise LateError
            return min(TRY, seconds)

        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            retries=0,
            network_backend=_Backend(backend or httpcore.SyncBackend(), left),
        )

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send once.

        Raises:
            LateError: the deadline is over; reading the body may raise it as well.

        """
        url = request.url
        response = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme,
                    host=url.raw_host,
                    port=url.port,
                    target=url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
            )
        )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response)
        )

    @override
    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    @override
    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    @override
    def close(self) -> None:
        self._response.close()


class _Backend(httpcore.NetworkBackend):
    def __init__(
        self, inner: httpcore.NetworkBackend, left: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._left = left

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers; each gets what is left."""
        failed: Exception = httpcore.ConnectError("no address")
        for address in _addresses(host, port):
            try:
                stream = self._inner.connect_tcp(
                    address, port, self._left(), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self._left)
        raise failed


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise httpcore.ConnectError(type(error).__name__) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Stream(httpcore.NetworkStream):
    """Bytes that come or go while there is time."""

    def __init__(
        self, inner: httpcore.NetworkStream, left: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._left = left

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left())

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left())

    @override
    def close(self) -> None:
        self._inner.close()

    @override
    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._left())
        return _Stream(inner, self._left)

    @override
    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)
