from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from functions.cloud.wire import LostError, Wire
from tests.cloud.conftest import LeapClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[int]]]:
    """Serve raw connections, one thread each; yields the address and a tally."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[int] = []

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # the client may reset
            serve(connection)

    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            seen.append(1)
            threads.append(threading.Thread(target=one, args=(connection,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for thread in threads:
            thread.join()


def answer_all(connection: socket.socket) -> None:
    """Answer every request that has no body, until the client leaves."""
    while connection.recv(65536):
        connection.sendall(OK)


def get(wire: Wire, url: str, timeout: float = 5.0) -> bytes:
    with wire.exchange("GET", url, {}, timeout=timeout) as response:
        return response.read()


def test_a_connection_whose_answer_was_read_is_kept() -> None:
    """Thirty requests of one picture share one connection."""
    with server(answer_all) as (url, seen):
        wire = Wire(LeapClock())
        assert [get(wire, url) for _ in range(3)] == [b"hi"] * 3
        wire.close()
    assert len(seen) == 1


def test_a_connection_whose_answer_was_not_read_is_closed() -> None:
    """Left bytes would be taken for the next answer."""
    with server(answer_all) as (url, seen):
        wire = Wire(LeapClock())
        with wire.exchange("GET", url, {}, timeout=5):
            pass
        assert get(wire, url) == b"hi"
        wire.close()
    assert len(seen) == 2


def test_a_connection_that_rested_too_long_is_not_used() -> None:
    """After a freeze the other side is gone without a word."""
    with server(answer_all) as (url, seen):
        clock = LeapClock()
        wire = Wire(clock)
        get(wire, url)
        clock.wait(31)
        get(wire, url)
        wire.close()
    assert len(seen) == 2


def test_a_connection_that_the_other_side_closed_is_not_used() -> None:
    """Its end can be seen, so no request is lost on it."""
    closed = threading.Event()

    def answer_one(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_WR)
        closed.set()
        connection.recv(1)

    with server(answer_one) as (url, seen):
        wire = Wire(LeapClock())
        get(wire, url)
        assert closed.wait(5)
        assert get(wire, url) == b"hi"
        wire.close()
    assert len(seen) == 2


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200", b"nonsense\r\n\r\n", OK[:-1]],
    ids=["none", "cut", "nonsense", "short"],
)
def test_what_is_no_answer_is_lost(answer: bytes) -> None:
    """Every way to end badly has the one name that callers handle."""

    def cut(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    with server(cut) as (url, _):
        wire = Wire(LeapClock())
        with pytest.raises(LostError):
            get(wire, url)
        wire.close()


def test_a_silent_server_is_lost_in_time() -> None:
    """A hung reply costs the timeout of one try, not a minute."""
    done = threading.Event()

    def hang(connection: socket.socket) -> None:
        done.wait(10)

    with server(hang) as (url, _):
        wire = Wire(LeapClock())
        with pytest.raises(LostError, match="Timeout"):
            get(wire, url, timeout=0.1)
        done.set()


def test_no_server_is_lost() -> None:
    """A refused connection is a lost try like any other."""
    with pytest.raises(LostError):
        get(Wire(LeapClock()), "http://127.0.0.1:9/")


def test_plain_text_never_passes_for_https() -> None:
    """An https address gets TLS with a checked certificate, or nothing."""
    with server(answer_all) as (url, _), pytest.raises(LostError, match="SSL"):
        get(Wire(LeapClock()), url.replace("http:", "https:"))


def test_two_origins_never_share_a_connection() -> None:
    """An upload session may live on another host than the API."""
    with server(answer_all) as (one, first), server(answer_all) as (two, second):
        wire = Wire(LeapClock())
        for url in (one, two, one, two):
            get(wire, url)
        wire.close()
    assert (len(first), len(second)) == (1, 1)


def test_only_so_many_connections_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A burst does not leave its connections open behind it."""
    monkeypatch.setattr("functions.cloud.wire._KEPT", 1)
    with server(answer_all) as (url, seen):
        wire = Wire(LeapClock())
        with (
            wire.exchange("GET", url, {}, timeout=5) as one,
            wire.exchange("GET", url, {}, timeout=5) as two,
        ):
            one.read()
            two.read()
        get(wire, url)
        get(wire, url)
        wire.close()
    assert len(seen) == 2


def test_bytes_leave_from_where_they_lie() -> None:
    """Views of a window go out unchanged and in order."""
    got = bytearray()

    def take(connection: socket.socket) -> None:
        while not got.endswith(b"end"):
            got.extend(connection.recv(65536))
        connection.sendall(OK)

    window = memoryview(bytearray(b"0123456789end"))
    with server(take) as (url, _):
        wire = Wire(LeapClock())
        with wire.exchange(
            "PUT", url, {"Content-Length": "13"}, (window[:5], window[5:]), timeout=5
        ) as response:
            response.read()
        wire.close()
    assert got.partition(b"\r\n\r\n")[2] == b"0123456789end"
