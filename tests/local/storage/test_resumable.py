"""Laws of resumable uploads: in steps, across losses and restarts, never half."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from functions.local.storage.errors import ApiError
from functions.local.storage.resumable import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.storage.conftest import Emulator

_STEP = 1 << 18
_BYTES = random.Random(11).randbytes(5 * (1 << 20) + 123)  # noqa: S311  # not a secret


@pytest.mark.parametrize("size", [5 * (1 << 20) + 123, 2 << 20, 3, 0])
@pytest.mark.parametrize("chunk", [1 << 18, 1 << 20])
def test_the_client_writes_in_chunks(emulator: Emulator, size: int, chunk: int) -> None:
    """`blob.open` gives the same bytes back: odd ends, full last chunk, empty."""
    blob = emulator.bucket.blob("a.png")
    blob.metadata = {"job": "1"}
    with blob.open("wb", chunk_size=chunk, content_type="image/png") as file:
        for at in range(0, size, 100_000):
            file.write(_BYTES[at : min(size, at + 100_000)])
    got = emulator.bucket.get_blob("a.png")
    assert (got.size, got.content_type) == (size, "image/png")
    assert got.metadata == {"job": "1"}
    assert got.download_as_bytes() == _BYTES[:size]
    with got.open("rb", chunk_size=chunk) as reader:
        assert reader.read() == _BYTES[:size]


def test_an_exception_in_the_block_leaves_no_object(emulator: Emulator) -> None:
    """When the writer gives up, nothing becomes visible."""

    def give_up() -> None:
        with emulator.bucket.blob("a").open("wb", chunk_size=_STEP) as file:
            file.write(_BYTES[: 2 * _STEP])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        give_up()
    assert emulator.names() == []


def test_status_after_each_step(emulator: Emulator) -> None:
    """308 names what is kept; no Range before the first byte; then the object."""
    location = emulator.session("a", headers={"x-upload-content-type": "image/png"})
    empty = emulator.chunk(location, b"", "*/*")
    assert empty.status_code == 308
    assert "range" not in empty.headers
    first = emulator.chunk(location, _BYTES[:_STEP], f"0-{_STEP - 1}/*")
    asked = emulator.chunk(location, b"", "*/*")
    for answer in (first, asked):
        assert answer.status_code == 308
        assert answer.headers["range"] == f"bytes=0-{_STEP - 1}"
    assert emulator.names() == []  # invisible until finished
    last = emulator.chunk(location, _BYTES[_STEP:300_000], f"{_STEP}-299999/300000")
    assert last.status_code == 200
    assert last.json()["contentType"] == "image/png"
    assert emulator.bucket.blob("a").download_as_bytes() == _BYTES[:300_000]


def test_an_ended_session_answers_the_same_again(emulator: Emulator) -> None:
    """Whoever lost the last reply asks again and gets it; nothing is written twice."""
    location = emulator.session("a")
    first = emulator.chunk(location, b"abc", "0-2/3")
    assert emulator.chunk(location, b"", "*/3").json() == first.json()
    assert emulator.chunk(location, b"abc", "0-2/3").json() == first.json()
    emulator.restart()
    assert emulator.chunk(location, b"", "*/*").json() == first.json()


def test_a_412_at_the_end_stays_a_412(emulator: Emulator) -> None:
    """Another creator in between: the session ends with 412, and says so again."""
    answer = emulator.http.post(
        "/upload/storage/v1/b/pictures/o",
        params={"uploadType": "resumable", "name": "a", "ifGenerationMatch": "0"},
    )
    emulator.put("a", b"other")
    location = answer.headers["location"]
    assert emulator.chunk(location, b"abc", "0-2/3").status_code == 412
    assert emulator.chunk(location, b"", "*/3").status_code == 412
    assert emulator.bucket.blob("a").download_as_bytes() == b"other"
    assert emulator.files() == 1


def test_a_finish_under_the_write_rate_can_be_repeated(emulator: Emulator) -> None:
    """A 429 at the end costs no byte: the same session ends a second later."""
    emulator.app.limit_write_rate = True
    location = emulator.session("a")
    emulator.put("a", b"other")
    assert emulator.chunk(location, b"abc", "0-2/3").status_code == 429
    emulator.clock.step(1.1)
    assert emulator.chunk(location, b"", "*/3").status_code == 200
    assert emulator.bucket.blob("a").download_as_bytes() == b"abc"


def test_bytes_sent_again_are_kept_once(emulator: Emulator) -> None:
    """A chunk that overlaps what is kept adds only what is new."""
    location = emulator.session("a")
    emulator.chunk(location, _BYTES[: 2 * _STEP], f"0-{2 * _STEP - 1}/*")
    end = 3 * _STEP
    again = emulator.chunk(location, _BYTES[_STEP:end], f"{_STEP}-{end - 1}/*")
    assert again.headers["range"] == f"bytes=0-{end - 1}"
    whole = emulator.chunk(location, _BYTES[:end], f"0-{end - 1}/{end}")
    assert whole.status_code == 200
    assert emulator.bucket.blob("a").download_as_bytes() == _BYTES[:end]


def test_a_chunk_that_is_no_step_is_kept_in_steps(emulator: Emulator) -> None:
    """Of an unfinished upload whole steps of 256 KiB count, as in Cloud Storage."""
    location = emulator.session("a")
    answer = emulator.chunk(location, _BYTES[: _STEP + 9], f"0-{_STEP + 8}/*")
    assert answer.headers["range"] == f"bytes=0-{_STEP - 1}"


def test_a_gap_is_refused(emulator: Emulator) -> None:
    """Bytes from beyond what is kept are a 503, which makes the client ask."""
    location = emulator.session("a")
    answer = emulator.chunk(location, b"x", f"{_STEP}-{_STEP}/*")
    assert answer.status_code == 503
    assert emulator.chunk(location, b"", "*/*").headers.get("range") is None


@pytest.mark.parametrize("span", ["0-1/3", "0-1/2"])
def test_more_bytes_than_announced_are_refused(emulator: Emulator, span: str) -> None:
    """A body longer than its Content-Range is a 400 and makes no object."""
    location = emulator.session("a")
    assert emulator.chunk(location, b"abc", span).status_code == 400
    assert emulator.names() == []


def test_the_announced_checksum_counts(emulator: Emulator) -> None:
    """A wrong x-goog-hash with the last chunk: 400, no object."""
    location = emulator.session("a")
    headers = {"x-goog-hash": "crc32c=AAAAAA=="}
    answer = emulator.http.put(location, content=b"abc", headers=headers)
    assert answer.status_code == 400
    assert emulator.names() == []


def test_a_cancelled_session_is_gone(emulator: Emulator) -> None:
    """DELETE answers 499 and removes the bytes; the address is a 404 then."""
    location = emulator.session("a")
    emulator.chunk(location, _BYTES[:_STEP], f"0-{_STEP - 1}/*")
    assert emulator.http.delete(location).status_code == 499
    assert emulator.chunk(location, b"", "*/*").status_code == 404
    assert emulator.http.delete(location).status_code == 404
    assert emulator.files() == 0


def test_a_session_lives_a_week(emulator: Emulator) -> None:
    """On the clock of the stack: a day is fine, eight days are a 410."""
    location = emulator.session("a")
    emulator.clock.step(24 * 3600)
    assert emulator.chunk(location, b"", "*/*").status_code == 308
    emulator.clock.step(7 * 24 * 3600)
    assert emulator.chunk(location, b"", "*/*").status_code == 410
    emulator.restart()
    assert emulator.chunk(location, b"", "*/*").status_code == 404
    assert emulator.files() == 0


def test_a_session_survives_a_restart(emulator: Emulator) -> None:
    """Acknowledged bytes are there after a restart, checksums included."""
    location = emulator.session("a")
    emulator.chunk(location, _BYTES[: 2 * _STEP], f"0-{2 * _STEP - 1}/*")
    emulator.restart()
    asked = emulator.chunk(location, b"", "*/*")
    assert asked.headers["range"] == f"bytes=0-{2 * _STEP - 1}"
    end = 2 * _STEP + 5
    last = emulator.chunk(
        location, _BYTES[2 * _STEP : end], f"{2 * _STEP}-{end - 1}/{end}"
    )
    assert last.status_code == 200
    emulator.bucket.blob("a").reload()
    assert emulator.bucket.blob("a").download_as_bytes() == _BYTES[:end]


def test_one_put_of_unknown_length(emulator: Emulator) -> None:
    """A body in chunked transfer encoding, whole, without a Content-Range."""
    location = emulator.session("a")

    def pieces() -> Iterator[bytes]:
        for at in range(0, len(_BYTES), 1 << 16):
            yield _BYTES[at : at + (1 << 16)]

    answer = emulator.http.put(location, content=pieces())
    assert answer.json()["size"] == str(len(_BYTES))
    assert emulator.bucket.blob("a").download_as_bytes() == _BYTES


def test_a_slow_client_holds_nobody_up(emulator: Emulator) -> None:
    """While one upload stands still, others are served; a newer PUT takes over."""
    location = emulator.session("slow")
    stuck, release = threading.Event(), threading.Event()
    statuses: list[int] = []

    def pieces() -> Iterator[bytes]:
        yield _BYTES[:_STEP]
        stuck.set()
        assert release.wait(30)
        yield b"nothing of this is kept"

    def slow() -> None:
        with httpx.Client(timeout=60) as other:
            answer = other.put(location, content=pieces())
            statuses.append(answer.status_code)

    client = threading.Thread(target=slow)
    client.start()
    assert stuck.wait(10)
    emulator.put("other", timeout=5)  # served meanwhile
    newer = emulator.chunk(location, _BYTES[:_STEP], f"0-{_STEP - 1}/{_STEP}")
    assert newer.status_code == 200
    release.set()
    client.join(20)
    assert statuses == [503]
    assert emulator.bucket.blob("slow").download_as_bytes() == _BYTES[:_STEP]


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, Span()),
        ("bytes */*", Span(None, None, None, final=False)),
        ("bytes */7", Span(None, None, 7, final=False)),
        ("bytes 0-6/7", Span(0, 6, 7, final=False)),
        ("bytes 3-6/*", Span(3, 6, None, final=False)),
        ("bytes 3-*/*", Span(3, None, None, final=True)),
    ],
)
def test_content_range_is_read(header: str | None, span: Span) -> None:
    """Every form the API documents has its meaning."""
    assert Span.of_header(header) == span


@pytest.mark.parametrize(
    "header", ["", "bytes", "bytes 5-3/9", "bytes 0-9/9", "bytes -1-2/3", "lines 0-1/2"]
)
def test_other_content_ranges_are_refused(header: str) -> None:
    """What is not a Content-Range of an upload is a 400."""
    with pytest.raises(ApiError, match="Content-Range"):
        Span.of_header(header)
