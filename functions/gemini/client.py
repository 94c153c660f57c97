"""The streaming client: one call, one answer, whatever happens on the way.

The law: a call is sent at most once and its failure says honestly whether it may
have been paid; no key, prompt or address is in anything that leaves here.
"""

from __future__ import annotations

import contextlib
import threading
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import httpcore
import httpx

from functions.gemini import policy
from functions.gemini.answer import AnswerReader, Bounds, Contents
from functions.gemini.gate import Gate, OverError, Watch
from functions.gemini.inflate import Inflater, compressed, supported
from functions.gemini.native import Native
from functions.gemini.wire import Wire, watched
from functions.job import names
from functions.job.ports import Album, Answer, Call, Clock, Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.gemini.body import Body
    from functions.gemini.policy import Policy
    from functions.gemini.routes import Route
    from functions.gemini.spoken import Said

OK: Final = 200
_ERROR_BOUNDS: Final = Bounds(total=1 << 20, kept=1 << 20)
_CONNECT: Final = 10.0  # s
_UNSENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
)
_ILLEGAL: Final = (httpx.LocalProtocolError, httpcore.LocalProtocolError)
_LATE: Final = (httpx.TimeoutException, httpcore.TimeoutException)
_BROKEN: Final = (
    httpx.TransportError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
)
# What a verdict or a person can use; everything else (cookies, locations) stays out.
_HEADERS: Final = frozenset(
    {
        "cf-ray",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "retry-after",
        "server",
        "server-timing",
        "via",
        "x-cloud-trace-context",
        "x-request-id",
    }
)


class Codec(Protocol):
    """How one kind of route is spoken."""

    @property
    def policy(self) -> Policy:
        """Return where its answers carry pictures."""
        ...

    def url(self, route: Route, call: Call) -> str:
        """Return the address, without any credential."""
        ...

    def headers(self, route: Route) -> dict[str, str]:
        """Return the credential and what else the route wants."""
        ...

    def body(self, call: Call) -> Body:
        """Return the request."""
        ...

    def said(self, body: object) -> Said:
        """Return what an answer says beside its picture."""
        ...


