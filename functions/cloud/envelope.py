"""The push request, read by us: headers and body in, one Delivery out.

The law: whatever the bytes, `read` returns a Delivery or raises PoisonError with a
stable reason, and repeats no content in it. The framework would answer 4xx or 5xx,
and Pub/Sub would deliver the same broken message again until it expires.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from pydantic_core import to_json

from functions.cloud import push
from functions.job import payload
from functions.job.errors import PoisonError
from functions.job.ports import Delivery

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BODY_MAX", "PUBLISHED", "Delivery", "read", "salvage"]

# A request of 1 MiB in base64, the attributes Pub/Sub allows, and room.
BODY_MAX: Final = 2 * 1024 * 1024
PUBLISHED: Final = "google.cloud.pubsub.topic.v1.messagePublished"
_STRUCTURED: Final = "application/cloudevents"
_BATCHED: Final = "application/cloudevents-batch"
_REQUIRED: Final = ("specversion", "id", "source", "type")
_ID: Final = re.compile(rb'"message_?[iI]d"\s*:\s*"([A-Za-z0-9_-]{1,64})"')
_ENDS: Final = 4096  # bytes at either end of a broken body in which an id is sought


def read(headers: Mapping[str, str], body: bytes) -> Delivery:
    """Return what the request delivers.

    Raises:
        PoisonError: it delivers nothing that this product can read.

    """
    headers = _lower(headers)
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media.startswith(_BATCHED):
        raise PoisonError(
            "batched_cloudevents",
            "batches of CloudEvents are not taken; send one event per request",
        )
    if media.startswith(_STRUCTURED):
        return _structured(headers, media, body)
    event = _attributes(headers)
    if not event:
        return _plain(headers, body)
    if event.get("type") == PUBLISHED:
        tree = payload.load_object(body, BODY_MAX, "the push body")
        return push.push(tree, headers, event)
    return _event(headers, event, body)


def salvage(headers: Mapping[str, str], body: bytes) -> Delivery:
    """Return what can be known of a request that `read` refused; never raises.

    The id is the message's wherever it can be found, else made from the body, so
    the same broken message has the same id at each delivery.
    """
    headers = _lower(headers)
    event = _attributes(headers)
    tree = _try(body)
    inner = tree.get("data")
    if "message" not in tree and isinstance(inner, dict):
        tree = inner  # a structured CloudEvent
    message = tree.get("message")
    message = message if isinstance(message, dict) else {}
    names = message.get("attributes")
    candidates = (push.either(message, "messageId"), _seek_id(body), event.get("id"))
    whole = hashlib.sha256(body).hexdigest()[:32]
    return Delivery(
        message_id=next((str(i) for i in candidates if push.is_id(i)), f"body-{whole}"),
        attempt=push.attempt(tree),
        attributes=dict.fromkeys(names, "") if isinstance(names, dict) else {},
        subscription=push.subscription(tree),
        publish_time=push.seconds(push.either(message, "publishTime")),
        trace=push.trace(event, headers),
        source=event.get("source", ""),
    )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _attributes(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the CloudEvent attributes among the headers, percent-decoded once."""
    return {
        name[3:]: unquote(value, errors="replace")
        for name, value in headers.items()
        if name.startswith("ce-")
    }


def _plain(headers: Mapping[str, str], body: bytes) -> Delivery:
    """Read a push without CloudEvent headers."""
    if "x-goog-pubsub-message-id" in headers:
        raise _not_a_push()
    tree = payload.load_object(body, BODY_MAX, "the push body")
    if "message" in tree:
        return push.push(tree, headers, {})
    if "data" in tree and ("context" in tree or "eventId" in tree):
        raise PoisonError(
            "background_event",
            "this is an event in the format of 1st-generation functions; deliver with"
            " a push subscription or an Eventarc trigger",
        )
    raise _not_a_push()


def _not_a_push() -> PoisonError:
    return PoisonError(
        "not_a_push",
        "the body is no Pub/Sub push and no CloudEvent; if the subscription unwraps"
        " its payload, turn that off",
    )


def _structured(headers: Mapping[str, str], media: str, body: bytes) -> Delivery:
    """Read a CloudEvent whose attributes and data are one JSON object."""
    if media != "application/cloudevents+json":
        raise PoisonError(
            "cloudevents_format",
            "of the CloudEvents formats only application/cloudevents+json is taken",
        )
    tree = payload.load_object(body, BODY_MAX, "the CloudEvent")
    event = {
        name: text
        for name, value in tree.items()
        if name not in {"data", "data_base64"}
        and (text := _text(value, name)) is not None
    }
    content = _content(tree, event)
    if event.get("type") != PUBLISHED:
        return _event(headers, event, content)
    inner = payload.load_object(content or b"", BODY_MAX, "the CloudEvent's data")
    return push.push(inner, headers, event)


def _text(value: object, name: str) -> str | None:
    """Return an attribute as the headers of binary mode would carry it."""
    if isinstance(value, str):
        return value
    if name in _REQUIRED or not isinstance(value, int):
        return None
    return str(value).lower()  # True is "true" there


def _content(tree: dict[str, object], event: Mapping[str, str]) -> bytes | None:
    """Return the bytes that a structured event carries."""
    encoded, data = tree.get("data_base64"), tree.get("data")
    if encoded is not None and data is not None:
        raise PoisonError(
            "two_data", "the CloudEvent has both data and data_base64", field="data"
        )
    if data is None:
        return push.decode(encoded, "data_base64")
    media = event.get("datacontenttype", "application/json").partition(";")[0]
    if isinstance(data, str) and not media.strip().lower().endswith("json"):
        return data.encode()
    return to_json(data)


def _event(
    headers: Mapping[str, str], event: Mapping[str, str], content: bytes | None
) -> Delivery:
    """Return an event that is not Pub/Sub's own: its data is the message's data.

    Its attributes become ce-* attributes, as in the Pub/Sub binding.
    """
    missing = [name for name in _REQUIRED if not event.get(name, "").strip()]
    if missing:
        raise PoisonError(
            "cloudevent_attribute",
            f"the CloudEvent lacks {', '.join(missing)}",
            field=f"ce-{missing[0]}",
        )
    if event["specversion"] != "1.0":
        raise PoisonError(
            "cloudevent_version",
            "only CloudEvents 1.0 are taken",
            field="ce-specversion",
        )
    if len(content or b"") > BODY_MAX:
        raise PoisonError("too_big", f"the event has more than {BODY_MAX:,} bytes")
    return Delivery(
        message_id=push.message_id(event["id"]),
        data=content or None,
        attributes={f"ce-{name}": value for name, value in event.items()},
        publish_time=push.seconds(event.get("time")),
        trace=push.trace(event, headers),
        source=event["source"],
    )


def _try(body: bytes) -> dict[str, object]:
    try:
        return payload.load_object(body, BODY_MAX, "the body")
    except PoisonError:
        return {}


def _seek_id(body: bytes) -> str | None:
    found = _ID.search(body[-_ENDS:]) or _ID.search(body[:_ENDS])
    return found[1].decode() if found else None
