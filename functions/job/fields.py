"""The pieces of a request: words, checked strings, addresses.

The law: strict types, closed sets, bounded lengths; each refusal has a stable word
that `complaint` turns into a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)
from pydantic_core import PydanticCustomError

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
_PATH_MAX: Final = 480  # bytes; prefix and name together stay below the bucket's 1024
# Pydantic alone would also read a bare number of seconds as a time; years beyond
# these overflow when the offset is taken off.
_RFC3339: Final = re.compile(
    r"2\d{3}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_NAME_BREAKERS: Final = frozenset("#*?[]")  # wildcards and generations of the tools


def _printable(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise PydanticCustomError("not_printable", "not printable")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "blank")
    return text


def _time(value: object) -> object:
    if not isinstance(value, str):
        return value
    if _RFC3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass  # the 31st of November: refused below like every other
    raise PydanticCustomError("bad_time", "not a time")


def _in_order(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


def _object_path(path: str) -> str:
    steps = path.removesuffix("/").split("/")
    if (
        not path.isprintable()
        or len(path.encode()) > _PATH_MAX
        or _NAME_BREAKERS & set(path)
        or (path and {"", ".", "..", ".well-known"} & set(steps))
    ):
        raise PydanticCustomError("bad_name", "not a name")
    return path


def _leaf(name: str) -> str:
    if not name.strip() or "/" in name:
        raise PydanticCustomError("bad_name", "not a name")
    return _object_path(name)


Text = Annotated[
    str, Field(min_length=1, max_length=PROMPT_MAX), AfterValidator(_not_blank)
]
Short = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_printable)]
Address = Annotated[str, Field(min_length=1), AfterValidator(_printable)]
LabelKey = Annotated[
    str, Field(min_length=1, max_length=63), AfterValidator(_printable)
]
Label = Annotated[str, Field(max_length=256)]
Labels = Annotated[Mapping[LabelKey, Label], Field(max_length=64)]
Safety = Mapping[Category, Threshold]
Deadline = Annotated[AwareDatetime, BeforeValidator(_time)]
Searches = Annotated[tuple[Literal["web", "image"], ...], AfterValidator(_in_order)]
Allowed = Annotated[
    tuple[Literal["normalise", "drop_extras"], ...], AfterValidator(_in_order)
]


class Part(BaseModel):
    """What every piece of a request has in common."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True
    )

    # typing.override needs Python 3.12.
    def __repr__(self) -> str:  # type: ignore[explicit-override]
        """Name the fields that were given: a log or traceback shows no prompt."""
        return f"<{type(self).__name__} of {', '.join(sorted(self.model_fields_set))}>"

    __str__ = __repr__


class ImageRef(Part):
    """A reference picture by address; who opens it checks scheme and permission."""

    uri: Address
    mime_type: Short | None = None


class Mask(Part):
    """Where a mask lies."""

    uri: Address


class Destination(Part):
    """Where a copy of the finished picture goes, under a name that people chose."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$")]
    prefix: Annotated[str, AfterValidator(_object_path)] = ""
    name: Annotated[str, AfterValidator(_leaf)] | None = None
