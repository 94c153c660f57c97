"""Notifications of a bucket: which events go to which topic, and what they say.

Attributes and body are those of Cloud Storage's own messages to Pub/Sub.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from functions.local.storage.errors import invalid
from functions.local.storage.records import Resource, timestamp

if TYPE_CHECKING:
    from functions.local.storage.records import StoredObject

EventType = Literal["OBJECT_FINALIZE", "OBJECT_DELETE", "OBJECT_METADATA_UPDATE"]

_EVENT_TYPES: Final = frozenset(
    {"OBJECT_FINALIZE", "OBJECT_DELETE", "OBJECT_METADATA_UPDATE", "OBJECT_ARCHIVE"}
)
_FORMATS: Final = frozenset({"JSON_API_V1", "NONE"})
_TOPIC: Final = re.compile(r"//pubsub\.googleapis\.com/(projects/[^/]+/topics/[^/]+)")
_BASE: Final = "https://storage.googleapis.com"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an object."""

    type: EventType
    stored: StoredObject
    at: float
    overwrote: int | None = None  # generation this one replaced
    overwritten_by: int | None = None  # generation that replaced this one


@dataclass(frozen=True, slots=True)
class Notice:
    """One message for one topic."""

    topic: str
    data: bytes
    attributes: dict[str, str]


def configuration(given: Resource) -> Resource:
    """Return a configuration as it is stored.

    Raises:
        ApiError: the topic, an event type or the format is not one.

    """
    topic = given.get("topic")
    if not isinstance(topic, str) or not _TOPIC.fullmatch(topic):
        raise invalid(
            "topic must be //pubsub.googleapis.com/projects/<project>/topics/<topic>."
        )
    if unknown := set(given.get("event_types") or ()) - _EVENT_TYPES:
        raise invalid(f"Unknown event type: {', '.join(sorted(map(str, unknown)))}.")
    payload = given.get("payload_format", "JSON_API_V1")
    if payload not in _FORMATS:
        raise invalid("payload_format must be JSON_API_V1 or NONE.")
    return {**given, "payload_format": payload, "kind": "storage#notification"}


def notices(configurations: list[Resource], event: Event) -> list[Notice]:
    """Return the messages that the configurations of a bucket make of an event."""
    return [
        _notice(configured, event)
        for configured in configurations
        if _wanted(configured, event)
    ]


def _wanted(configured: Resource, event: Event) -> bool:
    types = configured.get("event_types")
    prefix = configured.get("object_name_prefix") or ""
    return (not types or event.type in types) and event.stored.name.startswith(prefix)


def _notice(configured: Resource, event: Event) -> Notice:
    stored = event.stored
    found = _TOPIC.fullmatch(configured["topic"])
    if found is None:
        raise ValueError(f"stored with a bad topic: {configured['topic']!r}")
    number = configured["id"]
    attributes = {
        **(configured.get("custom_attributes") or {}),
        "notificationConfig": (
            f"projects/_/buckets/{stored.bucket}/notificationConfigs/{number}"
        ),
        "eventType": event.type,
        "payloadFormat": configured["payload_format"],
        "bucketId": stored.bucket,
        "objectId": stored.name,
        "objectGeneration": str(stored.generation),
        "eventTime": timestamp(event.at),
    }
    if event.overwrote is not None:
        attributes["overwroteGeneration"] = str(event.overwrote)
    if event.overwritten_by is not None:
        attributes["overwrittenByGeneration"] = str(event.overwritten_by)
    data = b""
    if configured["payload_format"] == "JSON_API_V1":
        data = json.dumps(stored.resource(_BASE), indent=2).encode()
    return Notice(found[1], data, attributes)
