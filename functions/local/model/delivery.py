"""How a reply goes over the wire: at once or late, whole, slow, cut or broken.

A client that leaves ends every wait at once; nothing goes on for nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Self

from functions.local.model import encoding
from functions.local.model.scenario import Plan, UnknownScenarioError
from functions.local.serving import hang_up

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from types import TracebackType

    from functions.local.model.call import Reply
    from functions.local.serving import Receive, Scope, Send
    from functions.local.timers import Timers

_CHUNK: Final = 32 * 1024
_SLICES: Final = 10  # pieces a second of a slow body
_SAFE: Final = (
    (b"vary", b"Origin, X-Origin, Referer"),
    (b"server", b"scaffolding on HTTPServer2"),
    (b"x-xss-protection", b"0"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-content-type-options", b"nosniff"),
)


class ClientGoneError(Exception):
    """The client closed its connection before the answer was out."""


class Line:
    """The connection of one request; use it as a context once the body is read."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, timers: Timers
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._timers = timers
        self._gone: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start to watch for the client's leaving."""
        self._gone = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop watching."""
        if self._gone is not None:
            self._gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._gone

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def until(self, waiting: Awaitable[object]) -> None:
        """Wait for `waiting`, or raise ClientGoneError when the client leaves."""
        task = asyncio.ensure_future(waiting)
        watched = {task} if self._gone is None else {task, self._gone}
        try:
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
        if task.cancelled() or not task.done():
            raise ClientGoneError

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of the clock."""
        if seconds > 0:
            await self.until(self._timers.sleep(seconds))

    async def answer(self, reply: Reply, plan: Plan, elapsed: float) -> int:
        """Send `reply` as `plan` says; return how many bytes of body went out.

        Raises:
            ClientGoneError: the client left.
            UnknownScenarioError: a value of the plan makes no sense.

        """
        size = int(plan.number("chunk", _CHUNK))
        rate = plan.number("slow", 0)
        share = plan.number("reset", 0.5) if plan.has("reset") else None
        pause = plan.number("pause", 0)
        if size < 1 or rate < 0:
            raise UnknownScenarioError("chunk and slow want a positive number")
        if plan.has("drop"):
            await self._break(plan, "drop")
            return 0
        parts, headers = await self._prepared(reply)
        timing = f"gfet4t7; dur={round(elapsed * 1000)}".encode()
        headers.append((b"server-timing", timing))
        start = {"type": "http.response.start", "status": reply.status}
        await self._send({**start, "headers": headers})
        await self.sleep(pause)
        if rate:
            size = max(1, min(size, int(rate / _SLICES)))
        whole = sum(len(part) for part in parts)
        most = whole if share is None else int(whole * min(max(share, 0.0), 1.0))
        sent = await self._body(encoding.chunks(parts, size), most, rate)
        if share is not None:
            await self._break(plan, "reset")
            return sent
        await self._send({"type": "http.response.body", "body": b""})
        return sent

    async def _prepared(
        self, reply: Reply
    ) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
        headers = [(b"content-type", reply.content_type.encode()), *_SAFE]
        if reply.pieces and self._takes_gzip():
            headers.append((b"content-encoding", b"gzip"))
            return await asyncio.to_thread(encoding.gzipped, reply.pieces), headers
        return [piece.plain for piece in reply.pieces], headers

    def _takes_gzip(self) -> bool:
        found = (v for k, v in self._scope["headers"] if k == b"accept-encoding")
        return any(b"gzip" in value and b"gzip;q=0" not in value for value in found)

    async def _body(self, chunks: Iterator[bytes], most: int, rate: float) -> int:
        sent = 0
        for chunk in chunks:
            if self._gone is not None and self._gone.done():
                raise ClientGoneError
            part = chunk[: most - sent]
            if not part:
                break
            message = {"type": "http.response.body", "body": part, "more_body": True}
            await self._send(message)
            sent += len(part)
            if rate:
                await self.sleep(len(part) / rate)
        return sent

    async def _break(self, plan: Plan, name: str) -> None:
        step = plan.step(name)
        how = step.arguments.get("how", "fin") if step else "fin"
        await hang_up(self._scope, reset=how == "rst")
