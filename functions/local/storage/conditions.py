"""Preconditions: what must hold of the stored object for a request to go on.

Every one that is given must hold; a number that is no number is refused, because a
condition that is silently ignored is how two writers both win.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, Self

from functions.local.storage.errors import condition_not_met, invalid, not_modified

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Final = {
    "generation_match": "GenerationMatch",
    "generation_not_match": "GenerationNotMatch",
    "metageneration_match": "MetagenerationMatch",
    "metageneration_not_match": "MetagenerationNotMatch",
}
_HEADERS: Final = {  # the XML API's spelling
    "generation_match": "x-goog-if-generation-match",
    "metageneration_match": "x-goog-if-metageneration-match",
}


class Versioned(Protocol):
    """What conditions look at."""

    @property
    def generation(self) -> int:
        """Return the number of the content."""
        ...

    @property
    def metageneration(self) -> int:
        """Return the number of the metadata, from 1 for each content."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of one request on one object."""

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None

    @classmethod
    def of_query(cls, query: Mapping[str, str], prefix: str = "if") -> Self:
        """Read `ifGenerationMatch` and its like; `prefix` may be `ifSource`."""
        names = {key: f"{prefix}{name}" for key, name in _NAMES.items()}
        return cls._read(query, names)

    @classmethod
    def of_headers(cls, headers: Mapping[str, str]) -> Self:
        """Read the headers of the XML API."""
        return cls._read(headers, _HEADERS)

    @classmethod
    def _read(cls, source: Mapping[str, str], names: Mapping[str, str]) -> Self:
        return cls(
            **{
                key: whole_number(name, source[name])
                for key, name in names.items()
                if name in source
            }
        )

    def given(self) -> dict[str, str]:
        """Return the conditions as a query writes them; `of_query` reads them back."""
        return {
            f"if{name}": str(value)
            for key, name in _NAMES.items()
            if (value := getattr(self, key)) is not None
        }

    def check(self, stored: Versioned | None, *, reading: bool = False) -> None:
        """Raise a 412, or a 304 where a reader has the content already."""
        generation = stored.generation if stored else 0
        metageneration = stored.metageneration if stored else 0
        if self.generation_match not in {None, generation}:
            raise condition_not_met()
        if self.metageneration_match not in {None, metageneration}:
            raise condition_not_met()
        if stored is None and self.metageneration_match is not None:
            raise condition_not_met()  # an absent object has no metageneration 0
        same_content = self.generation_not_match == generation
        same_metadata = self.metageneration_not_match == metageneration
        if same_content or (stored is not None and same_metadata):
            raise not_modified() if reading else condition_not_met()


_ANY: Final = Conditions()


@dataclass(frozen=True, slots=True)
class Target:
    """The object a request means, and what must hold of it."""

    bucket: str
    name: str
    conditions: Conditions = _ANY
    generation: int | None = None  # this content and no other

    @classmethod
    def of_query(
        cls, bucket: str, name: str, query: Mapping[str, str], *, source: bool = False
    ) -> Self:
        """Read conditions and generation; `source` reads those of a copy's source."""
        conditions = Conditions.of_query(query, "ifSource" if source else "if")
        key = "sourceGeneration" if source else "generation"
        generation = whole_number(key, query[key]) if key in query else None
        return cls(bucket, name, conditions, generation)


def whole_number(name: str, text: str) -> int:
    """Return a number given in a query or header."""
    if not re.fullmatch(r"[0-9]{1,19}", text, re.ASCII):
        raise invalid(f"{name} must be a whole number, not {text[:40]!r}.")
    return int(text)
