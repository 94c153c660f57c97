"""What is kept of a message that never became a job.

The law: enough to find the publisher and mend it (reason, field, shape, length, hash,
names), and no value: a broken order holds a prompt as easily as a good one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json, to_json

from functions.job import complaint, payload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.job.errors import PoisonError

_KEYS_MAX: Final = 64
_LOOK_MAX: Final = 1024 * 1024  # beyond it only length and hash are taken
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """A refused message, as far as it could be read."""

    message_id: str
    error: PoisonError
    # The message's data, or the whole body where no data was found.
    content: bytes = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    subscription: str
    attempt: int | None
    received_at: float  # clock


def to_record(poison: Poison) -> bytes:
    """Return the JSON stored under `names.poison`."""
    return to_json(
        {
            "schema": 1,
            "message_id": poison.message_id,
            "reason": poison.error.reason,
            "field": poison.error.field,
            "message": str(poison.error),
            "content": {
                "bytes": len(poison.content),
                "sha256": hashlib.sha256(poison.content).hexdigest(),
                "looks_like": _looks_like(poison.content),
                "shape": _shape(poison.content),
            },
            "attributes": sorted({complaint.shown_name(k) for k in poison.attributes}),
            "subscription": poison.subscription,
            "attempt": poison.attempt,
            "received": datetime.fromtimestamp(poison.received_at, UTC).isoformat(),
        },
        indent=2,
    )


def _looks_like(content: bytes) -> str:
    if not content:
        return "nothing"
    if content.startswith(_GZIP):
        return "gzip"
    try:
        content[:4096].decode()
    except UnicodeDecodeError as error:
        # A character cut by our own slice is no sign of binary data.
        return "text" if error.start > 4096 - 4 else "binary"
    return "text"


def _shape(content: bytes) -> object:
    """Return keys and types of the top level, never a value."""
    if len(content) > _LOOK_MAX:
        return None
    try:
        value = from_json(content)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return payload.kind(value)
    shape: dict[str, str] = {}
    for key in list(value)[:_KEYS_MAX]:
        shape.setdefault(complaint.shown_name(key), _kind(value[key]))
    return shape


def _kind(value: object) -> str:
    if isinstance(value, str | list | dict):
        return f"{payload.kind(value)} of {len(value):,}"
    return payload.kind(value)