class RoutedModel:
    """The model behind one route; one of these lives as long as its instance."""

    def __init__(
        self,
        route: Route,
        codec: Codec,
        *,
        clock: Clock,
        drains: int,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._route = route
        self._codec = codec
        self._clock = clock
        self._gate = Gate(drains)
        self._transport = transport
        self._client: httpx.Client | None = None
        self._building = threading.Lock()

    @property
    def route(self) -> str:
        """Return the route's name in settings."""
        return self._route.name

    def ask(self, call: Call, album: Album, *, alive: Callable[[], bool]) -> Answer:
        """Send the call once, stream its pictures into `album`, return the rest.

        Only the album and the references can raise here: what the model and the
        network do is in the answer.

        Raises:
            UnsentError: a reference broke while it was being sent.

        """
        watch = Watch(self._clock, call.timeout, alive)
        exchange = _Exchange(self._clock, watch, album, self._codec.policy)
        with watched(watch.check):
            exchange.run(self._connected(), self._request(call), self._gate)
        answer = exchange.answer()
        said = self._codec.said(answer.body)
        return replace(answer, text=said.text, grounding=said.grounding)

    def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        with self._building:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> httpx.Client:
        with self._building:
            if self._client is None:
                self._client = httpx.Client(
                    transport=self._transport or self._wire(),
                    trust_env=False,
                    follow_redirects=False,
                )
            return self._client

    def _wire(self) -> Wire:
        secure = self._route.base_url.startswith("https:")
        # No certificate, proxy or netrc of the environment is looked at.
        return Wire(tls=httpx.create_ssl_context(trust_env=False) if secure else None)

    def _request(self, call: Call) -> httpx.Request:
        body = self._codec.body(call)
        headers = {
            **self._codec.headers(self._route),
            "accept": "application/json",
            "accept-encoding": "identity",  # inflating costs more than all the rest
            "content-length": str(body.size),
            "content-type": "application/json",
            "user-agent": "plantain",
        }
        if self._route.local:  # the stand-in counts what each job would have paid
            headers["x-plantain-job"] = names.job_hash(call.request.id)
        timeout = httpx.Timeout(call.timeout, connect=min(call.timeout, _CONNECT))
        return httpx.Request(
            "POST",
            self._codec.url(self._route, call),
            headers=headers,
            content=body,
            extensions={"timeout": timeout.as_dict()},
        )


class NativeModel(RoutedModel):
    """The model by the native route."""

    def __init__(
        self,
        route: Route,
        *,
        clock: Clock,
        drains: int,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(
            route, Native(), clock=clock, drains=drains, transport=transport
        )


class _Exchange:
    """One request and what became of it."""

    def __init__(
        self, clock: Clock, watch: Watch, album: Album, success: Policy
    ) -> None:
        self._clock = clock
        self._watch = watch
        self._album = album
        self._success = success
        self._sent_at = clock.now()
        self._first_byte_at: float | None = None
        self._status: int | None = None
        self._headers: dict[str, str] = {}
        self._reader: AnswerReader | None = None
        self._failure: Failure | None = None

    def run(self, client: httpx.Client, request: httpx.Request, gate: Gate) -> None:
        try:
            response = client.send(request, stream=True)
            with contextlib.closing(response):
                self._note(response)
                if self._status == OK:
                    with gate.enter(self._watch):
                        self._read(response, self._success, Bounds())
                else:
                    self._read(response, policy.errors, _ERROR_BOUNDS)
        except OverError as over:
            if over.failure == "timeout":
                self._fail("timeout")
            else:  # the lease is lost: whatever came belongs to nobody
                self._failure = "cut"
        except _UNSENT:
            self._failure = "unsent"
        except _ILLEGAL:  # our own side refused to write it, or the rest of it
            self._fail("unsent" if self._status is None else "cut")
        except _LATE:
            self._fail("timeout")
        except _BROKEN:
            self._fail("dropped" if self._status is None else "cut")
        except zlib.error:
            self._fail("malformed")

    def _fail(self, failure: Failure) -> None:
        """Note how the line ended, unless all of the answer had come before that."""
        whole = self._reader is not None and self._reader.whole
        self._failure = None if whole else failure

    def _note(self, response: httpx.Response) -> None:
        self._status = response.status_code
        self._first_byte_at = self._clock.now()
        self._headers = {
            name: value[:1024]
            for name, value in response.headers.items()
            if name in _HEADERS or name.startswith("x-goog-")
        }

    def _read(self, response: httpx.Response, which: Policy, bounds: Bounds) -> None:
        encoding = response.headers.get("content-encoding", "")
        if not supported(encoding):
            self._failure = "malformed"
            return
        reader = self._reader = AnswerReader(self._album, which, bounds)
        if compressed(encoding):
            self._inflate(response, reader, Inflater(encoding))
            return
        for chunk in response.iter_raw():
            self._watch.check()
            if not reader.feed(chunk):
                return

    def _inflate(
        self, response: httpx.Response, reader: AnswerReader, inflater: Inflater
    ) -> None:
        for chunk in response.iter_raw():
            for piece in inflater.feed(chunk):
                self._watch.check()
                if not reader.feed(piece):
                    return
        if not inflater.whole:
            self._fail("cut")

    def answer(self) -> Answer:
        contents = self._reader.finish() if self._reader else Contents(None, 0, None)
        failure = self._failure or contents.failure
        if self._status != OK and contents.failure == "too_large":
            failure = self._failure  # enough of an error was read
        return Answer(
            status=self._status,
            body=contents.body,
            failure=failure,
            headers=self._headers,
            pictures=contents.pictures,
            sent_at=None if failure == "unsent" else self._sent_at,
            first_byte_at=self._first_byte_at,
            ended_at=self._clock.now(),
        )
