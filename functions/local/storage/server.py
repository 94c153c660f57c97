"""The emulator as one ASGI app: routes, faults, counts and notifications together.

An app lives in one event loop. Everything it acknowledged is on disk below `root`
and is there again after a restart or a kill.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.local.serving import hang_up
from functions.local.storage.batch import batch
from functions.local.storage.buckets import Buckets
from functions.local.storage.errors import ApiError, not_built
from functions.local.storage.notifications import notices
from functions.local.storage.objects import Objects
from functions.local.storage.resumable import Uploads
from functions.local.storage.routes import answer_of, find, table
from functions.local.storage.store import Store
from functions.local.storage.wire import ClientGoneError, Reply, Request
from functions.local.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from functions.job.ports import Clock
    from functions.local.faults import Faults, Rule
    from functions.local.serving import Receive, Scope, Send
    from functions.local.storage.notifications import Event

    Publish = Callable[[str, bytes, dict[str, str]], object]

_log = logging.getLogger(__name__)

_BATCH: Final = "/batch/storage/v1"
_WRITES: Final = 100_000  # kept at most
_WRITING: Final = frozenset(
    f"{method} {kind}"
    for method, kind in (
        ("POST", "upload"),
        ("PATCH", "object"),
        ("PUT", "object"),
        ("DELETE", "object"),
        ("POST", "compose"),
        ("POST", "rewrite"),
        ("POST", "copy"),
        ("POST", "move"),
        ("PUT", "xml"),
    )
)


@dataclass(frozen=True, slots=True)
class Write:
    """One request that would change an object, as it came, and what became of it.

    A resumable upload is one write, noted when its session starts.
    """

    method: str
    kind: str  # "upload", "object", "compose", "rewrite", "copy", "move", "xml"
    bucket: str
    name: str
    preconditions: Mapping[str, str]  # by their names in the query, or headers
    status: int  # of the answer, before any fault


class StorageApp:
    """Cloud Storage below one directory; ASGI 3.

    `calls` counts every request by "METHOD kind", `writes` remembers each that would
    change an object with the preconditions it brought.
    """

    def __init__(
        self,
        root: Path,
        *,
        clock: Clock,
        faults: Faults | None = None,
        publish: Publish | None = None,
    ) -> None:
        self.calls: Counter[str] = Counter()
        self.writes: list[Write] = []
        self._faults = faults
        self._publish = publish
        self._timers = Timers(clock)
        self._publishing: set[asyncio.Future[object]] = set()
        self._store = Store(root, clock, self._announce)
        self._buckets = Buckets(self._store)
        self._routes = table(
            self._store, self._buckets, Objects(self._store), Uploads(self._store)
        )

    @property
    def limit_write_rate(self) -> bool:
        """Say whether a second write of one name within a second answers 429."""
        return self._store.limit_write_rate

    @limit_write_rate.setter
    def limit_write_rate(self, on: bool) -> None:
        self._store.limit_write_rate = on

    def create_bucket(self, name: str) -> None:
        """Make a bucket unless it is there; callable from any thread."""
        try:
            self._buckets.create(name, {})
        except ApiError as error:
            if error.status != 409:  # noqa: PLR2004  # it is there
                raise

    def close(self) -> None:
        """Close the files; the state stays on disk."""
        self._timers.close()
        self._store.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        request = Request.of_scope(scope, receive)
        try:
            await self._serve(scope, request, send)
        except ClientGoneError:
            await hang_up(scope)

    async def _serve(self, scope: Scope, request: Request, send: Send) -> None:
        rule = self._rule(scope, request)
        if rule is not None and rule.action == "delay":
            await self._timers.sleep(rule.seconds)
        if rule is not None and rule.action == "drop":
            await hang_up(scope, reset=True)
            return
        reply = await self._reply(request, rule)
        if rule is not None and rule.action == "drop_after":
            reply.close()
            await hang_up(scope, reset=True)
            return
        await reply.send(send, head=request.method == "HEAD")

    def _rule(self, scope: Scope, request: Request) -> Rule | None:
        if self._faults is None:
            return None
        query = scope["query_string"].decode("ascii", "replace")
        operation = f"{request.method} {request.path}"
        return self._faults.hit(operation, f"{request.path}?{query}")

    async def _reply(self, request: Request, rule: Rule | None) -> Reply:
        if rule is not None and rule.action == "duplicate":
            return Reply.of_error(not_built("The fault duplicate"), xml=False)
        if rule is None or rule.action not in {"status", "status_after"}:
            return await self.answer(request)
        if rule.action == "status_after":
            (await self.answer(request)).close()
        reason = "backendError" if rule.status >= 500 else "fault"  # noqa: PLR2004
        error = ApiError(rule.status, reason, "A fault that was asked for.")
        return Reply.of_error(error, xml=False)

    async def answer(self, request: Request) -> Reply:
        """Do what a request asks; refusals are replies as well."""
        if request.path == _BATCH and request.method == "POST":
            self.calls["POST batch"] += 1
            try:
                return await batch(request, self.answer)
            except ApiError as error:
                return Reply.of_error(error, xml=False)
        try:
            route = find(self._routes, request)
        except ApiError as error:
            self.calls[f"{request.method} unknown"] += 1
            return Reply.of_error(error, xml=False)
        call = f"{request.method} {route.kind}"
        self.calls[call] += 1
        try:
            reply = await answer_of(route, request)(request)
        except ApiError as error:
            reply = Reply.of_error(error, xml=route.xml)
        if call in _WRITING and "upload_id" not in request.query:
            self._note(route.kind, request, reply.status)
        return reply

    def _note(self, kind: str, request: Request, status: int) -> None:
        given = {k: v for k, v in request.query.items() if k.startswith("if")}
        given |= {
            k: v for k, v in request.headers.items() if k.startswith("x-goog-if-")
        }
        name = (
            request.params.get("to_object")
            or request.params.get("object")
            or request.query.get("name", "")
        )
        bucket = request.params.get("to_bucket", request.bucket)
        self.writes.append(Write(request.method, kind, bucket, name, given, status))
        del self.writes[:-_WRITES]

    def _announce(self, event: Event) -> None:
        if self._publish is None:
            return
        configured = self._store.index.notifications(event.stored.bucket)
        for notice in notices(configured, event):
            try:
                done = self._publish(notice.topic, notice.data, notice.attributes)
            except Exception:  # noqa: BLE001  # the object is written, whatever became of its news
                _log.exception("no notification to %s", notice.topic)
                continue
            if inspect.isawaitable(done):
                self._publishing.add(task := asyncio.ensure_future(done))
                task.add_done_callback(self._published)

    def _published(self, task: asyncio.Future[object]) -> None:
        self._publishing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("no notification to Pub/Sub", exc_info=error)
