"""Laws of buckets, asked by the real client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.api_core import exceptions

if TYPE_CHECKING:
    from tests.local.storage.conftest import Emulator


def test_create_and_create_again(emulator: Emulator) -> None:
    """A second bucket of the same name is a 409; a missing one a 404."""
    made = emulator.client.create_bucket("other", location="us-central1")
    assert made.location == "us-central1"
    with pytest.raises(exceptions.Conflict):
        emulator.client.create_bucket("other", retry=None)
    with pytest.raises(exceptions.NotFound):
        emulator.client.get_bucket("absent", retry=None)
    assert [b.name for b in emulator.client.list_buckets()] == ["other", "pictures"]


@pytest.mark.parametrize("name", [None, "", "a", "../x", "UPPER", "a/b", "x" * 300])
def test_a_name_that_no_bucket_has_is_refused(
    emulator: Emulator, name: str | None
) -> None:
    """A bucket name is lower case letters, digits, dots, dashes, underscores."""
    assert emulator.http.post("/storage/v1/b", json={"name": name}).status_code == 400


def test_settings_round_trip(emulator: Emulator) -> None:
    """Lifecycle, labels and CORS come back as they were set; null deletes."""
    bucket = emulator.client.get_bucket("pictures")
    bucket.add_lifecycle_delete_rule(age=7)
    bucket.labels = {"a": "b"}
    bucket.cors = [{"origin": ["*"], "method": ["GET"]}]
    bucket.patch()
    bucket = emulator.client.get_bucket("pictures")
    assert list(bucket.lifecycle_rules)
    assert bucket.cors
    assert bucket.labels == {"a": "b"}
    answer = emulator.http.patch(
        "/storage/v1/b/pictures",
        json={"labels": {"a": None, "c": "d"}, "cors": None, "name": "stolen"},
    ).json()
    assert answer["labels"] == {"c": "d"}
    assert "cors" not in answer
    assert answer["name"] == "pictures"
    assert answer["metageneration"] == "3"


def test_a_bucket_obeys_its_metageneration(emulator: Emulator) -> None:
    """A stale change of a bucket is a 412."""
    for method in ("PATCH", "DELETE"):
        answer = emulator.http.request(
            method, "/storage/v1/b/pictures?ifMetagenerationMatch=9"
        )
        assert answer.status_code == 412


def test_only_an_empty_bucket_goes(emulator: Emulator) -> None:
    """A bucket with objects stays, an empty one goes with its notifications."""
    blob = emulator.put("a")
    with pytest.raises(exceptions.Conflict):
        emulator.client.bucket("pictures").delete(retry=None)
    blob.delete()
    emulator.client.bucket("pictures").delete()
    assert not emulator.client.bucket("pictures").exists()


def test_the_policy_locks_nobody_out(emulator: Emulator) -> None:
    """The IAM policy of a bucket can be read."""
    assert emulator.bucket.get_iam_policy().bindings == []
