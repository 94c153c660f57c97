"""The request: the one model for Pub/Sub data, API body, manifest row and command.

The law: what cannot be understood in full is not understood at all. Nothing is
coerced, ignored or guessed, and no error text repeats what the caller sent.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_core import to_json as encode

from functions.job import complaint, payload
from functions.job.errors import DamagedRecordError, PoisonError
from functions.job.fields import (
    Address,
    Allowed,
    Deadline,
    Destination,
    ImageRef,
    Kind,
    Labels,
    Mask,
    Part,
    Safety,
    Searches,
    Short,
    Text,
)
from functions.job.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Destination",
    "ImageRef",
    "Mask",
    "Request",
    "fingerprint",
    "from_json",
    "later",
    "parse",
    "to_json",
]

DATA_MAX: Final = 1024 * 1024  # bytes


class Request(Part):
    """One order. Absent and default are the same thing; so are absent and null."""

    id: Short  # the key; from the Pub/Sub message id where the caller sent none
    kind: Kind = "generate"
    prompt: Text | None = None
    model: Short | None = None  # id or alias; None: the default of the settings
    aspect_ratio: Short | None = None  # checked against the model's catalogue entry
    image_size: Short | None = None  # the same
    images: Annotated[tuple[ImageRef, ...], Field(max_length=64)] = ()
    mask: Mask | None = None
    session: Short | None = None
    routes: Annotated[tuple[Short, ...], Field(max_length=8)] = ()
    fallback_models: Annotated[tuple[Short, ...], Field(max_length=8)] = ()
    thinking: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None
    search: Searches = ()
    seed: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] | None = None
    safety: Safety = Field(default_factory=dict)
    include_text: bool = False
    drafts: bool = False
    allow: Allowed = ("normalise",)
    on_mismatch: Literal["flag", "retry", "fail"] = "flag"
    on_unknown: Literal["repeat", "hold", "fail"] = "repeat"
    max_paid_calls: Annotated[int, Field(ge=1, le=10)] = 2
    max_attempts: Annotated[int, Field(ge=1, le=50)] = 6
    lane: Literal["now", "batch"] = "now"
    deadline: Deadline | None = None
    destination: Destination | None = None
    callback: Annotated[Address, Field(max_length=2048)] | None = None
    # Both come back in events and in the record, as id does: never a secret in them.
    tenant: Short | None = None
    labels: Labels = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agrees_with_kind(self) -> Self:
        """Refuse combinations that contradict the kind."""
        if self.kind == "cancel":
            if _differing(self).keys() - {"id", "kind"}:
                raise PydanticCustomError("cancel_takes_id_only", "kind")
        elif self.prompt is None:
            raise PydanticCustomError("prompt_missing", "prompt")
        elif self.kind == "edit" and not self.images:
            raise PydanticCustomError("images_missing", "images")
        elif self.kind == "generate" and self.images:
            raise PydanticCustomError("images_not_taken", "images")
        return self


def parse(
    data: bytes | None, attributes: Mapping[str, str], message_id: str
) -> Request:
    """Return the request in a message's data.

    Raises:
        PoisonError: it is none, and no redelivery will make it one.

    """
    if not data:
        raise PoisonError("no_data", complaint.no_data(attributes))
    tree = payload.load_object(data, DATA_MAX, "the message data")
    known = Request.model_fields.keys()
    tree = {k: v for k, v in tree.items() if v is not None or k not in known}
    tree.setdefault("id", message_id)
    try:
        return Request.model_validate_json(encode(tree))
    except ValidationError as error:
        raise complaint.poison(error, Request) from None


def later(request: Request) -> list[Problem]:
    """Return the fields whose capability this release does not have yet.

    They are refused by name: a field that is ignored makes a wrong picture.
    """
    used: dict[str, bool] = {
        "kind": request.kind == "cancel",
        "mask": request.mask is not None,
        "session": request.session is not None,
        "lane": request.lane == "batch",
        "callback": request.callback is not None,
        "routes": any(route != "native" for route in request.routes),
        "fallback_models": bool(request.fallback_models),
    }
    return [
        Problem(field, "not_yet", f"{field}: {complaint.LATER[field]}")
        for field, is_used in used.items()
        if is_used
    ]


def to_json(request: Request) -> bytes:
    """Return the request as it is stored.

    Defaults are left out: an older release that takes a job over then meets no
    field that it does not know unless the job really uses it.
    """
    tree = {"kind": request.kind} | _differing(request)
    return json.dumps(tree, ensure_ascii=False, sort_keys=True).encode()


def from_json(data: bytes) -> Request:
    """Return the request that `to_json` stored.

    Raises:
        DamagedRecordError: the bytes are not such a request.

    """
    try:
        return Request.model_validate_json(data)
    except ValidationError as error:
        kind = error.errors(include_input=False, include_url=False)[0]["type"]
        raise DamagedRecordError(
            f"a stored request.json cannot be read ({kind}); compare the release that"
            " wrote it with this one, and look at earlier generations of the object"
        ) from None


def fingerprint(request: Request) -> str:
    """Return the hash that tells the same order under one key from another order."""
    tree = _differing(request)
    del tree["id"]
    canonical = json.dumps(tree, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _differing(request: Request) -> dict[str, object]:
    """Return what differs from the defaults, in JSON's terms."""
    tree: dict[str, object] = request.model_dump(mode="json", exclude_defaults=True)
    if request.deadline is not None:  # one instant, however its offset was written
        tree["deadline"] = request.deadline.astimezone(UTC).isoformat()
    return tree
