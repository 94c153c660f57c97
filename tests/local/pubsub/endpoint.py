"""A push endpoint that a test steers: what it answers, and when."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from functions.local import serving
from functions.local.serving import Background, Receive, Scope, Send

if TYPE_CHECKING:
    from types import TracebackType

HANG_UP = 0  # as an answer: close the connection
WAIT = 20.0  # s of real time that a test waits for what must come


@dataclass(frozen=True)
class Push:
    """One request that arrived."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def message_id(self) -> str:
        return str(self.json["message"]["messageId"])


Answer = Callable[[int, Push], Awaitable[int] | int]


class Endpoint:
    """Serves in a thread of its own; `answer(n, push)` says the n-th status."""

    def __init__(self, answer: Answer = lambda _n, _push: 204) -> None:
        self._answer = answer
        self._news = threading.Condition()
        self._gate: asyncio.Event | None = None
        self._background = Background(self._app)
        self.pushes: list[Push] = []
        self.active = 0
        self.held = 0  # requests that the next `release` lets go
        self.cut = 0  # requests whose client left before the answer

    @property
    def url(self) -> str:
        return f"{self._background.urls[0]}/"

    def __enter__(self) -> Self:
        self._background.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._background.stop()

    def until(self, true: Callable[[], bool]) -> None:
        """Return when `true`; fail when that does not come."""
        with self._news:
            assert self._news.wait_for(true, WAIT), f"{len(self.pushes)} pushes came"

    def arrived(self, count: int) -> list[Push]:
        """Return the pushes once there are at least `count`."""
        self.until(lambda: len(self.pushes) >= count)
        return list(self.pushes)

    async def hold(self) -> int:
        """Keep a request until `release`; for use in `answer`."""
        if self._gate is None:
            self._gate = asyncio.Event()
        gate = self._gate
        with self._news:
            self.held += 1
            self._news.notify_all()
        await gate.wait()
        return 204

    def release(self) -> None:
        """Let everything that is held now be answered."""

        async def opened() -> None:
            if self._gate is not None:
                self._gate.set()
            self._gate, self.held = None, 0

        self._background.run(opened())

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        push = Push(_target(scope), _headers(scope), await _body(receive))
        with self._news:
            self.pushes.append(push)
            self.active += 1
            number = len(self.pushes)
            self._news.notify_all()
        status = await self._status(number, push, receive)
        with self._news:
            self.active -= 1
            self._news.notify_all()
        if status == HANG_UP:
            await serving.hang_up(scope)
            return
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _status(self, number: int, push: Push, receive: Receive) -> int:
        answer = self._answer(number, push)
        if isinstance(answer, int):
            return answer
        waiting = asyncio.ensure_future(answer)
        left = asyncio.ensure_future(receive())
        await asyncio.wait({waiting, left}, return_when=asyncio.FIRST_COMPLETED)
        left.cancel()
        if waiting.done():
            return waiting.result()
        waiting.cancel()
        with self._news:
            self.cut += 1
            self._news.notify_all()
        return HANG_UP


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode()
    path = scope["raw_path"].decode()
    return f"{path}?{query}" if query else str(path)


def _headers(scope: Scope) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in scope["headers"]}


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body
