"""Which objects may be read or written on a caller's word.

Law: only what an entry of the allow-list names, a bucket or a folder of it, and
never the state bucket, whatever the list says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", re.ASCII)
_NAME_MAX: Final = 1024  # bytes of UTF-8
_GENERATION: Final = re.compile(r"#([1-9][0-9]*)\Z", re.ASCII)
_GENERATION_MAX: Final = 2**63 - 1  # Cloud Storage answers 400 beyond
_DIGITS: Final = 19  # of that; Python refuses to read thousands


@dataclass(frozen=True, slots=True)
class Place:
    """One object's address."""

    bucket: str
    name: str
    generation: int | None = None

    @classmethod
    def parse(cls, uri: str) -> Place | None:
        """Read `gs://bucket/name` with or without `#generation`; None if it is none."""
        if not uri.startswith("gs://"):
            return None
        bucket, _, name = uri[5:].partition("/")
        pinned = _GENERATION.search(name)
        if pinned:
            name = name[: pinned.start()]
        if not _BUCKET.fullmatch(bucket) or not _sound(name):
            return None
        if pinned is None:
            return cls(bucket, name)
        if len(pinned[1]) > _DIGITS or int(pinned[1]) > _GENERATION_MAX:
            return None
        return cls(bucket, name, int(pinned[1]))


class Places:
    """An allow-list: entries are `bucket` or `bucket/folder`."""

    def __init__(self, entries: Iterable[str], *, never: Iterable[str]) -> None:
        self._entries = tuple(
            entry.removeprefix("gs://").rstrip("/") for entry in entries
        )
        self._never = frozenset(never)

    def allow(self, bucket: str, name: str) -> bool:
        """Whether the object may be touched."""
        if bucket in self._never or not _sound(name) or not _BUCKET.fullmatch(bucket):
            return False
        path = f"{bucket}/{name}"
        return any(entry and path.startswith(f"{entry}/") for entry in self._entries)


def _sound(name: str) -> bool:
    """Whether Cloud Storage takes the name, and every tool reads it as one object."""
    try:
        length = len(name.encode())
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return (
        0 < length <= _NAME_MAX
        and name.isprintable()
        and not {".", ".."} & set(name.split("/"))
        and not name.endswith("/")
    )
