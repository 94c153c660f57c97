"""The stack's own door for tests and people: clock, faults, kills, meter, end.

The law: it listens on loopback only and takes no order from a web page: a request
that names another host or comes from an origin is refused.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final

from functions.job.errors import PlantainError
from functions.local.faults import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.local.faults import Faults
    from functions.local.serving import Message, Receive, Scope, Send
    from functions.local.stack import Stack

_BODY: Final = 65_536  # bytes of an order
_HOSTS: Final = ("127.0.0.1", "localhost")
_FIELDS: Final = {field.name for field in dataclasses.fields(Rule)} - {"seen", "fired"}


class _RefusedError(Exception):
    """Answered with `status`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """ASGI app: /_control/<what>/<which>."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            _from_here(scope)
            order = await _read(receive)
            status, answer = 200, self._route(scope, order)
        except _RefusedError as refused:
            status, answer = refused.status, {"error": str(refused)}
        except PlantainError as error:
            status, answer = 409, {"error": str(error)}
        await _answer(send, status, answer)

    def _route(self, scope: Scope, order: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
        root, what, which = _parts(scope["path"])
        method = scope["method"] if root == "_control" else ""
        if what == "faults" and method:
            return self._faults(method, which, order)
        orders: dict[tuple[str, str], Callable[[], object]] = {
            ("GET", "stack"): self._stack.describe,
            ("GET", "meter"): self._stack.meter,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): lambda: self._step(_number(order, "step")),
            ("POST", "kill"): lambda: {"killed": self._stack.child(which).kill()},
            ("POST", "freeze"): lambda: self._stack.child(which).freeze(),
            ("POST", "thaw"): lambda: self._stack.child(which).thaw(),
            ("POST", "probe"): lambda: self._probe(which, str(order.get("probe", ""))),
            ("POST", "shutdown"): self._stack.leave.set,
        }
        found = orders.get((method, what))
        if found is None:
            known = ", ".join(f"{verb} {name}" for verb, name in orders)
            raise _RefusedError(404, f"known: faults, {known}")
        answer = found()
        return {"ok": True} if answer is None else answer

    def _step(self, seconds: float) -> dict[str, float]:
        self._stack.clock.step(seconds)
        return self._clock()

    def _probe(self, function: str, probe: str) -> None:
        self._stack.child(function).probe = probe

    def _clock(self) -> dict[str, float]:
        clock = self._stack.clock
        return {"now": clock.now(), "ahead": clock.offset()}

    def _faults(self, method: str, which: str, order: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
        faults: Faults | None = self._stack.emulators.faults.get(which)
        if faults is None:
            known = ", ".join(self._stack.emulators.faults)
            raise _RefusedError(404, f"faults of what? known: {known}")
        if method == "POST":
            unknown = set(order) - _FIELDS
            if unknown or not {"operation", "action"} <= set(order):
                raise _RefusedError(400, f"a rule has {', '.join(sorted(_FIELDS))}")
            faults.add(Rule(**order))
        elif method == "DELETE":
            faults.clear()
        elif method != "GET":
            raise _RefusedError(405, "GET, POST or DELETE")
        return faults.report()


def _parts(path: str) -> tuple[str, str, str]:
    root, _, rest = path.strip("/").partition("/")
    what, _, which = rest.partition("/")
    return root, what, which


def _from_here(scope: Scope) -> None:
    headers = {name.lower(): value for name, value in scope["headers"]}
    host = headers.get(b"host", b"").decode("latin-1").rpartition(":")[0]
    if host not in _HOSTS or b"origin" in headers:
        raise _RefusedError(403, "only programs of this machine may give orders")


async def _read(receive: Receive) -> dict[str, Any]:
    body = b""
    more = True
    while more:
        message: Message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False) and len(body) <= _BODY
    try:
        order = json.loads(body or b"{}") if len(body) <= _BODY else None
    except ValueError:
        order = None
    if not isinstance(order, dict):
        raise _RefusedError(400, "the body is one JSON object")
    return order


def _number(order: dict[str, Any], name: str) -> float:
    value = order.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _RefusedError(400, f"{name} is a number of seconds")
    return float(value)


async def _answer(send: Send, status: int, answer: object) -> None:
    body = json.dumps(answer).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
