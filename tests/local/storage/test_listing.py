"""Laws of lists: every object once, in order, whatever the pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.local.storage.errors import ApiError
from functions.local.storage.index import Index
from functions.local.storage.listing import Wanted, page
from functions.local.storage.records import Content, Resource, StoredObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local.storage.conftest import Emulator

_NAMES = st.text(alphabet="a/b", min_size=1, max_size=5)


def _index(names: set[str]) -> Index:
    index = Index(Path(":memory:"))
    content = Content(size=0, crc32c="", md5=None, components=None, blob=0)
    with index.transaction():
        index.save_bucket({"name": "b"})
        for name in names:
            index.save(
                StoredObject(
                    bucket="b",
                    name=name,
                    generation=1,
                    metageneration=1,
                    content=content,
                    created=0,
                    updated=0,
                    meta={},
                )
            )
    return index


def _pages(index: Index, query: Mapping[str, str]) -> list[Resource]:
    pages = [page(index, "b", Wanted.of_query(query), "")]
    while token := pages[-1].get("nextPageToken"):
        wanted = Wanted.of_query({**query, "pageToken": token})
        pages.append(page(index, "b", wanted, ""))
    return pages


@settings(deadline=None, max_examples=150)
@given(
    names=st.sets(_NAMES, max_size=12),
    prefix=st.text(alphabet="a/", max_size=2),
    delimiter=st.sampled_from(["", "/", "a"]),
    size=st.integers(1, 4),
)
def test_pages_agree_with_a_plain_model(
    names: set[str],
    prefix: str,
    delimiter: str,
    size: int,
) -> None:
    """All pages together are what a simple model says, each entry once, in order."""
    index = _index(names)
    items, prefixes = [], set()
    for name in sorted(names):
        if name.startswith(prefix):
            at = name.find(delimiter, len(prefix)) if delimiter else -1
            if at < 0:
                items.append(name)
            else:
                prefixes.add(name[: at + len(delimiter)])
    query = {"prefix": prefix, "delimiter": delimiter, "maxResults": str(size)}
    pages = _pages(index, query)
    index.close()
    assert [i["name"] for p in pages for i in p.get("items", [])] == items
    assert [x for p in pages for x in p.get("prefixes", [])] == sorted(prefixes)
    for one in pages[:-1]:
        assert len(one.get("items", [])) + len(one.get("prefixes", [])) == size


def test_the_client_lists(emulator: Emulator) -> None:
    """Prefixes, pages and offsets through the real client."""
    for number in range(25):
        emulator.put(f"l/{number % 5}/f{number:02d}")
    emulator.put("other")
    found = emulator.client.list_blobs("pictures", prefix="l/", delimiter="/")
    assert list(found) == []
    assert found.prefixes == {f"l/{number}/" for number in range(5)}
    pages = emulator.client.list_blobs("pictures", prefix="l/", page_size=10).pages
    assert [len(list(one)) for one in pages] == [10, 10, 5]
    within = emulator.client.list_blobs(
        "pictures", prefix="l/", start_offset="l/1/", end_offset="l/2/"
    )
    assert len(list(within)) == 5


def test_order_is_that_of_utf8(emulator: Emulator) -> None:
    """Names are in the order of their bytes, not of anybody's alphabet."""
    names = ["B", "a", "z", "é", "☃", "😀"]
    for name in reversed(names):
        emulator.put(name)
    assert emulator.names() == names


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"matchGlob": "**"}, 501),
        ({"versions": "true"}, 501),
        ({"softDeleted": "true"}, 501),
        ({"maxResults": "0"}, 400),
        ({"maxResults": "x"}, 400),
        ({"pageToken": "!"}, 400),
    ],
)
def test_what_is_not_built_says_so(query: dict[str, str], status: int) -> None:
    """Unbuilt parameters are a 501 with their name, malformed ones a 400."""
    with pytest.raises(ApiError) as raised:
        Wanted.of_query(query)
    assert raised.value.status == status
    assert next(iter(query)) in raised.value.message


def test_a_missing_bucket_is_a_404(emulator: Emulator) -> None:
    """Listing nothing is not the same as listing nowhere."""
    assert emulator.http.get("/storage/v1/b/absent/o").status_code == 404
