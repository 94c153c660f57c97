"""The push request, read by us: body and headers in, one Delivery out.

The law: whatever the bytes, `read` returns a Delivery or raises PoisonError with a
stable reason, and never repeats content in it. Decoration (attempt, subscription,
times, trace) that makes no sense is dropped; the message itself is never half-read.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from pydantic_core import to_json

from functions.job import payload
from functions.job.errors import PoisonError

if TYPE_CHECKING:
    from collections.abc import Mapping

# A request of 1 MiB in base64, the attributes Pub/Sub allows, and room.
BODY_MAX: Final = 2 * 1024 * 1024
PUBLISHED: Final = "google.cloud.pubsub.topic.v1.messagePublished"
_STRUCTURED: Final = "application/cloudevents"
_BATCHED: Final = "application/cloudevents-batch"
_REQUIRED: Final = ("specversion", "id", "source", "type")
_TRACES: Final = ("googclient_traceparent", "traceparent")
_TRACE: Final = re.compile(
    r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*", re.ASCII)
_URLSAFE: Final = str.maketrans("-_", "+/")
_ID: Final = re.compile(rb'"message_?[iI]d"\s*:\s*"([A-Za-z0-9_-]{1,64})"')
_ID_TAIL: Final = 4096  # bytes at either end of a body in which an id is looked for
_ID_MAX: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of one message."""

    message_id: str
    attempt: int | None = None  # None: the subscription has no dead-letter policy
    data: bytes | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    subscription: str = ""
    publish_time: float | None = None  # seconds since the epoch
    trace: str = ""  # W3C traceparent of the publisher, "" if none
    source: str = ""  # ce-source: //pubsub.googleapis.com/projects/P/topics/T


def read(headers: Mapping[str, str], body: bytes) -> Delivery:
    """Return what the request delivers.

    Raises:
        PoisonError: it delivers nothing that this product can read.

    """
    lower = {str(name).lower(): str(value) for name, value in headers.items()}
    media = lower.get("content-type", "").partition(";")[0].strip().lower()
    if media.startswith(_BATCHED):
        raise PoisonError(
            "batched_cloudevents",
            "batches of CloudEvents are not taken; send one event per request",
        )
    if media.startswith(_STRUCTURED):
        return _structured(lower, media, body)
    event = _binary_attributes(lower)
    if event:
        return _binary(lower, event, body)
    return _plain(lower, body)


def salvage(headers: Mapping[str, str], body: bytes) -> Delivery:
    """Return what can be known of a request that `read` refused; never raises.

    The id is the message's wherever it can be found, else made from the body.
    """
    lower = {str(name).lower(): str(value) for name, value in headers.items()}
    found = _ID.search(body[-_ID_TAIL:]) or _ID.search(body[:_ID_TAIL])
    if found:
        name = found[1].decode()
    else:
        name = unquote(lower.get("ce-id", ""), errors="replace")[:_ID_MAX]
    return Delivery(
        message_id=name or f"body-{hashlib.sha256(body).hexdigest()[:32]}",
        trace=_trace({}, lower),
        source=unquote(lower.get("ce-source", ""), errors="replace")[:1024],
    )


def _plain(headers: Mapping[str, str], body: bytes) -> Delivery:
    """Read a push without CloudEvent headers."""
    if "x-goog-pubsub-message-id" in headers:
        raise _unwrapped()
    tree = payload.load_object(body, BODY_MAX, "the push body")
    if "message" in tree:
        return _push(headers, tree, {})
    if "data" in tree and ("context" in tree or "eventId" in tree):
        raise PoisonError(
            "background_event",
            "this is an event in the format of 1st-generation functions; deliver with"
            " a push subscription or an Eventarc trigger",
        )
    raise _unwrapped()


def _unwrapped() -> PoisonError:
    return PoisonError(
        "not_a_push",
        "the body is no Pub/Sub push and no CloudEvent; if the subscription unwraps"
        " its payload, turn that off",
    )


def _binary_attributes(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name[3:]: unquote(value, errors="replace")
        for name, value in headers.items()
        if name.startswith("ce-")
    }


def _binary(headers: Mapping[str, str], event: dict[str, str], body: bytes) -> Delivery:
    """Read a CloudEvent whose attributes are headers, as Eventarc sends it."""
    if event.get("type") == PUBLISHED:
        tree = payload.load_object(body, BODY_MAX, "the push body")
        return _push(headers, tree, event)
    return _event(headers, event, body)


