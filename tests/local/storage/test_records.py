"""Laws of records: what a client may write, and under which names."""

from __future__ import annotations

import dataclasses

import pytest

from functions.local.storage.errors import ApiError
from functions.local.storage.records import (
    Content,
    StoredObject,
    object_name,
    patched,
    timestamp,
    writable,
)

_STORED = StoredObject(
    bucket="b",
    name="a/ü",
    generation=7,
    metageneration=1,
    content=Content(size=3, crc32c="c", md5="m", components=None, blob=1),
    created=0.0,
    updated=1.5,
    meta={"contentType": "image/png"},
)


def test_an_object_looks_like_googles() -> None:
    """Numbers are text, links are quoted, times are RFC 3339, nothing of ours leaks."""
    shown = _STORED.resource("http://x")
    assert shown["id"] == "b/a/ü/7"
    assert shown["selfLink"] == "http://x/storage/v1/b/b/o/a%2F%C3%BC"
    assert shown["mediaLink"].endswith("/o/a%2F%C3%BC?generation=7&alt=media")
    assert (shown["generation"], shown["size"]) == ("7", "3")
    assert shown["updated"] == "1970-01-01T00:00:01.500Z"
    assert "blob" not in shown
    assert "componentCount" not in shown


def test_the_tag_changes_with_content_and_metadata() -> None:
    """No two versions share an etag."""
    newer = dataclasses.replace(_STORED, metageneration=2)
    other = dataclasses.replace(_STORED, generation=8)
    assert len({_STORED.etag, newer.etag, other.etag}) == 3


def test_only_some_fields_can_be_written() -> None:
    """Generation, size and their like are ours, whatever a client sends."""
    given = {"contentType": "a/b", "size": "9", "generation": "1", "acl": None}
    assert writable(given) == {"contentType": "a/b"}


def test_a_patch_merges_and_deletes() -> None:
    """Null deletes a field or a key; an emptied metadata is gone; the old stays."""
    old = {"contentType": "a/b", "metadata": {"k": "v"}}
    assert patched(old, {"metadata": {"x": "y"}, "size": "9"}) == {
        "contentType": "a/b",
        "metadata": {"k": "v", "x": "y"},
    }
    assert patched(old, {"metadata": {"k": None}, "contentType": None}) == {}
    assert patched(old, {"metadata": None}) == {"contentType": "a/b"}
    assert old == {"contentType": "a/b", "metadata": {"k": "v"}}


@pytest.mark.parametrize("name", [None, 7, "", "\ud800", "é" * 513])
def test_what_cannot_be_a_name_is_refused(name: object) -> None:
    """A name is 1 to 1024 bytes of UTF-8."""
    with pytest.raises(ApiError):
        object_name(name)


def test_times_are_in_utc() -> None:
    """Milliseconds and a Z."""
    assert timestamp(1_800_000_000.1234) == "2027-01-15T08:00:00.123Z"
