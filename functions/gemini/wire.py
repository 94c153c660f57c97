"""Sockets that answer to a watch: httpx over httpcore, interrupted while it waits.

The law: a connection is used for one call at a time, a call is sent once, and a
peer that is silent, or does not listen, cannot hold a thread longer than the watch
of its call allows.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from typing import TYPE_CHECKING, Final

import httpcore
import httpx
from typing_extensions import override

from functions.gemini.gather import gathered

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

SLICE: Final = 1.0  # s of silence between two looks at the watch
# An idle connection that the far side has dropped costs a call whose fate nobody
# knows. A new one costs a millisecond beside a picture's twenty seconds.
_IDLE: Final = 5.0

_READ: Final = 64 * 1024
_OK: Final = 200
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_CHUNK_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,8})\r\n")
_LONGEST_SIZE: Final = 10  # characters of a chunk's size with its line end
_LINE_END: Final = b"\r\n"

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

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None,
        backend: httpcore.NetworkBackend | None = None,
    ) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=None,  # threads are the bound
            keepalive_expiry=_IDLE,
            retries=0,
            network_backend=_Backend(backend or httpcore.SyncBackend()),
        )

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send once; errors are httpcore's."""
        url = request.url
        limits: dict[str, float | None] = request.extensions.get("timeout", {})
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
            stream=_Stream(response, limits.get("read")),
            extensions=response.extensions,
        )

    @override
    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    """The body; a plain chunked one, as Google sends, goes around the state machine.

    h11 costs twice what all the rest of an answer does. It still reads every head,
    every end and whatever looks unusual.
    """

    def __init__(self, response: httpcore.Response, timeout: float | None) -> None:
        self._response = response
        self._timeout = timeout

    @override
    def __iter__(self) -> Iterator[bytes]:
        stream = self._response.extensions.get("network_stream")
        if isinstance(stream, _Watched):
            if _header(self._response, b"transfer-encoding") is None:
                length = _header(self._response, b"content-length")
                stream.expect(int(length) if length and length.isdigit() else None)
            elif self._response.status == _OK:
                yield from gathered(stream.chunks(self._timeout))
        yield from self._response.iter_stream()

    @override
    def close(self) -> None:
        self._response.close()


def _header(response: httpcore.Response, name: bytes) -> bytes | None:
    return next((v for k, v in response.headers if k.lower() == name), None)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Watched(
            self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        )


class _Watched(httpcore.NetworkStream):
    """A stream that looks at the watch of its thread while nothing comes.

    What belongs together is handed out exactly to its end, so that the rest can be
    read here, and bytes that nobody asked for are never taken for an answer.
    """

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self._ahead = b""  # received, not yet handed out
        self._last = b""  # the last bytes before it
        self._to_blank_line = True  # in heads and in chunked bodies
        self._room: int | None = None  # bytes left of a body whose length is known

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._ahead or self._receive(timeout)
        until = len(data)
        if self._to_blank_line:
            found = _BLANK_LINE.search(self._last + data)
            if found:
                until = found.end() - len(self._last)
            self._last = b"" if found else (self._last + data)[-2:]
        elif self._room is not None:
            until = min(until, self._room)
            self._room -= until
        self._ahead = data[until:]
        return data[:until]

    def expect(self, length: int | None) -> None:
        """Hand out a body of this length, or all that comes."""
        self._to_blank_line = False
        self._room = length

    def chunks(self, timeout: float | None) -> Iterator[bytes]:
        """Yield what plain chunks hold; the last one is left to be read.

        Raises:
            httpcore.RemoteProtocolError: the body ended inside a chunk.

        """
        data, at, self._ahead = self._ahead, 0, b""
        while True:
            size = _CHUNK_SIZE.match(data, at)
            short = size is None and len(data) - at < _LONGEST_SIZE
            if short and (more := self._receive(timeout)):
                data, at = data[at:] + more, 0
                continue
            left = int(size[1], 16) if size else 0
            if size is None or left == 0:
                self._ahead = data[at:]
                return
            at = size.end()
            while left:
                piece = data[at : at + left]
                left -= len(piece)
                at += len(piece)
                yield piece
                if at == len(data):
                    data, at = self._more(timeout), 0
            while len(data) - at < len(_LINE_END):
                data, at = data[at:] + self._more(timeout), 0
            if not data.startswith(_LINE_END, at):
                raise httpcore.RemoteProtocolError("a chunk is longer than it said")
            at += len(_LINE_END)

    def _more(self, timeout: float | None) -> bytes:
        if not (data := self._receive(timeout)):
            raise httpcore.RemoteProtocolError("the body ended inside a chunk")
        return data

    def _receive(self, timeout: float | None) -> bytes:
        waited = 0.0
        while True:
            try:
                return self._inner.read(_READ, SLICE)
            except httpcore.ReadTimeout:
                waited += SLICE
                if timeout is not None and waited >= timeout:
                    raise
                _check()

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:  # the end of a body is written as nothing
            _check()
        self._to_blank_line = True
        self._last = b""
        far = self._inner.get_extra_info("socket")
        if isinstance(far, socket.socket):
            _send(far, buffer, timeout)
        else:
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
        if info == "is_readable" and self._ahead:
            return True  # bytes nobody asked for: the connection is not used again
        return self._inner.get_extra_info(info)


def _send(far: socket.socket, buffer: bytes, timeout: float | None) -> None:
    """Send all of it, and look at the watch after each piece and each slice.

    A TLS socket takes the same bytes again after a slice in which none left.
    """
    left, waited = memoryview(buffer), 0.0
    far.settimeout(SLICE)
    while left:
        try:
            left = left[far.send(left) :]
            waited = 0.0
        except TimeoutError:
            waited += SLICE
            if timeout is not None and waited >= timeout:
                raise httpcore.WriteTimeout from None
        except OSError as error:
            raise httpcore.WriteError(type(error).__name__) from None
        if left:
            _check()
