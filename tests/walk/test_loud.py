"""The real doors, poked with secrets, and the real processes at their loudest."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from functions.local.running import RunningStack
from functions.local.stack import Options
from tests import taps
from tests.canary import KEY, PROMPT, QUERY, WATCH, Book
from tests.walk.laws import eventually, new_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAID = f"a fox {PROMPT} on a bicycle"
LOUD = {
    "GOOGLE_SDK_PYTHON_LOGGING_SCOPE": "google",
    "GRPC_VERBOSITY": "debug",
    "GUNICORN_LOG_LEVEL": "debug",
    "PYTHONDEVMODE": "1",
    "PYTHONFAULTHANDLER": "1",
    "PYTHONWARNINGS": "always",
}


@pytest.fixture
def book(stack: RunningStack, book: Book) -> Iterator[Book]:
    """Look everything up that one poke makes the system write, and every log."""
    yield book
    taps.files(stack.stack.state.root)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/", b"", 405),
        ("HEAD", f"/?sig={QUERY}", b"", 405),
        ("GET", "/robots.txt", b"", 404),
        ("PUT", f"/a/{PROMPT}", SAID.encode(), 405),
        ("DELETE", "/", SAID.encode(), 405),
        ("POST", "/", SAID.encode(), 200),
        ("POST", "/", SAID.encode() * 60_000, 200),
    ],
)
def test_a_door_answers_strangers_without_an_echo(
    stack: RunningStack, book: Book, *, method: str, path: str, body: bytes, status: int
) -> None:
    """Neither path, query, headers nor body come back, nor do they reach a log."""
    answer = httpx.request(
        method,
        stack.url("generate") + path,
        content=body,
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": PROMPT},
    )
    assert answer.status_code == status
    book.scan("answer of a door", "its body", answer.content)
    book.scan("answer of a door", "its headers", dict(answer.headers))


@pytest.mark.parametrize(
    "sent",
    [
        f"{SAID}\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: x\r\nBad Header {SAID}\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {PROMPT}\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n{SAID}",
        f"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{PROMPT}\r\n{SAID}\r\n",
    ],
)
def test_what_is_no_http_reaches_no_log(
    stack: RunningStack, book: Book, sent: str
) -> None:
    """A broken frame makes a body look like a request line; nobody writes it down."""
    address = urlsplit(stack.url("generate"))
    assert address.hostname is not None
    assert address.port is not None
    with socket.create_connection((address.hostname, address.port), 10) as line:
        line.sendall(sent.encode())
        line.shutdown(socket.SHUT_WR)
        while line.recv(65_536):
            pass
    assert book.findings == []


def test_the_loudest_processes_write_no_secret(tmp_path: Path) -> None:
    """With every library's debugging on: an order, a poison and a refusal."""
    options = Options(port_base=0, environ={}, extra=LOUD, functions=("generate",))
    with WATCH.apart() as book:
        with RunningStack(tmp_path, options) as stack:
            jobs = [new_id("loud") for _ in range(3)]
            stack.publish({"id": jobs[0], "prompt": SAID})
            stack.publish({"id": jobs[1], "prompt": SAID, "image_size": "9K"})
            stack.script("image_safety", job_id=jobs[2])
            stack.publish({"id": jobs[2], "prompt": SAID})
            stack.publish(SAID.encode())
            for job in jobs:
                stack.wait_event(job, timeout=40)
            assert eventually(lambda: "poison" in stack.log("generate"))
            log = stack.log("generate")
        assert "DEBUG" in log  # gunicorn's own; the libraries heard us
        assert book.findings == [], book.report()
        assert book.scanned["log of a function"]
