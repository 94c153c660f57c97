"""Serves ASGI apps on loopback inside a running loop, or in a thread for tests.

A taken port is an error at once, signals stay with whoever owns the process, and
`stop` ends within its grace even while clients keep connections open. An app can
`hang_up`: the client then sees a lost connection, never a 500. Apps get no lifespan
events: whoever made an app closes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from uvicorn.server import ServerState

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_T = TypeVar("_T")
_CONNECTION: Final = "plantain.connection"  # key in scope["state"]
_KEEP_ALIVE: Final = 600  # s; longer than clients keep a connection, so none races
_BACKLOG: Final = 2048
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: close() sends an RST
_START: Final = 10.0  # s until `Background` gives up on its own loop


class _Connection(H11Protocol):
    """uvicorn's connection, which puts itself where an app can find it."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        state = {**app_state, _CONNECTION: self}
        super().__init__(config, server_state, state, _loop)
        self.lost = asyncio.Event()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.lost.set()


async def hang_up(scope: Scope, *, reset: bool = False) -> None:
    """Close the connection of this request without (the rest of) an answer.

    What was already sent still goes out, unless `reset`: then the client gets an
    RST. The app returns after this and sends nothing more.
    """
    connection: _Connection | None = scope.get("state", {}).get(_CONNECTION)
    if connection is None:
        raise RuntimeError("hang_up needs an app that runs under functions.local.serve")
    transport = connection.transport
    if reset:
        with contextlib.suppress(OSError):  # the client may have left already
            sock: socket.socket = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
    else:
        transport.close()
    await connection.lost.wait()


class _Uvicorn(uvicorn.Server):
    """uvicorn's server without its signal handlers, which says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.leave = asyncio.Event()

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()

    @override
    async def main_loop(self) -> None:
        """Leave when told, not at the next tenth of a second."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 10  # uvicorn's count: ten make a second, and a new date header
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.leave.wait(), 1.0)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close idle connections, return when the busy ones have answered."""
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        connections = self.server_state.connections
        open_ones = [c for c in connections if isinstance(c, _Connection)]
        for connection in open_ones:
            connection.shutdown()
        for connection in open_ones:
            await connection.lost.wait()
        for server in self.servers:
            await server.wait_closed()


class Server:
    """One app on one port; made by `serve`."""

    def __init__(self, app: App, sock: socket.socket) -> None:
        self._app = app
        self._sock = sock
        self._stopping = False
        self.host: str = sock.getsockname()[0]
        self.port: int = sock.getsockname()[1]
        config = uvicorn.Config(
            self._call,
            interface="asgi3",
            http=_Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE,
            server_header=False,
            proxy_headers=False,
        )
        self._server = _Uvicorn(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Return the base address, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Return once connections are served."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._sock]))
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            self._task.result()  # raises what ended it

    async def stop(self, grace: float = 0.5) -> None:
        """End requests that end within `grace` seconds, cut the others, return."""
        if self._task is None:
            return
        self._server.should_exit = True
        self._server.leave.set()
        await asyncio.wait({self._task}, timeout=grace)
        if not self._task.done():
            await self._cut()
        await self._task

    async def _cut(self) -> None:
        self._stopping = True
        state = self._server.server_state
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # the connections learn that they are lost
        running = list(state.tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._stopping:
                raise


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol by name: asyncio sets TCP_NODELAY on nothing else, and without it
    # each answer of two writes waits 40 ms for a delayed acknowledgement.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)  # now: two sockets may share a bind, not a listen
        sock.settimeout(0)  # what asyncio asks of a socket
    except OSError as error:
        sock.close()
        said = f"cannot listen on port {port} of {host}: {error.strerror}"
        if error.errno == errno.EADDRINUSE:
            said = f"port {port} of {host} is taken: stop who has it or choose another"
        raise OSError(error.errno, said) from error
    return sock


async def serve(app: App, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Serve `app` in the running loop; port 0 takes a free one.

    Raises:
        OSError: the port is taken (the message names it).

    """
    server = Server(app, _listen(host, port))
    await server.start()
    return server


class Background:
    """Serves apps from a thread with its own loop: `with Background(app) as (url,):`.

    `port` is for one app that must come back where it was.
    """

    def __init__(self, *apps: App, port: int = 0, grace: float = 0.5) -> None:
        self._apps = apps
        self._port = port
        self._grace = grace
        self._thread = threading.Thread(target=self._main, name="serving", daemon=True)
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leave: asyncio.Event | None = None
        self.servers: list[Server] = []

    @property
    def urls(self) -> tuple[str, ...]:
        """Return the base addresses, in the order of the apps."""
        return tuple(server.url for server in self.servers)

    def start(self) -> Self:
        """Return once every app is served."""
        self._thread.start()
        if not self._ready.wait(_START):
            raise TimeoutError(f"no server was ready after {_START} s")
        if self._error is not None:
            self._thread.join()
            raise self._error
        return self

    def stop(self) -> None:
        """Stop every server; harmless when done before."""
        if self._loop is not None and self._leave is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(self._leave.set)
        if self._thread.ident is not None:
            self._thread.join()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine in the loop of the servers and return its result."""
        if self._loop is None:
            raise RuntimeError("start the servers first")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def __enter__(self) -> tuple[str, ...]:
        """Start and return the base addresses."""
        return self.start().urls

    def __exit__(self, *_: object) -> None:
        """Stop every server."""
        self.stop()

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001  # handed to the thread that waits
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._leave = asyncio.Event()
        try:
            for app in self._apps:
                self.servers.append(await serve(app, port=self._port))
            self._ready.set()
            await self._leave.wait()
        finally:
            for server in self.servers:
                await server.stop(self._grace)
