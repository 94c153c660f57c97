"""Laws of uploads in one request: media, multipart, and PUT by the XML API."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from functions.local.storage.uploads import announced_sums

if TYPE_CHECKING:
    from tests.local.storage.conftest import Emulator

_PATH = "/upload/storage/v1/b/pictures/o"


def _multipart(meta: object, data: bytes, *, end: bytes = b"\r\n--b--\r\n") -> bytes:
    return (
        b"--b\r\ncontent-type: application/json\r\n\r\n"
        + json.dumps(meta).encode()
        + b"\r\n--b\r\ncontent-type: image/png\r\n\r\n"
        + data
        + end
    )


def test_media(emulator: Emulator) -> None:
    """uploadType=media: the body is the bytes, the headers say what they are."""
    answer = emulator.http.post(
        _PATH,
        params={"uploadType": "media", "name": "a", "ifGenerationMatch": "0"},
        headers={"content-type": "image/png"},
        content=b"png",
    )
    assert answer.json()["contentType"] == "image/png"
    assert emulator.bucket.blob("a").download_as_bytes() == b"png"


def test_multipart(emulator: Emulator) -> None:
    """uploadType=multipart: the JSON names the object, the part its type."""
    answer = emulator.http.post(
        f"{_PATH}?uploadType=multipart",
        headers={"content-type": "multipart/related; boundary=b"},
        content=_multipart({"name": "a", "metadata": {"k": "v"}}, b"png"),
    )
    assert answer.json()["contentType"] == "image/png"
    assert answer.json()["metadata"] == {"k": "v"}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/related", _multipart({"name": "a"}, b"x")),
        ("text/plain; boundary=b", _multipart({"name": "a"}, b"x")),
        ("multipart/related; boundary=b", _multipart({"name": "a"}, b"x", end=b"")),
        ("multipart/related; boundary=b", _multipart(["a"], b"x")),
        ("multipart/related; boundary=b", _multipart({}, b"x")),
        ("multipart/related; boundary=b", b""),
        ("multipart/related; boundary=b", b"--b\r\n{}\r\n--b\r\n\r\nx\r\n--b--"),
        ("multipart/related; boundary=b", b"--b\r\n\r\n{\r\n--b\r\n\r\nx\r\n--b--"),
    ],
)
def test_a_broken_multipart_is_refused(
    emulator: Emulator, content_type: str, body: bytes
) -> None:
    """No boundary, no end, no name, no JSON: a 400 and no trace."""
    answer = emulator.http.post(
        f"{_PATH}?uploadType=multipart",
        headers={"content-type": content_type},
        content=body,
    )
    assert answer.status_code == 400
    assert (emulator.names(), emulator.files()) == ([], 0)


@pytest.mark.parametrize("query", ["", "uploadType=x&name=a", "uploadType=media"])
def test_an_upload_without_type_or_name_is_refused(
    emulator: Emulator, query: str
) -> None:
    """What an upload is and what it makes must both be said."""
    assert emulator.http.post(f"{_PATH}?{query}", content=b"x").status_code == 400


def test_put_by_the_xml_api(emulator: Emulator) -> None:
    """PUT /bucket/object stores the body with its headers as metadata."""
    answer = emulator.http.put(
        "/pictures/d/a%20b",
        content=b"png",
        headers={
            "content-type": "image/png",
            "cache-control": "no-store",
            "x-goog-meta-job": "1",
            "x-goog-if-generation-match": "0",
        },
    )
    assert answer.status_code == 200
    blob = emulator.bucket.get_blob("d/a b")
    assert str(blob.generation) == answer.headers["x-goog-generation"]
    assert (blob.content_type, blob.cache_control) == ("image/png", "no-store")
    assert blob.metadata == {"job": "1"}
    again = emulator.http.put(
        "/pictures/d/a%20b", content=b"2", headers={"x-goog-if-generation-match": "0"}
    )
    assert again.status_code == 412
    assert "<Code>PreconditionFailed</Code>" in again.text


def test_put_checks_content_md5(emulator: Emulator) -> None:
    """A Content-MD5 that is not that of the bytes is refused."""
    headers = {"content-md5": base64.b64encode(b"0" * 16).decode()}
    answer = emulator.http.put("/pictures/a", content=b"x", headers=headers)
    assert answer.status_code == 400
    right = hashlib.md5(b"x", usedforsecurity=False).digest()
    headers = {"content-md5": base64.b64encode(right).decode()}
    answer = emulator.http.put("/pictures/a", content=b"x", headers=headers)
    assert answer.status_code == 200


def test_announced_sums_are_read() -> None:
    """Both checksums of x-goog-hash are known; what else it says is left."""
    sums = announced_sums({"x-goog-hash": "crc32c=AAAAAA==, md5=abc==,x=y"})
    assert sums == {"crc32c": "AAAAAA==", "md5Hash": "abc=="}
    assert announced_sums({}) == {}
