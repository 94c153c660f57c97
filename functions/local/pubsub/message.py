"""One published message and the limits a publisher must keep.

A message never changes after it was accepted; its publish time has milliseconds,
as the service's own has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp
from google.pubsub_v1 import types

from functions.local.pubsub.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Proto: TypeAlias = Any  # protobuf's own message classes carry no types

PubsubMessage: Final = types.PubsubMessage.pb()

MAX_MESSAGES: Final = 1000
MAX_BYTES: Final = 10_000_000
MAX_ATTRIBUTES: Final = 100
MAX_KEY: Final = 256
MAX_VALUE: Final = 1024
_PEEK: Final = 1 << 16  # bytes of data looked at for a job id


@dataclass(frozen=True, slots=True)
class Message:
    """A message as every subscription of its topic holds it."""

    message_id: str
    data: bytes = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    published_ms: int
    ordering_key: str = ""

    @property
    def published(self) -> float:
        """Return the publish time in seconds since the epoch."""
        return self.published_ms / 1000

    @property
    def size(self) -> int:
        """Return the bytes that flow control counts."""
        texts = (part for pair in self.attributes.items() for part in pair)
        return len(self.data) + sum(len(text.encode()) for text in texts)

    @property
    def publish_time(self) -> str:
        """Return the publish time as RFC 3339 with three decimals."""
        when = datetime.fromtimestamp(self.published_ms // 1000, UTC)
        return f"{when:%Y-%m-%dT%H:%M:%S}.{self.published_ms % 1000:03}Z"

    def proto(self) -> Proto:
        """Return the message as it goes over gRPC."""
        seconds, rest = divmod(self.published_ms, 1000)
        return PubsubMessage(
            data=self.data,
            attributes=self.attributes,
            message_id=self.message_id,
            publish_time=Timestamp(seconds=seconds, nanos=rest * 1_000_000),
            ordering_key=self.ordering_key,
        )

    def detail(self) -> str:
        """Return what fault rules look into: the job id and the attributes."""
        words = [f"{key}={value}" for key, value in self.attributes.items()]
        return " ".join([f"id={_job(self.data)}", *words])


def _job(data: bytes) -> str:
    if not data.startswith(b"{") or len(data) > _PEEK:
        return ""
    try:
        job = json.loads(data).get("id")
    except (ValueError, RecursionError):  # poison is published on purpose in tests
        return ""
    return job if isinstance(job, str) else ""


def check(messages: Sequence[Proto]) -> None:
    """Refuse a publish request that the service would refuse.

    Raises:
        RefusedError: too many or too large, empty, or attributes beyond the limits.

    """
    if not messages:
        raise invalid("A publish request must contain at least one message.")
    if len(messages) > MAX_MESSAGES:
        raise invalid(f"The request has more than {MAX_MESSAGES} messages.")
    total = sum(message.ByteSize() for message in messages)
    if total > MAX_BYTES:
        raise invalid(
            f"The request has {total} bytes, {MAX_BYTES} are allowed:"
            " publish a reference to large content."
        )
    for message in messages:
        if not message.data and not message.attributes:
            raise invalid(
                "A message is empty: it must contain non-empty data or at least one"
                " attribute."
            )
        if len(message.ordering_key.encode()) > MAX_VALUE:
            raise invalid(f"An ordering key is longer than {MAX_VALUE} bytes.")
        _check_attributes(message.attributes)


def _check_attributes(attributes: Mapping[str, str]) -> None:
    if len(attributes) > MAX_ATTRIBUTES:
        raise invalid(f"A message has more than {MAX_ATTRIBUTES} attributes.")
    for key, value in attributes.items():
        # Client libraries themselves write `googclient_...` (trace, schema).
        reserved = key.startswith("goog") and not key.startswith("googclient_")
        if not key or reserved:
            raise invalid("An attribute key is empty or starts with 'goog'.")
        if len(key.encode()) > MAX_KEY:
            raise invalid(f"An attribute key is longer than {MAX_KEY} bytes.")
        if len(value.encode()) > MAX_VALUE:
            raise invalid(
                f"The value of attribute {key!r} is longer than {MAX_VALUE} bytes."
            )
