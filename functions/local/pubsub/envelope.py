"""What one push request says: its body and its headers.

The wrapped body is the service's; the headers are those that reach a function behind
Eventarc. `deliveryAttempt` is there only with a dead-letter policy.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from functions.local.pubsub.message import Message
    from functions.local.pubsub.policy import Policy, Push

TRACE_ATTRIBUTE: Final = "googclient_traceparent"

_COMMON: Final = {
    "accept": "application/json",
    "from": "noreply@google.com",
    "user-agent": (
        "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"
    ),
}
_TRACE: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NAME: Final = re.compile(r"[a-z0-9_-]+")  # attributes that can be header names
_VALUE: Final = re.compile(r"[!-~]([ -~]*[!-~])?")
_OURS: Final = frozenset(
    {"authorization", "connection", "content-length", "host", "transfer-encoding"}
)
_TOPIC_MODE: Final = "CUSTOM_PUBSUB_"
_EVENT_TYPE: Final = "google.cloud.pubsub.topic.v1.messagePublished"


def body(message: Message, policy: Policy, push: Push, attempt: int) -> bytes:
    """Return the body of a push."""
    if not push.wrapped:
        return message.data
    inner: dict[str, object] = {}
    if message.attributes:
        inner["attributes"] = dict(message.attributes)
    if message.data:
        inner["data"] = base64.b64encode(message.data).decode()
    for key in ("messageId", "message_id"):
        inner[key] = message.message_id
    if message.ordering_key:
        inner["orderingKey"] = message.ordering_key
    for key in ("publishTime", "publish_time"):
        inner[key] = message.publish_time
    outer: dict[str, object] = {"message": inner, "subscription": policy.name}
    if policy.dead_letter:
        outer["deliveryAttempt"] = attempt
    return json.dumps(outer).encode()


def headers(message: Message, policy: Policy, push: Push) -> dict[str, str]:
    """Return the headers of a push, without the token."""
    found = _COMMON | _trace(message)
    if not push.wrapped:
        found["content-type"] = "application/octet-stream"
        return found | (_metadata(message, policy) if push.metadata else {})
    found["content-type"] = "application/json"
    if push.events_mode.startswith(_TOPIC_MODE):
        topic = push.events_mode.removeprefix(_TOPIC_MODE)
        found |= {
            "ce-id": message.message_id,
            "ce-source": f"//pubsub.googleapis.com/{topic}",
            "ce-specversion": "1.0",
            "ce-time": message.publish_time,
            "ce-type": _EVENT_TYPE,
        }
    return found


def _trace(message: Message) -> dict[str, str]:
    match = _TRACE.fullmatch(message.attributes.get(TRACE_ATTRIBUTE, ""))
    made = (secrets.token_hex(16), secrets.token_hex(8), "01")
    trace, span, flags = match.groups() if match else made
    return {
        "traceparent": f"00-{trace}-{span}-{flags}",
        "x-cloud-trace-context": f"{trace}/{int(span, 16)};o={int(flags, 16) & 1}",
    }


def _metadata(message: Message, policy: Policy) -> dict[str, str]:
    found = {
        key: value
        for key, value in message.attributes.items()
        if _NAME.fullmatch(key) and _VALUE.fullmatch(value) and key not in _OURS
    }
    found["x-goog-pubsub-message-id"] = message.message_id
    found["x-goog-pubsub-publish-time"] = message.publish_time
    found["x-goog-pubsub-subscription-name"] = policy.name
    if message.ordering_key:
        found["x-goog-pubsub-ordering-key"] = message.ordering_key
    return found
