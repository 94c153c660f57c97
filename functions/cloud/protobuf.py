"""The one protobuf message that is sent: google.pubsub.v1.PublishRequest.

The law: Google's own types read it back to the byte, whatever the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Field numbers of google/pubsub/v1/pubsub.proto.
_TOPIC: Final = 1
_MESSAGES: Final = 2
_DATA: Final = 1
_ATTRIBUTES: Final = 2
_KEY: Final = 1
_VALUE: Final = 2
_LENGTH_DELIMITED: Final = 2
_SEVEN_BITS: Final = 0x7F


def publish_request(topic: str, data: bytes, attributes: Mapping[str, str]) -> bytes:
    """Return a request with one message."""
    pairs = b"".join(
        _field(_ATTRIBUTES, _text(_KEY, name) + _text(_VALUE, value))
        for name, value in attributes.items()
    )
    message = (_field(_DATA, data) if data else b"") + pairs
    return _text(_TOPIC, topic) + _field(_MESSAGES, message)


def _text(number: int, text: str) -> bytes:
    # A lone surrogate cannot be UTF-8; it must not keep an event from the world.
    return _field(number, text.encode("utf-8", "replace"))


def _field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > _SEVEN_BITS:
        out.append(number & _SEVEN_BITS | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
