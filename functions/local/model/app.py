"""The stand-in's door: an ASGI app that takes Gemini's paths and its own controls.

It accepts and refuses like Google, draws real pictures, fails on demand and counts
every call that Google would bill. The event loop never draws, parses or compresses.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from functions.local.faults import Faults
from functions.local.model import call, catalogue, errors, signature
from functions.local.model.blob import Style
from functions.local.model.call import Asked, Reply
from functions.local.model.control import Control
from functions.local.model.delivery import ClientGoneError, Line
from functions.local.model.encoding import dump
from functions.local.model.errors import ApiError
from functions.local.model.generation import Generation, Workshop
from functions.local.model.holds import Holds
from functions.local.model.meter import Meter, redacted
from functions.local.model.scenario import Plan
from functions.local.model.studio import Studio
from functions.local.timers import Timers

if TYPE_CHECKING:
    from functions.job.ports import Clock
    from functions.local.serving import Receive, Scope, Send

Json = dict[str, Any]

_MODEL: Final = re.compile(r"/(v1|v1beta)/models/([^/:]+):(\w+)")
_LISTING: Final = re.compile(r"/(v1|v1beta)/models(?:/([^/:]+))?")
_CONTROL: Final = "/_control/"
_METHODS: Final = frozenset({"generateContent", "streamGenerateContent"})
_BODY_LIMIT: Final = 110 * 1024 * 1024  # Google takes 100 MB inline
_LATER: Final = (  # what Google serves and the stand-in does not yet
    (r"/v1beta/openai(/.*)?", "the OpenAI-compatible route"),
    (r"/v1/(chat/completions|images/(generations|edits))", "the relay route"),
    (r"/(v1|v1beta1)/(projects|publishers)/.*", "the Vertex AI route"),
    (r"/(v1|v1beta)/interactions(/.*)?", "the Interactions API"),
    (r"/(v1|v1beta)/batches([:/].*)?", "the Batch API"),
    (r"/(upload/|download/)?(v1|v1beta)/files([:/].*)?", "the Files API"),
    (r"/(v1|v1beta)/models/[^/:]+:batchGenerateContent", "the Batch API"),
)


class ModelApp:
    """The stand-in for the Gemini image API.

    `key` None lets everybody in; `latency` is what every answer takes, in seconds of
    `clock`; `signature_bytes` is the decoded length of a picture's thought signature.
    `meter` counts, `holds` releases; both may be used from other threads.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        key: str | None = "local-key",
        faults: Faults | None = None,
        latency: float = 0.0,
        signature_bytes: int = signature.DEFAULT,
    ) -> None:
        self.meter = Meter()
        self.holds = Holds()
        self.faults = Faults() if faults is None else faults
        self._clock = clock
        self._timers = Timers(clock)
        self._key = key
        self._workshop = Workshop(
            clock=clock,
            meter=self.meter,
            holds=self.holds,
            faults=self.faults,
            studio=Studio(),
            signature=signature_bytes,
            latency=latency,
        )
        self._control = Control(self.meter, self.holds, self.faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        started = self._clock.now()
        try:
            body = await _read(receive)
        except ClientGoneError:
            return
        async with Line(scope, receive, send, self._timers) as line:
            try:
                await self._serve(scope, body, line, started)
            except ClientGoneError:
                return

    async def _serve(
        self, scope: Scope, body: bytes, line: Line, started: float
    ) -> None:
        path: str = scope["path"]
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if path.startswith(_CONTROL):
            name = path.removeprefix(_CONTROL)
            reply = self._control.answer(scope["method"], name, query, body)
            await line.answer(reply, Plan(), 0.0)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        entry = self._note(scope, headers, query, len(body), started)
        try:
            if len(body) > _BODY_LIMIT:
                raise errors.too_large()
            found = _MODEL.fullmatch(path)
            if found is None or found[3] not in _METHODS or scope["method"] != "POST":
                reply = self._elsewhere(scope["method"], path, headers, query)
            else:
                self._check_key(headers, query)
                asked = Asked(
                    version=found[1],
                    model=found[2],
                    method=found[3],
                    headers=headers,
                    query=query,
                    body=body,
                )
                await Generation(self._workshop, asked, entry, line, started).run()
                return
        except ApiError as error:
            reply = call.refusal(error)
        entry["status"] = reply.status
        await line.answer(reply, Plan(), self._clock.now() - started)

    def _note(
        self,
        scope: Scope,
        headers: dict[str, str],
        query: dict[str, str],
        size: int,
        started: float,
    ) -> Json:
        return self.meter.note(
            {
                "at": started,
                "method": scope["method"],
                "path": scope["path"],
                "bytes": size,
                "headers": redacted(headers),
                # Google takes it, but a key in an address lands in every log.
                "key_in_query": "key" in query,
            }
        )

    def _check_key(self, headers: dict[str, str], query: dict[str, str]) -> None:
        if self._key is not None:
            call.check_key(headers, query, self._key)

    def _elsewhere(
        self, method: str, path: str, headers: dict[str, str], query: dict[str, str]
    ) -> Reply:
        """Return the reply for every path that is not generateContent."""
        for pattern, name in _LATER:
            if re.fullmatch(pattern, path):
                raise errors.not_implemented(name)
        found = _MODEL.fullmatch(path)
        if found is not None and found[3] not in _METHODS:
            raise errors.not_implemented(f"models.{found[3]}")
        listing = _LISTING.fullmatch(path)
        if listing is None or method != "GET":
            raise errors.page_missing()
        self._check_key(headers, query)
        return Reply(200, dump(_listing(listing[1], listing[2]), Style(), pretty=True))


def _listing(version: str, model: str | None) -> Json:
    if model is None:
        return {"models": [catalogue.listing(row) for row in catalogue.MODELS]}
    row = catalogue.find(model)
    if row is None:
        raise errors.model_missing(model, version, "generateContent")
    return catalogue.listing(row)


async def _read(receive: Receive) -> bytes:
    """Return the body, or little more of it than the limit."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        if size <= _BODY_LIMIT:
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        if not message.get("more_body", False):
            return await asyncio.to_thread(b"".join, parts)
