"""Cloud Storage's JSON API over one pool of kept connections.

Law: every call ends within its budget, what passes by itself is tried again, and no
error text holds a token or the address of an upload session. httpx's transport is
used without its client: no redirects, no proxies, no log lines, half the CPU.
"""

from __future__ import annotations

import json
import random
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import httpx

from functions.cloud.identity import no_token
from functions.job.errors import NeighbourUnavailableError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator, Mapping

    from functions.cloud.identity import Tokens
    from functions.job.ports import Clock

GOOGLE: Final = "https://storage.googleapis.com"
TRANSIENT: Final = frozenset((408, 429, 500, 502, 503, 504))
_TRY: Final = 10.0  # s for one try to connect, send or answer
_FIRST: Final = 0.1  # s before the second try, doubled before each further one
_LONGEST: Final = 4.0
_IDLE: Final = 30.0  # s that a connection may rest
_REFUSED: Final = (401, 403)


class LostError(Exception):
    """A try without an answer; never leaves `functions.cloud`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401  # whatever the API says
        """Return the body as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Stream:
    """One answer, its body still to come; reading may raise LostError."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Resource:
    """One object as Cloud Storage describes it."""

    generation: int
    size: int
    crc32c: str
    content_encoding: str
    metadata: Mapping[str, str]

    @classmethod
    def of(cls, reply: Reply, what: str) -> Resource:
        """Read the description in an answer.

        Raises:
            NeighbourUnavailableError: there is none in it.

        """
        body = reply.json()
        try:
            return cls(
                generation=int(body["generation"]),
                size=int(body["size"]),
                crc32c=str(body["crc32c"]),
                content_encoding=str(body.get("contentEncoding") or ""),
                metadata=body.get("metadata") or {},
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise NeighbourUnavailableError(
                f"Cloud Storage did not describe the object after it was asked to"
                f" {what}; the queue delivers again"
            ) from None


class Patience:
    """How long one operation is tried: pauses grow, the sum is bounded."""

    def __init__(self, clock: Clock, budget: float) -> None:
        self._clock = clock
        self._budget = budget
        self._until = clock.now() + budget
        self._pause = _FIRST

    def timeout(self) -> float:
        """Return the seconds that one more try may take."""
        return max(0.1, min(_TRY, self._until - self._clock.now()))

    def pause(self, what: str, why: str) -> None:
        """Wait before the next try.

        Raises:
            NeighbourUnavailableError: the budget is spent.

        """
        wait = self._pause * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, no secret
        if self._clock.now() + wait > self._until:
            raise NeighbourUnavailableError(
                f"Cloud Storage did not {what} within {self._budget:g} s (last: {why});"
                " the queue delivers again"
            )
        self._clock.wait(wait)
        self._pause = min(_LONGEST, self._pause * 2)


class Media:
    """The API as one account of one instance uses it; thread-safe."""

    def __init__(
        self,
        clock: Clock,
        *,
        url: str = GOOGLE,
        tokens: Tokens = no_token,
        budget: float = 20.0,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._clock = clock
        self._url = url.rstrip("/")
        self._tokens = tokens
        self._budget = budget
        self._transport = httpx.HTTPTransport(
            # Loading certificates takes 20 ms, which an emulator can do without.
            verify=verify if verify is not None else self._url.startswith("https:"),
            trust_env=False,
            limits=httpx.Limits(
                max_connections=None,
                max_keepalive_connections=64,
                keepalive_expiry=_IDLE,
            ),
        )

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()

    def patience(self) -> Patience:
        """Return the budget of one operation, which begins now."""
        return Patience(self._clock, self._budget)

    def address(self, kind: str, bucket: str, *path: str, **query: object) -> str:
        """Return the address of objects: `kind` is "storage" or "upload/storage"."""
        parts = "".join(f"/{quote(part, safe='')}" for part in path)
        tail = f"?{urlencode(query)}" if query else ""
        return f"{self._url}/{kind}/v1/b/{quote(bucket, safe='')}/o{parts}{tail}"

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: float,
        content: bytes | Iterable[bytes | memoryview] = b"",
    ) -> Reply:
        """Send one request and read its answer, once.

        Raises:
            LostError: no answer came.

        """
        with self._open(method, url, headers, timeout, content) as response:
            return Reply(response.status_code, response.headers, response.read())

    def call(self, what: str, method: str, url: str, *, body: object = None) -> Reply:
        """Send JSON as ourselves until an answer came that will not pass by itself.

        Raises:
            NeighbourUnavailableError: none came in time.

        """
        content = b"" if body is None else json.dumps(body).encode()
        patience, fresh = self.patience(), False
        while True:
            headers = self._authorized(
                {"Content-Type": "application/json"}, fresh=fresh
            )
            try:
                reply = self.exchange(
                    method,
                    url,
                    headers=headers,
                    content=content,
                    timeout=patience.timeout(),
                )
            except LostError as error:
                patience.pause(what, str(error))
                continue
            if reply.status in TRANSIENT:
                patience.pause(what, f"status {reply.status}")
            elif reply.status == httpx.codes.UNAUTHORIZED and not fresh:
                fresh = True
            else:
                return reply

    @contextmanager
    def stream(
        self, url: str, headers: Mapping[str, str], *, timeout: float
    ) -> Iterator[Stream]:
        """Get `url` as ourselves, its body as it comes.

        Raises:
            LostError: no answer came, or it ended early.

        """
        with self._open(
            "GET", url, self._authorized(headers, fresh=False), timeout
        ) as response:
            chunks = iter(response.stream)  # type: ignore[arg-type]  # never async here
            yield Stream(response.status_code, response.headers, chunks)

    @contextmanager
    def _open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        timeout: float,
        content: bytes | Iterable[bytes | memoryview] = b"",
    ) -> Iterator[httpx.Response]:
        every = dict.fromkeys(("connect", "read", "write", "pool"), timeout)
        try:
            response = self._transport.handle_request(
                httpx.Request(
                    method,
                    url,
                    headers={"User-Agent": "plantain", **headers},
                    content=content,  # type: ignore[arg-type]  # h11 takes views too
                    extensions={"timeout": every},
                )
            )
            try:
                yield response
            finally:
                response.close()
        except httpx.TransportError as error:
            raise LostError(type(error).__name__) from None

    def _authorized(self, headers: Mapping[str, str], *, fresh: bool) -> dict[str, str]:
        token = self._tokens(fresh=fresh)
        return {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}


def refused(what: str, reply: Reply, bucket: str) -> NeighbourUnavailableError:
    """Return the error for an answer that nobody expects in a sound project."""
    remedy = "the queue delivers again"
    if reply.status in _REFUSED:
        remedy = f"give our service account roles/storage.objectUser on {bucket!r}"
    elif reply.status == httpx.codes.NOT_FOUND:
        remedy = f"check that the bucket {bucket!r} exists"
    return NeighbourUnavailableError(
        f"Cloud Storage answered {reply.status} when asked to {what}: {remedy}"
    )
