"""Laws of objects, asked by the real client: write, read, change, list, copy."""

from __future__ import annotations

import base64
import concurrent.futures
import hashlib
import random
from typing import TYPE_CHECKING

import google_crc32c
import pytest
from google.api_core import exceptions
from google.cloud.storage.exceptions import InvalidResponse

if TYPE_CHECKING:
    from tests.local.storage.conftest import Emulator

_BYTES = random.Random(7).randbytes(1 << 20)  # noqa: S311  # not a secret
_CRLF = b"\r\n--==\r\n\n\n--\r\n" * 1000 + b"\r\n"


@pytest.mark.parametrize("data", [b"", b"hello", _BYTES, _CRLF])
def test_an_upload_comes_back_byte_for_byte(emulator: Emulator, data: bytes) -> None:
    """Whatever the bytes are, empty or full of delimiters, they come back as sent."""
    emulator.put("a/b.png", data, content_type="image/png")
    blob = emulator.bucket.get_blob("a/b.png")
    assert (blob.size, blob.content_type) == (len(data), "image/png")
    assert blob.download_as_bytes() == data


def test_checksums_are_those_of_the_bytes(emulator: Emulator) -> None:
    """The crc32c and md5 of the resource are computed, not claimed."""
    emulator.put("a", _BYTES)
    blob = emulator.bucket.get_blob("a")
    digest = google_crc32c.Checksum(_BYTES).digest()
    assert blob.crc32c == base64.b64encode(digest).decode()
    assert blob.md5_hash == base64.b64encode(hashlib.md5(_BYTES).digest()).decode()  # noqa: S324  # what Cloud Storage keeps


def test_a_wrong_md5_is_refused_and_leaves_nothing(emulator: Emulator) -> None:
    """Bytes that are not those announced never become an object."""
    blob = emulator.bucket.blob("bad")
    blob.md5_hash = base64.b64encode(b"0" * 16).decode()
    with pytest.raises(exceptions.BadRequest, match="MD5"):
        blob.upload_from_string(b"abc", checksum=None, retry=None)
    assert emulator.names() == []
    assert emulator.files() == 0


@pytest.mark.parametrize(
    "name",
    [
        "ü ñ?#%+&=é/☃.png",
        "../../../etc/passwd",
        "..%2F..%2Fx",
        "/absolute",
        "a//b",
        "./x",
        "%2e%2e/x",
        "C:\\x",
        "index.db",
        "a\x00b",
        "x" * 1024,
    ],
)
def test_a_name_is_data_and_never_a_path(emulator: Emulator, name: str) -> None:
    """Any name is stored under itself; no file appears outside blobs/."""
    emulator.put(name, b"here")
    assert emulator.names() == [name]
    assert emulator.bucket.blob(name).download_as_bytes() == b"here"
    found = {p.relative_to(emulator.root).parts[0] for p in emulator.root.rglob("*")}
    assert found <= {"blobs", "index.db", "index.db-wal", "index.db-shm"}
    assert [path.name.isdigit() for path in (emulator.root / "blobs").iterdir()] == [
        True
    ]
    assert not list(emulator.root.parent.glob("etc*"))


@pytest.mark.parametrize("name", [".", "..", "a\nb", "a\rb", "x" * 1025])
def test_a_name_that_cloud_storage_refuses_is_refused(
    emulator: Emulator, name: str
) -> None:
    """Dots alone, line breaks and more than 1024 bytes are a 400."""
    with pytest.raises(exceptions.BadRequest):
        emulator.bucket.blob(name).upload_from_string(b"x", retry=None)


