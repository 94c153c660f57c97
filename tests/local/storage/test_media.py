"""Laws of downloads: ranges, headers, conditional GETs, bounded memory."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.local.storage.test_store import _kill, _start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.local.storage.conftest import Emulator

_BYTES = random.Random(9).randbytes(700_000)  # noqa: S311  # not a secret
_MEDIA = "/storage/v1/b/pictures/o/a?alt=media"


@pytest.mark.parametrize(
    ("span", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=699999-", 699_999, 700_000),
        ("bytes=300000-9999999", 300_000, 700_000),
        ("bytes=-100", 699_900, 700_000),
        ("bytes=-9999999", 0, 700_000),
    ],
)
def test_ranges(emulator: Emulator, span: str, start: int, stop: int) -> None:
    """A range answers 206 with those bytes and says which they are."""
    emulator.put("a", _BYTES)
    answer = emulator.http.get(_MEDIA, headers={"range": span})
    assert answer.status_code == 206
    assert answer.content == _BYTES[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/700000"


@pytest.mark.parametrize("span", ["bytes=700000-", "bytes=9999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_a_416(emulator: Emulator, span: str) -> None:
    """Where no byte is left there is a 416, never the whole body."""
    emulator.put("a", _BYTES)
    assert emulator.http.get(_MEDIA, headers={"range": span}).status_code == 416


@pytest.mark.parametrize("span", ["bytes=5-3", "bytes=-", "lines=0-1", "bytes=0-1,3-4"])
def test_a_range_nobody_understands_is_ignored(emulator: Emulator, span: str) -> None:
    """HTTP: such a range is as if it were not there."""
    emulator.put("a", _BYTES)
    answer = emulator.http.get(_MEDIA, headers={"range": span})
    assert (answer.status_code, answer.content) == (200, _BYTES)


def test_the_client_reads_ranges(emulator: Emulator) -> None:
    """The client library's own range reads are exact."""
    blob = emulator.put("a", _BYTES)
    assert blob.download_as_bytes(start=1000, end=1999) == _BYTES[1000:2000]


def test_headers_of_a_plain_get(emulator: Emulator) -> None:
    """GET and HEAD of /bucket/object carry what a browser and a CDN look at."""
    blob = emulator.bucket.blob("a")
    blob.metadata = {"Job": "4711\n"}
    blob.cache_control = "public, max-age=60"
    blob.content_disposition = 'inline; filename="x.png"'
    blob.upload_from_string(b"png", content_type="image/png")
    for answer in (emulator.http.get("/pictures/a"), emulator.http.head("/pictures/a")):
        headers = answer.headers
        assert answer.status_code == 200
        assert headers["content-type"] == "image/png"
        assert headers["content-length"] == "3"
        assert headers["cache-control"] == "public, max-age=60"
        assert headers["content-disposition"] == 'inline; filename="x.png"'
        assert headers["x-goog-meta-job"] == "4711"
        assert headers["x-goog-generation"] == str(blob.generation)
        assert headers["x-goog-hash"] == f"crc32c={blob.crc32c},md5={blob.md5_hash}"
        assert headers["last-modified"] == "Fri, 15 Jan 2027 08:00:00 GMT"
    assert emulator.http.get("/pictures/a").content == b"png"


def test_tags(emulator: Emulator) -> None:
    """If-None-Match with the tag is a 304, If-Match with another a 412."""
    emulator.put("a", b"1")
    etag = emulator.http.get("/pictures/a").headers["etag"]
    for headers, status in (
        ({"if-none-match": etag}, 304),
        ({"if-none-match": f'"x", W/{etag}'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"x"'}, 200),
        ({"if-match": etag}, 200),
        ({"if-match": '"x"'}, 412),
    ):
        assert emulator.http.get("/pictures/a", headers=headers).status_code == status
    emulator.put("a", b"2")
    assert (
        emulator.http.get("/pictures/a", headers={"if-none-match": etag}).status_code
        == 200
    )


def test_a_download_survives_its_object(emulator: Emulator) -> None:
    """Who began to read an object reads it to the end, whatever happens to it."""
    data = _BYTES * 20
    emulator.put("a", data)
    with emulator.http.stream("GET", _MEDIA) as answer:
        pieces = answer.iter_bytes(1000)
        got = next(pieces)
        emulator.bucket.blob("a").delete()
        got += b"".join(pieces)
    assert got == data


def test_memory_is_bounded(tmp_path: Path) -> None:
    """30 MiB up and down add little to the server, not 30 (measured: 1.2)."""
    child, url = _start(tmp_path)
    try:
        with httpx.Client(base_url=url, timeout=60) as http:
            http.get("/")
            before = _peak(child)
            address = "/upload/storage/v1/b/pictures/o?uploadType=media&name=a"
            assert http.post(address, content=_pieces()).is_success
            with http.stream("GET", "/pictures/a") as answer:
                size = sum(map(len, answer.iter_bytes()))
            assert size == 30 << 20
            assert _peak(child) - before < 12 * 1024
    finally:
        _kill(child)


def _pieces() -> Iterator[bytes]:
    for _ in range(120):
        yield b"x" * (1 << 18)


def _peak(child: subprocess.Popen[str]) -> int:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads the peak of a process from /proc")
    for line in Path(f"/proc/{child.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1])
    raise AssertionError("no VmHWM")
