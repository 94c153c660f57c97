"""Laws of the runner that serves every local app."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from functions.local.serving import Background, hang_up, serve

if TYPE_CHECKING:
    from functions.local.serving import Receive, Scope, Send


async def _answer(send: Send, body: bytes, status: int = 200) -> None:
    length = str(len(body)).encode()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-length", length)],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def _hello(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await _answer(send, scope["path"].encode())


class _Stuck:
    """Answers after `release`, which no test sets unless it says so."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.release = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.entered.set()
        await self.release.wait()
        await _answer(send, b"late")


class _Cuts:
    """Hangs up: before an answer, or in the middle of one."""

    def __init__(self, *, after: int, reset: bool) -> None:
        self.after = after
        self.reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.after:
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [(b"content-length", b"1000000")],
                }
            )
            body = b"x" * self.after
            await send(
                {"type": "http.response.body", "body": body, "more_body": True},
            )
        await hang_up(scope, reset=self.reset)


def test_background_serves_each_app_on_its_own_port() -> None:
    """Every app has its own base address, on loopback only."""
    with Background(_hello, _hello) as (one, two):
        assert one != two
        assert one.startswith("http://127.0.0.1:")
        assert httpx.get(f"{one}/a").text == "/a"
        assert httpx.get(f"{two}/b").text == "/b"


def test_a_taken_port_is_named_at_once() -> None:
    """A taken port is an OSError whose sentence names it, before anything waits."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        before = time.monotonic()
        with pytest.raises(OSError, match=f"port {port} of 127.0.0.1 is taken"):
            asyncio.run(_start_and_stop(port))
        assert time.monotonic() - before < 1


def test_two_servers_cannot_share_a_port() -> None:
    """The second of two of our own servers on one port is refused as well."""

    async def both() -> None:
        first = await serve(_hello)
        try:
            with pytest.raises(OSError, match=f"port {first.port}"):
                await serve(_hello, port=first.port)
        finally:
            await first.stop()

    asyncio.run(both())


def test_an_address_that_is_not_ours_is_named() -> None:
    """Any other failure to listen names the port and host too."""
    with pytest.raises(OSError, match=r"cannot listen on port 0 of 192\.0\.2\.1"):
        asyncio.run(_start_and_stop(0, "192.0.2.1"))


async def _start_and_stop(port: int, host: str = "127.0.0.1") -> None:
    server = await serve(_hello, host, port)
    await server.stop()


def test_background_raises_what_the_start_raised() -> None:
    """A failed start is raised where `Background` was started."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        background = Background(_hello, port=taken)
        with pytest.raises(OSError, match=str(taken)):
            background.start()


def test_a_port_is_free_again_after_stop() -> None:
    """A server can come back where it was, even with clients in between."""
    with Background(_hello) as (url,):
        port = httpx.URL(url).port
        assert port
        httpx.get(url)
    with Background(_hello, port=port) as (again,):
        assert again == url
        assert httpx.get(again).status_code == 200


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("after", [0, 1000])
def test_hang_up_is_a_lost_connection(after: int, reset: bool) -> None:
    """The client sees a lost connection, before or inside an answer, never a 500."""
    with (
        Background(_Cuts(after=after, reset=reset)) as (url,),
        httpx.Client() as client,
        pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)),
    ):
        client.get(url)


def test_hang_up_sends_what_was_said_before() -> None:
    """Without `reset`, the part of the answer that was sent arrives, then the end."""
    with Background(_Cuts(after=1000, reset=False)) as (url,):
        got = _raw(url)
    assert got.startswith(b"HTTP/1.1 200")
    assert got.endswith(b"x" * 1000)


def test_hang_up_without_an_answer_sends_no_byte() -> None:
    """Before an answer, the connection ends with not one byte."""
    with Background(_Cuts(after=0, reset=False)) as (url,):
        assert _raw(url) == b""


def _raw(url: str) -> bytes:
    address = httpx.URL(url)
    assert address.port
    with socket.create_connection((address.host, address.port), timeout=5) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        got = b""
        while data := sock.recv(65536):
            got += data
    return got


def test_hang_up_elsewhere_is_an_error() -> None:
    """Under a server that is not ours `hang_up` says so instead of doing nothing."""
    with pytest.raises(RuntimeError, match=r"functions\.local\.serv"):
        asyncio.run(hang_up({"type": "http"}))


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Connections have TCP_NODELAY: an answer of two writes is not 40 ms late."""
    seen: list[int] = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        sock = scope["state"]["plantain.connection"].transport.get_extra_info("socket")
        seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await _answer(send, b"")

    with Background(look) as (url,):
        httpx.get(url)
    assert seen
    assert seen[0] != 0


def test_stop_with_open_keep_alive_connections() -> None:
    """Idle connections do not hold a stop: it takes less than a second."""
    background = Background(_hello, grace=30).start()
    with httpx.Client() as client:
        client.get(background.urls[0])
        before = time.monotonic()
        background.stop()
        assert time.monotonic() - before < 1


def test_stop_cuts_a_request_that_never_ends(caplog: pytest.LogCaptureFixture) -> None:
    """A request in flight ends with the grace, and is no error in the log."""
    stuck = _Stuck()
    background = Background(stuck, grace=0.2).start()
    failed: list[Exception] = []

    def ask() -> None:
        try:
            httpx.get(background.urls[0])
        except httpx.HTTPError as error:
            failed.append(error)

    client = threading.Thread(target=ask)
    client.start()
    assert stuck.entered.wait(5)
    before = time.monotonic()
    background.stop()
    assert time.monotonic() - before < 1
    client.join(5)
    assert len(failed) == 1
    assert not caplog.records


def test_stop_lets_a_request_finish_within_the_grace() -> None:
    """A request that ends within the grace gets its whole answer."""
    stuck = _Stuck()

    async def scenario() -> str:
        server = await serve(stuck)
        async with httpx.AsyncClient() as client:
            asking = asyncio.create_task(client.get(server.url))
            while not stuck.entered.is_set():  # noqa: ASYNC110  # a thread's event
                await asyncio.sleep(0.01)
            stopping = asyncio.create_task(server.stop(grace=5))
            await asyncio.sleep(0)
            stuck.release.set()
            answer = await asking
            await stopping
        return answer.text

    assert asyncio.run(scenario()) == "late"


def test_signals_are_left_alone() -> None:
    """Serving in the main thread replaces no signal handler."""

    async def scenario() -> None:
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        server = await serve(_hello)
        during = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        await server.stop()
        assert during == before

    asyncio.run(scenario())


def test_stop_is_harmless_twice() -> None:
    """A second stop does nothing."""
    background = Background(_hello).start()
    background.stop()
    background.stop()


def test_run_reaches_the_loop_of_the_servers() -> None:
    """`run` runs a coroutine in the loop of the servers and hands its result back."""

    async def where() -> int:  # it runs inside the loop
        return threading.get_ident()

    background = Background(_hello).start()
    try:
        assert background.run(where()) != threading.get_ident()
    finally:
        background.stop()