def test_create_if_absent_happens_once(emulator: Emulator) -> None:
    """ifGenerationMatch=0 creates, and the second time it is a 412."""
    emulator.put("once", b"1", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        emulator.put("once", b"2", if_generation_match=0, retry=None)
    assert emulator.bucket.blob("once").download_as_bytes() == b"1"
    assert emulator.files() == 1


def test_create_if_absent_through_a_resumable_upload(emulator: Emulator) -> None:
    """`blob.open` obeys the same condition; the client calls it InvalidResponse."""
    emulator.put("once", b"1")
    with (
        pytest.raises((exceptions.PreconditionFailed, InvalidResponse), match="412"),
        emulator.bucket.blob("once").open(
            "wb", chunk_size=1 << 18, if_generation_match=0
        ) as file,
    ):
        file.write(b"3" * 600_000)
    assert emulator.bucket.blob("once").download_as_bytes() == b"1"


def test_32_threads_race_to_create_and_one_wins(emulator: Emulator) -> None:
    """Of 32 creators at once, one wins, and its bytes are the object."""

    def create(number: int) -> int | None:
        try:
            emulator.put("race", b"%d" % number, if_generation_match=0, retry=None)
        except exceptions.PreconditionFailed:
            return None
        return number

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        won = [number for number in pool.map(create, range(32)) if number is not None]
    assert len(won) == 1
    assert emulator.bucket.blob("race").download_as_bytes() == b"%d" % won[0]


def test_compare_and_swap(emulator: Emulator) -> None:
    """A write under the current generation passes, under an old one it is a 412."""
    first = emulator.put("cas", b"1").generation
    second = emulator.put("cas", b"2", if_generation_match=first).generation
    assert second > first
    with pytest.raises(exceptions.PreconditionFailed):
        emulator.put("cas", b"3", if_generation_match=first, retry=None)
    with pytest.raises(exceptions.PreconditionFailed):
        emulator.put("absent", b"3", if_generation_match=first, retry=None)
    assert emulator.bucket.blob("cas").download_as_bytes() == b"2"


def test_generations_rise_for_ever(emulator: Emulator) -> None:
    """No generation repeats or falls: clock back, deletion, restart, all the same."""
    seen = [emulator.put("a").generation]
    emulator.clock.step(-1000)
    seen.append(emulator.put("a").generation)
    emulator.bucket.blob("a").delete()
    emulator.restart()
    seen.append(emulator.put("a").generation)
    assert seen == sorted(set(seen))


def test_metadata_patch_merges(emulator: Emulator) -> None:
    """A patch adds and changes keys, null deletes one, the content stays."""
    blob = emulator.bucket.blob("m")
    blob.metadata = {"job": "1", "n": "2"}
    blob.cache_control = "public, max-age=60"
    blob.upload_from_string(b"x")
    before = emulator.bucket.get_blob("m")
    assert before.metadata == {"job": "1", "n": "2"}
    assert before.cache_control == "public, max-age=60"
    blob.metadata = {"n": None, "x": "y"}
    blob.patch()
    after = emulator.bucket.get_blob("m")
    assert after.metadata == {"job": "1", "x": "y"}
    assert after.generation == before.generation
    assert after.metageneration == before.metageneration + 1
    assert after.cache_control == "public, max-age=60"


def test_update_replaces_all_metadata(emulator: Emulator) -> None:
    """An update (PUT) leaves only what it brings."""
    emulator.put("m")
    path = "/storage/v1/b/pictures/o/m"
    emulator.http.patch(path, json={"metadata": {"a": "b"}, "cacheControl": "no-store"})
    got = emulator.http.put(path, json={"metadata": {"c": "d"}}).json()
    assert got["metadata"] == {"c": "d"}
    assert "cacheControl" not in got


@pytest.mark.parametrize("bad", ["text", {"a": 1}, ["a"]])
def test_metadata_that_is_not_text_is_refused(emulator: Emulator, bad: object) -> None:
    """Custom metadata is text by text, anything else is a 400."""
    emulator.put("m")
    answer = emulator.http.patch("/storage/v1/b/pictures/o/m", json={"metadata": bad})
    assert answer.status_code == 400


def test_a_condition_that_is_no_number_is_refused(emulator: Emulator) -> None:
    """A malformed condition is a 400, never ignored."""
    answer = emulator.http.delete(
        "/storage/v1/b/pictures/o/a", params={"ifGenerationMatch": "x"}
    )
    assert answer.status_code == 400
    assert "ifGenerationMatch" in answer.json()["error"]["message"]


def test_delete_and_delete_again(emulator: Emulator) -> None:
    """A deleted object is gone with its file; deleting it again is a 404."""
    emulator.put("a").delete()
    assert emulator.files() == 0
    assert not emulator.bucket.blob("a").exists()
    with pytest.raises(exceptions.NotFound):
        emulator.bucket.blob("a").delete(retry=None)


def test_an_old_generation_is_gone(emulator: Emulator) -> None:
    """Without versioning, only the newest generation can be read."""
    old = emulator.put("a", b"1").generation
    emulator.put("a", b"2")
    with pytest.raises(exceptions.NotFound):
        emulator.bucket.blob("a", generation=old).download_as_bytes(retry=None)


def test_reading_under_conditions(emulator: Emulator) -> None:
    """A reader who has the content gets a 304, one who expects another a 412."""
    blob = emulator.put("a")
    path = "/storage/v1/b/pictures/o/a"
    for query, status in (
        ({"ifGenerationNotMatch": blob.generation}, 304),
        ({"ifMetagenerationNotMatch": 1}, 304),
        ({"ifGenerationMatch": 1}, 412),
        ({"ifGenerationMatch": blob.generation}, 200),
    ):
        answer = emulator.http.get(path, params=query)
        assert answer.status_code == status
