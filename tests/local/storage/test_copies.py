"""Laws of compose, copy, rewrite and move, and of every change's precondition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.api_core import exceptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.storage.conftest import Emulator


def test_each_change_has_its_precondition(emulator: Emulator) -> None:
    """Patch, delete, compose, copy and rewrite obey generation and metageneration."""
    blob = emulator.put("a", b"1")
    emulator.put("b", b"2")
    blob.metadata = {"k": "v"}
    blob.patch(if_metageneration_match=1)
    stale = {"if_generation_match": blob.generation + 1, "retry": None}
    bucket = emulator.bucket
    attempts: list[Callable[[], object]] = [
        lambda: blob.patch(if_metageneration_match=1, retry=None),
        lambda: blob.patch(**stale),
        lambda: bucket.blob("a").delete(**stale),
        lambda: bucket.blob("a").delete(if_metageneration_match=1, retry=None),
        lambda: bucket.blob("b").compose([blob], if_generation_match=0, retry=None),
        lambda: bucket.copy_blob(blob, bucket, "b", if_generation_match=0, retry=None),
        lambda: bucket.copy_blob(
            blob, bucket, "c", if_source_generation_match=1, retry=None
        ),
        lambda: bucket.blob("c").rewrite(
            blob, if_source_metageneration_match=1, retry=None
        ),
        lambda: bucket.blob("b").rewrite(blob, if_generation_match=0, retry=None),
        lambda: emulator.put("a", b"3", if_metageneration_match=1, retry=None),
        lambda: emulator.put(
            "a", b"3", if_generation_not_match=blob.generation, retry=None
        ),
    ]
    for attempt in attempts:
        with pytest.raises(exceptions.PreconditionFailed):
            attempt()
    assert emulator.names() == ["a", "b"]
    assert bucket.blob("a").download_as_bytes() == b"1"
    assert bucket.blob("b").download_as_bytes() == b"2"


def test_compose_joins_in_order(emulator: Emulator) -> None:
    """Composed content is the parts in order; it counts them and has no md5."""
    parts = [emulator.put(f"p{i}", bytes([65 + i]) * 1000) for i in range(3)]
    whole = emulator.bucket.blob("all")
    whole.content_type = "image/png"
    whole.compose(parts, if_generation_match=0)
    assert whole.download_as_bytes() == b"A" * 1000 + b"B" * 1000 + b"C" * 1000
    whole.reload()
    assert (whole.component_count, whole.md5_hash) == (3, None)
    twice = emulator.bucket.blob("twice")
    twice.compose([whole, whole])
    twice.reload()
    assert twice.component_count == 6
    assert twice.content_type == "image/png"


@pytest.mark.parametrize(
    "sources",
    [None, [], [{"name": "a"}] * 33, ["a"], [{"name": ""}], [{"name": "absent"}]],
)
def test_compose_refuses_what_it_cannot_join(
    emulator: Emulator, sources: object
) -> None:
    """No source, more than 32, a nameless or an absent one: refused, no trace."""
    emulator.put("a")
    answer = emulator.http.post(
        "/storage/v1/b/pictures/o/c/compose", json={"sourceObjects": sources}
    )
    assert answer.status_code in {400, 404}
    assert (emulator.names(), emulator.files()) == (["a"], 1)


def test_compose_obeys_the_conditions_of_its_sources(emulator: Emulator) -> None:
    """A source that changed since is a 412, an old generation a 404."""
    emulator.put("a")
    for source, status in (
        ({"name": "a", "objectPreconditions": {"ifGenerationMatch": "1"}}, 412),
        ({"name": "a", "generation": "1"}, 404),
    ):
        answer = emulator.http.post(
            "/storage/v1/b/pictures/o/c/compose", json={"sourceObjects": [source]}
        )
        assert answer.status_code == status


def test_a_copy_keeps_type_and_metadata(emulator: Emulator) -> None:
    """A copy is a new generation with the same bytes and metadata."""
    blob = emulator.bucket.blob("a")
    blob.metadata = {"k": "v"}
    blob.upload_from_string(b"png", content_type="image/png")
    emulator.bucket.copy_blob(blob, emulator.bucket, "b")
    blob.delete()  # the copy stands on its own
    copy = emulator.bucket.get_blob("b")
    assert (copy.content_type, copy.metadata) == ("image/png", {"k": "v"})
    assert copy.generation > blob.generation
    assert copy.metageneration == 1
    assert copy.download_as_bytes() == b"png"
    assert emulator.files() == 1


def test_a_rewrite_with_metadata_replaces_it(emulator: Emulator) -> None:
    """What a rewrite brings in its body is the metadata of the new object."""
    emulator.put("a", b"1", content_type="image/png")
    answer = emulator.http.post(
        "/storage/v1/b/pictures/o/a/rewriteTo/b/pictures/o/b",
        json={"metadata": {"x": "y"}},
    ).json()
    assert answer["done"] is True
    assert answer["resource"]["metadata"] == {"x": "y"}
    assert answer["resource"]["contentType"] == "image/png"


def test_rename_and_move(emulator: Emulator) -> None:
    """After a rename or a move only the new name exists."""
    blob = emulator.put("a", b"q")
    emulator.bucket.rename_blob(blob, "b")
    assert emulator.names() == ["b"]
    emulator.bucket.move_blob(emulator.bucket.blob("b"), "c")
    assert emulator.names() == ["c"]
    assert emulator.bucket.blob("c").download_as_bytes() == b"q"
