"""HTTP/1.1 over kept connections, bytes sent straight from where they lie.

Law: an exchange ends in an answer or in LostError, never in a repeat of its own, and
a connection is kept only after its answer was read to the end. The standard library
and not httpx: measured, 28 MB in 1 MiB requests cost 10-16 ms here and 31-38 there,
which copies every piece; and nothing here follows a redirect, reads a proxy setting
or logs an address.
"""

from __future__ import annotations

import http.client
import select
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from functions.job.ports import Buffer, Clock

_IDLE: Final = 30.0  # s that a connection may rest before it counts as dead
_KEPT: Final = 64  # resting connections
_Origin = tuple[str, str]
_Connection = http.client.HTTPConnection


class LostError(Exception):
    """A try without an answer; never leaves `functions.cloud`."""


class Wire:
    """Connections of one instance; thread-safe, one exchange a connection."""

    def __init__(self, clock: Clock, tls: ssl.SSLContext | None = None) -> None:
        self._clock = clock
        self._tls = tls  # made when first needed: 20 ms that an emulator can spare
        self._resting: list[tuple[float, _Origin, _Connection]] = []
        self._lock = threading.Lock()

    @contextmanager
    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Iterable[Buffer] = (),
        *,
        timeout: float,
    ) -> Iterator[http.client.HTTPResponse]:
        """Send one request and lend its answer.

        Raises:
            LostError: no answer came, or the reader met its early end.

        """
        split = urlsplit(url)
        connection = self._take(split, timeout)
        whole = False
        try:
            _send(connection, method, split, headers, body)
            response = connection.getresponse()
            if response.length is None and not response.chunked:
                raise LostError("an answer without its length")  # cut, for all we know
            yield response
            whole = response.isclosed() and not response.will_close
        except (OSError, http.client.HTTPException) as error:
            raise LostError(type(error).__name__) from None
        finally:
            if whole:
                self._rest(split, connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close every resting connection."""
        with self._lock:
            resting, self._resting = self._resting, []
        for _since, _origin, connection in resting:
            connection.close()

    def _take(self, split: SplitResult, timeout: float) -> _Connection:
        """Return the connection that rested shortest, a new one if none is sound."""
        origin = (split.scheme, split.netloc)
        while (connection := self._resting_one(origin)) is not None:
            if _sound(connection):
                connection.sock.settimeout(timeout)
                return connection
            connection.close()
        if split.scheme == "https":
            with self._lock:
                self._tls = self._tls or ssl.create_default_context()
            return http.client.HTTPSConnection(
                split.hostname or "", split.port, timeout=timeout, context=self._tls
            )
        return http.client.HTTPConnection(
            split.hostname or "", split.port, timeout=timeout
        )

    def _resting_one(self, origin: _Origin) -> _Connection | None:
        oldest = self._clock.now() - _IDLE
        dead: list[_Connection] = []
        found: _Connection | None = None
        with self._lock:
            while self._resting and self._resting[0][0] < oldest:
                dead.append(self._resting.pop(0)[2])
            for index in range(len(self._resting) - 1, -1, -1):
                if self._resting[index][1] == origin:
                    found = self._resting.pop(index)[2]
                    break
        for connection in dead:
            connection.close()
        return found

    def _rest(self, split: SplitResult, connection: _Connection) -> None:
        with self._lock:
            if len(self._resting) < _KEPT:
                kept = (self._clock.now(), (split.scheme, split.netloc), connection)
                self._resting.append(kept)
                return
        connection.close()


def _send(
    connection: _Connection,
    method: str,
    split: SplitResult,
    headers: Mapping[str, str],
    body: Iterable[Buffer],
) -> None:
    target = f"{split.path}?{split.query}" if split.query else split.path
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    for piece in body:
        connection.send(piece)


def _sound(connection: _Connection) -> bool:
    """Whether a resting connection was left alone: bytes or an end make it unfit."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)
