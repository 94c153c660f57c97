from __future__ import annotations

import gzip
import json
import socket
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from functions.clock import StepClock
from functions.local.model.app import ModelApp
from functions.local.serving import Background
from tests.local.model.stand import KEY, MODEL, Stand, body

if TYPE_CHECKING:
    from pathlib import Path


def raw(stand: Stand, scenario: str = "", encoding: str = "identity") -> bytes:
    """Ask over a bare socket and return everything until the connection ends."""
    document = json.dumps(body()).encode()
    head = (
        f"POST /v1beta/models/{MODEL}:generateContent HTTP/1.1\r\nHost: x\r\n"
        f"x-goog-api-key: {KEY}\r\nx-plantain-scenario: {scenario}\r\n"
        f"Accept-Encoding: {encoding}\r\nConnection: close\r\n"
        f"Content-Length: {len(document)}\r\n\r\n"
    )
    host, _, port = stand.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(head.encode() + document)
        received = bytearray()
        while part := sock.recv(65_536):
            received += part
    return bytes(received)


def sent(stand: Stand) -> int:
    """Return how many bytes of body the last answer sent, once it has ended."""
    pause = threading.Event()
    while "sent" not in stand.app.meter.log()[-1]:
        pause.wait(0.005)
    found: int = stand.app.meter.log()[-1]["sent"]
    return found


def chunk_sizes(answer: bytes) -> list[int]:
    """Return the sizes of the chunks of an answer."""
    rest = answer.partition(b"\r\n\r\n")[2]
    sizes = []
    while rest:
        line, _, rest = rest.partition(b"\r\n")
        sizes.append(int(line, 16))
        rest = rest[sizes[-1] + 2 :]
    return sizes


def test_chunks_on_the_wire_have_their_size() -> None:
    """See test_the_wire: this guards its reader against reading nothing."""
    assert chunk_sizes(b"h\r\n\r\n3\r\nabc\r\n0\r\n\r\n") == [3, 0]


@pytest.mark.parametrize(("scenario", "size"), [("", 32_768), ("chunk=1000", 1000)])
def test_the_wire(stand: Stand, scenario: str, size: int) -> None:
    """Chunked in 32 KiB, or in the size asked for, and ended properly."""
    sizes = chunk_sizes(raw(stand, scenario))
    assert len(sizes) > 3
    assert set(sizes[:-2]) == {size}
    assert sizes[-1] == 0


def test_gzip_for_those_who_ask(stand: Stand) -> None:
    """Identity gets plain bytes, gzip gets gzip, and both hold the same picture."""
    plain = raw(stand, "chunk=100000000")
    packed = raw(stand, "chunk=100000000", "gzip, deflate")
    assert b"content-encoding" not in plain
    assert b"content-encoding: gzip" in packed
    body_start = packed.partition(b"\r\n\r\n")[2].partition(b"\r\n")[2]
    document = json.loads(gzip.decompress(body_start[: -len(b"\r\n0\r\n\r\n")]))
    other = stand.post(headers={"accept-encoding": "identity"}).json()
    assert document["candidates"] == other["candidates"]
    assert b"content-encoding" not in raw(stand, "", "gzip;q=0")


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_reset_in_the_body(stand: Stand, how: str) -> None:
    """The status line and a part of the body come, then the connection is gone."""
    received = b""
    with pytest.raises(httpx.TransportError) as caught:
        received = stand.post(body(), f"reset=0.5 how={how}").content
    assert not received
    assert isinstance(caught.value, httpx.RemoteProtocolError | httpx.ReadError)
    assert stand.app.meter.paid == 1
    assert sent(stand) > 100_000


def test_a_reset_stops_where_it_should(stand: Stand) -> None:
    """Nothing more than the share goes out, and no last chunk."""
    whole = sum(chunk_sizes(raw(stand)))
    cut = raw(stand, "reset=0.25")
    assert not cut.endswith(b"0\r\n\r\n")
    assert abs(sum(chunk_sizes(cut)) - whole / 4) < 2


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_drop_before_the_status_line(stand: Stand, how: str) -> None:
    """Not one byte comes back."""
    try:
        assert raw(stand, f"drop how={how}") == b""
        assert how == "fin"
    except ConnectionResetError:
        assert how == "rst"
    assert sent(stand) == 0


class Late:
    """A stand-in on a stepped clock, and one question to it in a thread."""

    def __init__(self, folder: Path, latency: float = 0.0) -> None:
        self.clock = StepClock(folder / "clock")
        self.app = ModelApp(clock=self.clock, latency=latency, signature_bytes=64)
        self.seen = threading.Event()
        self.length = 0
        self.status = 0

    def ask(self, url: str, scenario: str) -> None:
        headers = {
            "x-goog-api-key": KEY,
            "x-plantain-scenario": scenario,
            "accept-encoding": "identity",
        }
        where = f"{url}/v1/models/{MODEL}:generateContent"
        with (
            httpx.Client(timeout=30) as client,
            client.stream("POST", where, json=body(), headers=headers) as answer,
        ):
            self.status = answer.status_code
            self.seen.set()
            for part in answer.iter_raw():
                self.length += len(part)


@pytest.mark.parametrize(("latency", "scenario"), [(40.0, ""), (0.0, "delay=40")])
def test_an_answer_comes_late_by_the_clock(
    tmp_path: Path, latency: float, scenario: str
) -> None:
    """Nothing before the time has come; stepping the clock brings it at once."""
    late = Late(tmp_path, latency)
    with Background(late.app) as (url,):
        thread = threading.Thread(target=late.ask, args=(url, scenario))
        thread.start()
        assert not late.seen.wait(0.5)
        assert late.app.meter.paid == 1
        late.clock.step(41)
        assert late.seen.wait(10)
        thread.join(10)
    assert late.status == 200
    assert late.length > 10_000


def test_a_pause_after_the_status_line(tmp_path: Path) -> None:
    """The status is there, the body is not."""
    late = Late(tmp_path)
    with Background(late.app) as (url,):
        thread = threading.Thread(target=late.ask, args=(url, "pause=40"))
        thread.start()
        assert late.seen.wait(10)
        assert late.length == 0
        late.clock.step(41)
        thread.join(10)
    assert late.length > 10_000


def test_a_slow_body(tmp_path: Path) -> None:
    """Bytes per second of the clock: a step of ten seconds brings no whole body."""
    late = Late(tmp_path)
    with Background(late.app) as (url,):
        thread = threading.Thread(
            target=late.ask, args=(url, "slow=10, garbage=0123456789")
        )
        thread.start()
        assert late.seen.wait(10)
        while thread.is_alive():
            late.clock.step(0.2)
            thread.join(0.02)
    assert late.length == 10


def test_nobody_is_served_after_leaving(stand: Stand) -> None:
    """A client that leaves a slow body ends the sending."""
    url = f"{stand.url}/v1/models/{MODEL}:generateContent"
    headers = {"x-goog-api-key": KEY, "x-plantain-scenario": "slow=1000"}
    with (
        httpx.Client() as client,
        client.stream("POST", url, json=body(), headers=headers) as answer,
    ):
        next(answer.iter_raw())
    pause = threading.Event()
    while "left" not in stand.app.meter.log()[-1]:
        pause.wait(0.005)
    assert "sent" not in stand.app.meter.log()[-1]


@pytest.mark.parametrize("scenario", ["chunk=0", "slow=-1", "slow=x", "delay=x"])
def test_numbers_are_checked(stand: Stand, scenario: str) -> None:
    """Before anything is sent."""
    assert "Stand-in:" in stand.refused(body(), scenario)["message"]