def _structured(headers: Mapping[str, str], media: str, body: bytes) -> Delivery:
    """Read a CloudEvent whose attributes and data are one JSON object."""
    if media != "application/cloudevents+json":
        raise PoisonError(
            "cloudevents_format",
            "of the CloudEvents formats only application/cloudevents+json is taken",
        )
    tree = payload.load_object(body, BODY_MAX, "the CloudEvent")
    event = {k: v for k, v in tree.items() if isinstance(v, str) and k[:4] != "data"}
    event |= {k: tree[k] for k in ("datacontenttype",) if isinstance(tree.get(k), str)}
    data = tree.get("data")
    if event.get("type") == PUBLISHED and isinstance(data, dict):
        return _push(headers, data, event)
    content = _content(tree, event)
    if event.get("type") == PUBLISHED:
        inner = payload.load_object(content or b"", BODY_MAX, "the CloudEvent's data")
        return _push(headers, inner, event)
    return _event(headers, event, content)


def _content(tree: dict[str, object], event: Mapping[str, str]) -> bytes | None:
    """Return the bytes that a structured event carries."""
    encoded, data = tree.get("data_base64"), tree.get("data")
    if encoded is not None and data is not None:
        raise PoisonError(
            "two_data", "the CloudEvent has both data and data_base64", field="data"
        )
    if encoded is not None:
        return _decode(encoded, "data_base64")
    if data is None:
        return None
    kind = event.get("datacontenttype", "application/json").partition(";")[0]
    if isinstance(data, str) and not kind.strip().endswith("json"):
        return data.encode()
    return to_json(data)


def _event(
    headers: Mapping[str, str], event: Mapping[str, str], content: bytes | None
) -> Delivery:
    """Return an event that is not Pub/Sub's own: its data is the message's data."""
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
        raise PoisonError("too_big", f"the event has over {BODY_MAX:,} bytes")
    attributes = {f"ce-{name}": value for name, value in event.items()}
    return Delivery(
        message_id=_message_id(event["id"]),
        data=content or None,
        attributes=attributes,
        publish_time=_seconds(event.get("time")),
        trace=_trace(event, headers),
        source=event["source"],
    )


def _push(
    headers: Mapping[str, str], tree: dict[str, object], event: Mapping[str, str]
) -> Delivery:
    """Read the body of a Pub/Sub push; `event` decorates it where it came as one."""
    message = tree.get("message")
    if not isinstance(message, dict):
        raise PoisonError(
            "no_message",
            f"message must be an object, it is {payload.kind(message)}",
            field="message",
        )
    attributes = _attributes(message.get("attributes"))
    subscription = tree.get("subscription")
    return Delivery(
        message_id=_message_id(_either(message, "messageId") or event.get("id")),
        attempt=_attempt(_either(tree, "deliveryAttempt")),
        data=_decode(message.get("data"), "message.data") or None,
        attributes=attributes,
        subscription=subscription if isinstance(subscription, str) else "",
        publish_time=_seconds(_either(message, "publishTime") or event.get("time")),
        trace=_trace(attributes, headers),
        source=event.get("source", ""),
    )


def _either(tree: Mapping[str, object], camel: str) -> object:
    """Return a value under its camelCase or snake_case name."""
    snake = re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", camel)
    return tree.get(camel, tree.get(snake))


def _message_id(value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= _ID_MAX and value.isprintable():
        return value
    raise PoisonError(
        "message_id",
        f"messageId must be 1 to {_ID_MAX} printable characters, it is"
        f" {payload.kind(value)}",
        field="message.messageId",
    )


def _attempt(value: object) -> int | None:
    return value if type(value) is int and value > 0 else None


def _attributes(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, dict) and all(isinstance(v, str) for v in value.values()):
        return value
    raise PoisonError(
        "attributes",
        "attributes must be an object of strings",
        field="message.attributes",
    )


def _decode(value: object, name: str) -> bytes | None:
    """Return base64 of either alphabet, padded or not; None for None."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value.translate(_URLSAFE).rstrip("=")
        if _BASE64.fullmatch(text) and len(text) % 4 != 1:
            return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    raise PoisonError(
        "not_base64",
        f"{name} must be a base64 string, it is {payload.kind(value)}",
        field=name,
    )


def _seconds(value: object) -> float | None:
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
        return when.timestamp() if when and when.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _trace(attributes: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Return the publisher's trace, else that of the request that delivers."""
    given = [attributes.get(name, "") for name in _TRACES]
    given.append(headers.get("traceparent", ""))
    return next((value for value in given if _TRACE.fullmatch(value)), "")
