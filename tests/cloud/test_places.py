from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.cloud.places import Place, Places


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("gs://inbox/a/b.png", Place("inbox", "a/b.png")),
        ("gs://inbox/a b.png", Place("inbox", "a b.png")),
        ("gs://inbox/größe.png", Place("inbox", "größe.png")),
        ("gs://inbox/a#7", Place("inbox", "a", 7)),
        ("gs://inbox/a#9223372036854775807", Place("inbox", "a", 2**63 - 1)),
        ("gs://inbox/a#b", Place("inbox", "a#b")),
        ("gs://inbox/a#0", Place("inbox", "a#0")),
        ("gs://my.bucket_1/x", Place("my.bucket_1", "x")),
    ],
)
def test_an_address_is_read_as_cloud_storage_means_it(uri: str, place: Place) -> None:
    """Bucket, name, and a generation where one is pinned."""
    assert Place.parse(uri) == place


@pytest.mark.parametrize(
    "uri",
    [
        "gs://",
        "gs://inbox",
        "gs://inbox/",
        "gs:///a",
        "gs://inbox/a/",
        "gs://inbox/../state/a",
        "gs://inbox/a/../b",
        "gs://inbox/./a",
        "gs://inbox/a\nb",
        "gs://inbox/a\x00",
        "gs://inbox/\ud800",
        "gs://INBOX/a",
        "gs://in box/a",
        "gs://user@inbox/a",
        "gs://inbox\\state/a",
        "gs://inbox/" + "ä" * 513,
        "gs://inbox/#7",
        "gs://inbox/a#9223372036854775808",
        "gs://inbox/a#9999999999999999999",
        "gs://inbox/a#" + "9" * 5_000,
        "GS://inbox/a",
        "https://inbox/a",
    ],
)
def test_what_tools_could_read_differently_is_no_address(uri: str) -> None:
    """One reading of an address, so that no check is talked past."""
    assert Place.parse(uri) is None


@given(st.text())
def test_any_text_is_an_address_or_not(text: str) -> None:
    """Nothing raises, and what is read stays within Cloud Storage's own limits."""
    place = Place.parse("gs://inbox/" + text)
    assert place is None or 0 < len(place.name.encode()) <= 1024


def test_only_listed_buckets_and_folders_are_allowed() -> None:
    """A folder's name is no prefix of another folder's."""
    places = Places(["open", "gs://shop/tenant-a/", "shop2/x/y"], never=["state"])
    assert places.allow("open", "anything/at/all")
    assert places.allow("shop", "tenant-a/1.png")
    assert places.allow("shop2", "x/y/z")
    assert not places.allow("shop", "tenant-ab/1.png")
    assert not places.allow("shop", "tenant-a")
    assert not places.allow("shop", "other")
    assert not places.allow("shop2", "x")
    assert not places.allow("opened", "a")
    assert not places.allow("open", "../state/jobs")
    assert not places.allow("ope", "n/a")


def test_the_state_bucket_is_never_allowed() -> None:
    """Whoever may read records through a reference could read every order."""
    places = Places(["state", "state/jobs"], never=["state"])
    assert not places.allow("state", "jobs/h/record.json")


@pytest.mark.parametrize("entries", [[], [""], ["/"], ["gs://"]])
def test_an_empty_list_allows_nothing(entries: list[str]) -> None:
    """A setting left out, or half written, opens nothing."""
    assert not Places(entries, never=[]).allow("inbox", "a")
