"""Cloud Storage's JSON API as one account uses it.

Law: every call ends within its budget, what passes by itself is tried again, and no
error text holds a token or the address of an upload session.
"""

from __future__ import annotations

import json
import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from functions.cloud.identity import no_token
from functions.cloud.wire import LostError, Wire
from functions.job.errors import NeighbourUnavailableError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator, Mapping
    from http.client import HTTPResponse

    from functions.cloud.identity import Tokens
    from functions.job.ports import Buffer, Clock

GOOGLE: Final = "https://storage.googleapis.com"
TRANSIENT: Final = frozenset((408, 429, 500, 502, 503, 504))
# Its own generator: tests that count on the global one are not disturbed.
_JITTER: Final = random.Random()  # noqa: S311  # no secret
_TRY: Final = 10.0  # s for one try to connect, send or answer
_FIRST: Final = 0.1  # s before the second try, doubled before each further one
_LONGEST: Final = 4.0
_CHUNK: Final = 1 << 16  # bytes read at once of a body that streams
_UNAUTHORIZED: Final = 401
_NOT_FOUND: Final = 404
_REFUSED: Final = (401, 403)
# Of what Cloud Storage blames on the caller, this may pass: a token that is just
# being replaced, a precondition, and what is transient anyway.
_PASSING: Final = TRANSIENT | {_UNAUTHORIZED, 412}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, read whole."""

    status: int
    # Their Location is the address of an upload, which anyone may write to.
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

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
    headers: Mapping[str, str] = field(repr=False)
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

    def __init__(self, clock: Clock, budget: float, who: str = "Cloud Storage") -> None:
        self._clock = clock
        self._who = who
        self._budget = budget
        self._until = clock.now() + budget
        self._pause = _FIRST

    def timeout(self, most: float = _TRY) -> float:
        """Return the seconds that one more try may take."""
        return max(0.1, min(most, self._until - self._clock.now()))

    def pause(self, what: str, why: str) -> None:
        """Wait before the next try.

        Raises:
            NeighbourUnavailableError: the budget is spent.

        """
        wait = self._pause * _JITTER.uniform(0.5, 1.0)
        if self._clock.now() + wait > self._until:
            raise NeighbourUnavailableError(
                f"{self._who} did not {what} within {self._budget:g} s (last: {why});"
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
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._clock = clock
        self._url = url.rstrip("/")
        self._tokens = tokens
        self._budget = budget
        self._wire = Wire(clock, tls)

    def close(self) -> None:
        """Close the kept connections."""
        self._wire.close()

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
        content: Iterable[Buffer] = (),
    ) -> Reply:
        """Send one request and read its answer, once.

        Raises:
            LostError: no answer came.

        """
        with self._wire.exchange(
            method, url, headers, content, timeout=timeout
        ) as response:
            return Reply(response.status, _lower(response), response.read())

    def call(self, what: str, method: str, url: str, *, body: object = None) -> Reply:
        """Send JSON as ourselves until an answer came that will not pass by itself.

        `body` is bytes of JSON, or what is to be written as JSON.

        Raises:
            NeighbourUnavailableError: none came in time.

        """
        content = body if isinstance(body, bytes) else _content(body)
        kind = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        patience, fresh = self.patience(), False
        while True:
            headers = self._authorized(kind, fresh=fresh)
            try:
                reply = self.exchange(
                    method,
                    url,
                    headers=headers,
                    content=(content,),
                    timeout=patience.timeout(),
                )
            except LostError as error:
                patience.pause(what, str(error))
                continue
            if reply.status in TRANSIENT:
                patience.pause(what, f"status {reply.status}")
            elif reply.status == _UNAUTHORIZED and not fresh:
                fresh = True
            else:
                return reply

    @contextmanager
    def stream(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        timeout: float,
        fresh: bool = False,
    ) -> Iterator[Stream]:
        """Get `url` as ourselves, its body as it comes.

        Raises:
            LostError: no answer came, or it ended early.

        """
        authorized = self._authorized(headers, fresh=fresh)
        with self._wire.exchange("GET", url, authorized, timeout=timeout) as response:
            chunks = iter(lambda: response.read(_CHUNK), b"")
            yield Stream(response.status, _lower(response), chunks)

    def _authorized(self, headers: Mapping[str, str], *, fresh: bool) -> dict[str, str]:
        token = self._tokens(fresh=fresh)
        return {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}


def _content(body: object) -> bytes:
    return b"" if body is None else json.dumps(body).encode()


def _lower(response: HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def permanent(status: int) -> bool:
    """Whether the same call will be answered in the same way for ever."""
    return 400 <= status < 500 and status not in _PASSING  # noqa: PLR2004  # 4xx


def refused(what: str, reply: Reply, bucket: str) -> NeighbourUnavailableError:
    """Return the error for an answer that nobody expects in a sound project."""
    remedy = "the queue delivers again"
    if reply.status in _REFUSED:
        remedy = f"give our service account roles/storage.objectUser on {bucket!r}"
    elif reply.status == _NOT_FOUND:
        remedy = f"check that the bucket {bucket!r} exists"
    return NeighbourUnavailableError(
        f"Cloud Storage answered {reply.status} when asked to {what}: {remedy}"
    )
