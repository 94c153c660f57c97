"""Sockets that answer to a watch: httpx over httpcore, interrupted while it waits.

The law: a connection is used for one call at a time, a call is sent once, and a
silent peer cannot hold a thread longer than the watch of its call allows.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final

import httpcore
import httpx
from typing_extensions import override

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

SLICE: Final = 1.0  # s of silence between two looks at the watch
# An idle connection that the far side has dropped costs a call whose fate nobody
# knows. A new one costs a millisecond beside a picture's twenty seconds.
_IDLE: Final = 5.0

_thread = threading.local()


@contextlib.contextmanager
def watched(check: Callable[[], None]) -> Iterator[None]:
    """Let `check` end, by raising, what this thread waits for on its sockets."""
    _thread.check = check
    try:
        yield
    finally:
        _thread.check = None


def _check() -> None:
    check: Callable[[], None] | None = getattr(_thread, "check", None)
    if check is not None:
        check()


class Wire(httpx.BaseTransport):
    """A pool of connections to one model, without retries."""

    def __init__(self, *, tls: bool) -> None:
        # No proxy, certificate or netrc of the environment is looked at.
        context = httpx.create_ssl_context(trust_env=False) if tls else None
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=None,  # threads are the bound
            keepalive_expiry=_IDLE,
            retries=0,
            network_backend=_Backend(),
        )

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send once; errors are httpcore's."""
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
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Stream(response),
            extensions=response.extensions,
        )

    @override
    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    @override
    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    @override
    def close(self) -> None:
        self._response.close()


class _Backend(httpcore.SyncBackend):
    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        inner = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Watched(inner)


class _Watched(httpcore.NetworkStream):
    """A stream that looks at the watch of its thread while nothing comes."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        waited = 0.0
        while True:
            try:
                return self._inner.read(max_bytes, SLICE)
            except httpcore.ReadTimeout:
                waited += SLICE
                if timeout is not None and waited >= timeout:
                    raise
                _check()

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        _check()
        self._inner.write(buffer, timeout)

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
        return _Watched(self._inner.start_tls(ssl_context, server_hostname, timeout))

    @override
    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)
