"""The request: the one model for Pub/Sub data, API body, manifest row and command.

The law: what cannot be understood in full is not understood at all. Nothing is
coerced, ignored or guessed, and no error text repeats what the caller sent.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from functions.job.errors import DamagedRecordError

Kind = Literal["generate", "edit", "cancel"]
Category = Literal[
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
    "HARM_CATEGORY_CIVIC_INTEGRITY",
    "HARM_CATEGORY_JAILBREAK",
    "HARM_CATEGORY_IMAGE_HATE",
    "HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT",
    "HARM_CATEGORY_IMAGE_HARASSMENT",
    "HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT",
]
Threshold = Literal[
    "BLOCK_LOW_AND_ABOVE",
    "BLOCK_MEDIUM_AND_ABOVE",
    "BLOCK_ONLY_HIGH",
    "BLOCK_NONE",
    "OFF",
]

PROMPT_MAX: Final = 32_000  # characters
# Pydantic alone would also read a bare number of seconds as a time; years beyond
# these overflow when the offset is taken off.
_RFC3339: Final = re.compile(
    r"2\d{3}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_NAME_BREAKERS: Final = frozenset("#*?[]")  # wildcards and generations of the tools


def _printable(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise PydanticCustomError("not_printable", "must be printable, not blank")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "must not be blank")
    return text


def _written_time(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        if _RFC3339.fullmatch(value):
            return datetime.fromisoformat(value.upper())
    except ValueError:
        pass
    raise PydanticCustomError("bad_time", "a time")


def _in_order(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


def _object_path(path: str) -> str:
    if not path.isprintable() or _NAME_BREAKERS & set(path):
        raise PydanticCustomError(
            "bad_name", "must be printable and hold none of # * ? [ ]"
        )
    segments = path.removesuffix("/").split("/")
    if path and any(segment in {"", ".", ".."} for segment in segments):
        raise PydanticCustomError(
            "bad_name", 'must hold no empty, "." or ".." step and not begin with "/"'
        )
    return path


Short = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_printable)]
Key = Annotated[str, Field(min_length=1, max_length=63), AfterValidator(_printable)]


class _Part(BaseModel):
    """What every piece of a request has in common."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True
    )


class ImageRef(_Part):
    """A reference picture by address; who opens it checks scheme and permission."""

    uri: Annotated[str, Field(min_length=1), AfterValidator(_printable)]
    mime_type: Short | None = None


class Mask(_Part):
    """Where a mask lies."""

    uri: Annotated[str, Field(min_length=1), AfterValidator(_printable)]


class Destination(_Part):
    """Where a copy of the finished picture goes, under a name that people chose."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$")]
    prefix: Annotated[str, Field(max_length=512), AfterValidator(_object_path)] = ""
    name: (
        Annotated[
            str,
            Field(min_length=1, max_length=200, pattern=r"^[^/]+$"),
            AfterValidator(_object_path),
        ]
        | None
    ) = None


class Request(_Part):
    """One order. Absent and default are the same thing; so are absent and null."""

    id: Short  # the key; from the Pub/Sub message id where the caller sent none
    kind: Kind = "generate"
    prompt: (
        Annotated[
            str,
            Field(min_length=1, max_length=PROMPT_MAX),
            AfterValidator(_not_blank),
        ]
        | None
    ) = None
    model: Short | None = None  # id or alias; None: the default of the settings
    aspect_ratio: Short | None = None  # checked against the model's catalogue entry
    image_size: Short | None = None  # the same
    images: Annotated[tuple[ImageRef, ...], Field(max_length=64)] = ()
    mask: Mask | None = None
    session: Short | None = None
    routes: Annotated[tuple[Short, ...], Field(max_length=8)] = ()
    fallback_models: Annotated[tuple[Short, ...], Field(max_length=8)] = ()
    thinking: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None
    search: Annotated[
        tuple[Literal["web", "image"], ...], AfterValidator(_in_order)
    ] = ()
    seed: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] | None = None
    safety: Mapping[Category, Threshold] = Field(default_factory=dict)
    include_text: bool = False
    drafts: bool = False
    allow: Annotated[
        tuple[Literal["normalise", "drop_extras"], ...], AfterValidator(_in_order)
    ] = ("normalise",)
    on_mismatch: Literal["flag", "retry", "fail"] = "flag"
    on_unknown: Literal["repeat", "hold", "fail"] = "repeat"
    max_paid_calls: Annotated[int, Field(ge=1, le=10)] = 2
    max_attempts: Annotated[int, Field(ge=1, le=50)] = 6
    lane: Literal["now", "batch"] = "now"
    deadline: Annotated[AwareDatetime, BeforeValidator(_written_time)] | None = None
    destination: Destination | None = None
    callback: (
        Annotated[str, Field(min_length=1, max_length=2048), AfterValidator(_printable)]
        | None
    ) = None
    tenant: Short | None = None
    labels: Annotated[
        Mapping[Key, Annotated[str, Field(max_length=256)]], Field(max_length=64)
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse combinations that contradict the kind."""
        if self.kind == "cancel":
            if set(_differing(self)) - {"id", "kind"}:
                raise PydanticCustomError("cancel_takes_id_only", "cancel")
        elif self.prompt is None:
            raise PydanticCustomError("prompt_missing", "prompt")
        elif self.kind == "edit" and not self.images:
            raise PydanticCustomError("images_missing", "images")
        elif self.kind == "generate" and self.images:
            raise PydanticCustomError("images_not_taken", "images")
        return self


def _differing(request: Request) -> dict[str, object]:
    """Return what differs from the defaults, in JSON's terms."""
    tree: dict[str, object] = request.model_dump(mode="json", exclude_defaults=True)
    if request.deadline is not None:  # one instant, however its offset was written
        tree["deadline"] = request.deadline.astimezone(UTC).isoformat()
    return tree


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
        first = error.errors(include_input=False, include_url=False)[0]
        raise DamagedRecordError(
            f"a stored request.json cannot be read ({first['type']}); compare the"
            " release that wrote it with this one, and look at the object's versions"
        ) from None


def fingerprint(request: Request) -> str:
    """Return the hash that tells the same order under one key from another order."""
    tree = _differing(request)
    del tree["id"]
    canonical = json.dumps(tree, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
