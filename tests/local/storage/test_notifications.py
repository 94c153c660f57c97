"""Laws of notifications: what happens to an object is said once, as Google says it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.local.storage.conftest import Emulator

_TOPIC = "projects/demo-project/topics/inbox-events"
_PATH = "/storage/v1/b/pictures/notificationConfigs"


def _configure(emulator: Emulator, **options: object) -> None:
    emulator.bucket.notification(
        "inbox-events", topic_project="demo-project", **options
    ).create()


def _said(emulator: Emulator) -> list[tuple[str, str]]:
    return [(n["eventType"], n["objectId"]) for _, _, n in emulator.sent]


def test_a_finalize_carries_the_object(emulator: Emulator) -> None:
    """Topic, attributes and JSON body are those of Cloud Storage."""
    _configure(emulator, custom_attributes={"k": "v"}, payload_format="JSON_API_V1")
    blob = emulator.put("in/a.png", b"png", content_type="image/png")
    ((topic, data, attributes),) = emulator.sent
    assert topic == _TOPIC
    assert attributes == {
        "k": "v",
        "notificationConfig": "projects/_/buckets/pictures/notificationConfigs/1",
        "eventType": "OBJECT_FINALIZE",
        "payloadFormat": "JSON_API_V1",
        "bucketId": "pictures",
        "objectId": "in/a.png",
        "objectGeneration": str(blob.generation),
        "eventTime": "2027-01-15T08:00:00.000Z",
    }
    body = json.loads(data)
    assert body["generation"] == str(blob.generation)
    assert (body["contentType"], body["size"]) == ("image/png", "3")


def test_an_overwrite_says_both_sides(emulator: Emulator) -> None:
    """The new object names what it replaced, the old one what replaced it."""
    _configure(emulator)
    old = emulator.put("a").generation
    new = emulator.put("a").generation
    finalized, deleted = (notice[2] for notice in emulator.sent[1:])
    assert finalized["eventType"] == "OBJECT_FINALIZE"
    assert finalized["overwroteGeneration"] == str(old)
    assert deleted["eventType"] == "OBJECT_DELETE"
    assert deleted["objectGeneration"] == str(old)
    assert deleted["overwrittenByGeneration"] == str(new)


def test_every_kind_of_change_is_said(emulator: Emulator) -> None:
    """Upload, resumable upload, patch, compose, copy, move and delete: once each."""
    _configure(emulator)
    blob = emulator.put("a")
    emulator.chunk(emulator.session("r"), b"abc", "0-2/3")
    blob.metadata = {"k": "v"}
    blob.patch()
    emulator.bucket.blob("c").compose([blob])
    emulator.bucket.copy_blob(blob, emulator.bucket, "d")
    emulator.bucket.move_blob(emulator.bucket.blob("d"), "e")
    blob.delete()
    assert _said(emulator) == [
        ("OBJECT_FINALIZE", "a"),
        ("OBJECT_FINALIZE", "r"),
        ("OBJECT_METADATA_UPDATE", "a"),
        ("OBJECT_FINALIZE", "c"),
        ("OBJECT_FINALIZE", "d"),
        ("OBJECT_FINALIZE", "e"),
        ("OBJECT_DELETE", "d"),
        ("OBJECT_DELETE", "a"),
    ]


def test_filters(emulator: Emulator) -> None:
    """Only the chosen events of the chosen names are said; NONE says no body."""
    _configure(
        emulator,
        event_types=["OBJECT_DELETE"],
        blob_name_prefix="in/",
        payload_format="NONE",
    )
    for name in ("in/a", "out/a"):
        emulator.put(name).delete()
    assert _said(emulator) == [("OBJECT_DELETE", "in/a")]
    assert emulator.sent[0][1] == b""


def test_what_did_not_happen_is_not_said(emulator: Emulator) -> None:
    """A refused write makes no message."""
    _configure(emulator)
    emulator.put("a")
    emulator.http.delete("/storage/v1/b/pictures/o/a?ifGenerationMatch=1")
    emulator.http.post(
        "/upload/storage/v1/b/pictures/o?uploadType=media&name=a&ifGenerationMatch=0"
    )
    assert len(emulator.sent) == 1


def test_configurations_are_kept_and_removed(emulator: Emulator) -> None:
    """Created, read, listed and deleted through the client; then nothing is said."""
    _configure(emulator, payload_format="JSON_API_V1")
    (found,) = emulator.bucket.list_notifications()
    got = emulator.bucket.get_notification(found.notification_id)
    assert (got.payload_format, found.topic_name) == ("JSON_API_V1", "inbox-events")
    found.delete()
    assert not list(emulator.bucket.list_notifications())
    emulator.put("a")
    assert emulator.sent == []
    assert emulator.http.get(f"{_PATH}/1").status_code == 404
    assert emulator.http.delete(f"{_PATH}/1").status_code == 404


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"topic": "inbox-events"},
        {"topic": 7},
        {"topic": f"//pubsub.googleapis.com/{_TOPIC}", "event_types": ["X"]},
        {"topic": f"//pubsub.googleapis.com/{_TOPIC}", "payload_format": "XML"},
    ],
)
def test_a_configuration_that_cannot_work_is_refused(
    emulator: Emulator, bad: dict[str, object]
) -> None:
    """A topic, event type or format that is none is a 400."""
    assert emulator.http.post(_PATH, json=bad).status_code == 400


def test_a_failing_topic_does_not_fail_the_write(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The object is written, and the log says that nobody was told."""
    _configure(emulator)

    def fail(*_: object) -> None:
        raise OSError("no broker")

    async def fail_later(*_: object) -> None:
        await asyncio.sleep(0)
        fail()

    for publish in (fail, fail_later):
        monkeypatch.setattr(emulator.app, "_publish", publish)
        emulator.put("a")
    emulator.restart()  # ends what was still being published
    assert emulator.names() == ["a"]
    assert sum("no notification" in record.message for record in caplog.records) == 3
