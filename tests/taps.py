"""The taps of the canary: where everything that the system writes is looked at.

The law: a tap only looks. What it wraps gets the same arguments and gives the same
answer; a tap that does not fit any more breaks the run instead of going blind.
"""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any, Final

import httpx
from typing_extensions import override

from functions import receive as door
from functions.local import environment, topology
from functions.local.model import studio
from functions.local.pubsub import Broker
from functions.local.running import RunningStack
from functions.local.stack import Stack
from functions.local.storage.store import Store
from tests import canary, world
from tests.canary import scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

_ANYTHING: Final = (*canary.MARKS, canary.RUN)
_ORDERS: Final = tuple(
    topology.topic_path(name)
    for topic in topology.TOPICS
    if topic != topology.EVENTS_TOPIC
    for name in (topic, topology.dead(topic))
)
_PUSH: Final = "__GCP_CloudEventsMode"
_KEPT: Final = "request.json"  # the one object that holds what was ordered


def install(patch: pytest.MonkeyPatch) -> None:
    """Mark what goes in and look at what comes out, in this process."""
    patch.setattr(environment, "STAND_IN_KEY", canary.KEY)
    for draw in ("encode", "noise"):
        patch.setattr(studio, draw, _then(getattr(studio, draw), canary.marked_picture))
    patch.setattr(RunningStack, "publish", _marking(RunningStack.publish))
    patch.setattr(world.World, "push", _marking(world.World.push))
    _listen(patch)
    _watch_stores(patch)
    _watch_topics(patch)
    _watch_ends(patch)


def _then(
    make: Callable[..., bytes], change: Callable[[bytes], bytes]
) -> Callable[..., bytes]:
    @functools.wraps(make)
    def made(*args: Any, **more: Any) -> bytes:
        return change(make(*args, **more))

    return made


def _marking(send: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(send)
    def sent(self: object, request: Any, *args: Any, **more: Any) -> Any:
        return send(self, canary.marked(request), *args, **more)

    return sent


def _listen(patch: pytest.MonkeyPatch) -> None:
    """Hear what the walks in this process say and what their doors answer."""
    say, receive = world.World._say, door.receive

    def said(self: world.World, action: str, **facts: object) -> None:
        scan("log line", f"say({action})", facts)
        say(self, action, **facts)

    def received(*args: Any) -> tuple[str, int]:
        answer = receive(*args)
        scan("answer of a door", "receive", answer)
        return answer

    patch.setattr(world.World, "_say", said)
    patch.setattr(world, "receive", received)


def _watch_stores(patch: pytest.MonkeyPatch) -> None:
    insert, copy, update = Store.insert, Store.copy, Store.update

    def inserted(self: Store, *args: Any, **more: Any) -> Any:
        stored = insert(self, *args, **more)
        _named(stored)
        with self.open(stored) as content:
            _content(stored.bucket, stored.name, content.read())
        return stored

    def copied(self: Store, *args: Any, **more: Any) -> Any:
        return _named(copy(self, *args, **more))

    def updated(self: Store, *args: Any, **more: Any) -> Any:
        return _named(update(self, *args, **more))

    patch.setattr(Store, "insert", inserted)
    patch.setattr(Store, "copy", copied)
    patch.setattr(Store, "update", updated)


def _named(stored: Any) -> Any:
    """Look at what an object is called and what is noted beside it."""
    where = f"gs://{stored.bucket}/{stored.name}"
    scan("object name", where, [stored.name, stored.meta])
    return stored


def _content(bucket: str, name: str, content: bytes) -> None:
    if bucket == topology.STATE_BUCKET:
        may = _ANYTHING if name.endswith(f"/{_KEPT}") else ()
        what = "request.json" if may else "state object"
        # The key has no business even there.
        may = tuple(mark for mark in may if mark != "key")
        scan(what, f"gs://{bucket}/{name}", content, may=may)
    elif bucket == topology.IMAGES_BUCKET:
        scan("picture", name, content, may=("picture", canary.RUN))


def _watch_topics(patch: pytest.MonkeyPatch) -> None:
    store, post = Broker._store, httpx.AsyncClient.post

    def stored(self: Broker, topic: str, message: Any) -> str:
        attributes = dict(message.attributes)
        scan("attributes of a message", topic, attributes)
        order = topic in _ORDERS
        may = tuple(m for m in _ANYTHING if m != "key") if order else ()
        scan("order" if order else "event", topic, message.data, may=may)
        return store(self, topic, message)

    async def posted(self: httpx.AsyncClient, url: Any, **more: Any) -> httpx.Response:
        answer = await post(self, url, **more)
        if _PUSH in str(url):
            scan("answer of a door", str(url).partition("?")[0], answer.content)
            scan("answer of a door", "its headers", dict(answer.headers))
        return answer

    patch.setattr(Broker, "_store", stored)
    patch.setattr(httpx.AsyncClient, "post", posted)


def _watch_ends(patch: pytest.MonkeyPatch) -> None:
    """Look at what a stack leaves behind, once it has stopped."""
    leave = Stack.__aexit__

    async def left(self: Stack, *error: Any) -> None:
        meter = self.emulators.model.meter
        await leave(self, *error)
        scan("log of the stand-in", "its meter", meter.log())
        files(self.state.root)

    patch.setattr(Stack, "__aexit__", left)


def files(state: Path) -> None:
    """Look at every log of a function and at what a stack says of itself."""
    for path in sorted(state.rglob("*")):
        inside = path.relative_to(state).parts
        if path.is_file() and inside[0] not in {"storage", "demo"}:
            what = "log of a function" if inside[0] == "logs" else "file of a stack"
            scan(what, str(path), path.read_bytes())


class Ear(logging.Handler):
    """Hears every line that a library logs in this process, tracebacks and all."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line as a file would show it."""
        scan("log of a library", record.name, logging.Formatter().format(record))
