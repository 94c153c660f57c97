"""A Pub/Sub push body, read into one Delivery.

The law: the message itself is read whole or refused with a stable reason; decoration
(attempt, subscription, times, trace) that makes no sense is dropped.
"""

from __future__ import annotations

import binascii
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

from functions.job import payload
from functions.job.errors import PoisonError
from functions.job.ports import Delivery

if TYPE_CHECKING:
    from collections.abc import Mapping

_ID_MAX: Final = 256
_SUBSCRIPTION_MAX: Final = 512
_YEAR_3000: Final = 32_503_680_000.0  # later times break the calendar downstream
_TRACES: Final = ("googclient_traceparent", "traceparent")
_TRACE: Final = re.compile(
    r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*", re.ASCII)
_URLSAFE: Final = str.maketrans("-_", "+/")


def push(
    tree: Mapping[str, object], headers: Mapping[str, str], event: Mapping[str, str]
) -> Delivery:
    """Return what a push body says; `event` decorates it where it came as one.

    Raises:
        PoisonError: no_message, message_id, attributes, not_base64.

    """
    message = tree.get("message")
    if not isinstance(message, dict):
        raise PoisonError(
            "no_message",
            f"message must be an object, it is {payload.kind(message)}",
            field="message",
        )
    attributes = _attributes(message.get("attributes"))
    given = either(message, "messageId")
    return Delivery(
        message_id=message_id(event.get("id") if given is None else given),
        attempt=attempt(tree),
        data=decode(message.get("data"), "message.data") or None,
        attributes=attributes,
        subscription=subscription(tree),
        publish_time=seconds(either(message, "publishTime") or event.get("time")),
        trace=trace(attributes, event, headers),
        source=event.get("source", ""),
    )


def either(tree: Mapping[str, object], camel: str) -> object:
    """Return a value under its camelCase name, else under its snake_case name."""
    found = tree.get(camel)
    if found is not None:
        return found
    return tree.get(re.sub("[A-Z]", lambda big: f"_{big[0].lower()}", camel))


def is_id(value: object) -> bool:
    """Whether a value can be the id of a message."""
    return isinstance(value, str) and 0 < len(value) <= _ID_MAX and value.isprintable()


def message_id(value: object) -> str:
    """Return the id of a message, or refuse the message."""
    if isinstance(value, str) and is_id(value):
        return value
    raise PoisonError(
        "message_id",
        f"messageId must be a string of 1 to {_ID_MAX} printable characters, it is"
        f" {payload.kind(value)}",
        field="message.messageId",
    )


def attempt(tree: Mapping[str, object]) -> int | None:
    """Return which delivery this is, counted by Pub/Sub from 1."""
    value = either(tree, "deliveryAttempt")
    return value if type(value) is int and value > 0 else None


def subscription(tree: Mapping[str, object]) -> str:
    """Return the full name of the subscription that pushes."""
    value = tree.get("subscription")
    return value if isinstance(value, str) and len(value) <= _SUBSCRIPTION_MAX else ""


def decode(value: object, name: str) -> bytes | None:
    """Return base64 of either alphabet, padded or not; None for None."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value.translate(_URLSAFE).rstrip("=")
        if _BASE64.fullmatch(text) and len(text) % 4 != 1:
            return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    raise PoisonError(
        "not_base64",
        f"{name} must be base64 in a string, it is {payload.kind(value)}",
        field=name,
    )


def seconds(value: object) -> float | None:
    """Return an RFC 3339 time as seconds since the epoch, None where it is none."""
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
        at = when.timestamp() if when and when.tzinfo else -1.0
    except (ValueError, OverflowError):
        return None
    return at if 0 <= at < _YEAR_3000 else None


def trace(*places: Mapping[str, str]) -> str:
    """Return the first W3C traceparent: the publisher's before the deliverer's."""
    given = (place.get(name, "") for place in places for name in _TRACES)
    return next((value for value in given if _TRACE.fullmatch(value)), "")


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
