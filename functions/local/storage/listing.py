"""Lists of objects: by prefix, folded at a delimiter, in pages, in name order."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from functions.local.storage.conditions import whole_number
from functions.local.storage.errors import invalid, not_built

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from functions.local.storage.index import Index
    from functions.local.storage.records import Resource, StoredObject

_PAGE: Final = 1000
_NOT_BUILT: Final = (
    "matchGlob",
    "versions",
    "softDeleted",
    "includeFoldersAsPrefixes",
    "includeTrailingDelimiter",
    "filter",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list request asks for."""

    prefix: str
    delimiter: str
    start: str
    end: str
    limit: int
    after: str  # the last entry of the page before

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> Self:
        """Read the query.

        Raises:
            ApiError: something is malformed or not built.

        """
        for name in _NOT_BUILT:
            if query.get(name) not in {None, "", "false"}:
                raise not_built(f"The list parameter {name}")
        limit = whole_number("maxResults", query.get("maxResults", str(_PAGE)))
        if not limit:
            raise invalid("maxResults must be at least 1.")
        return cls(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start=query.get("startOffset", ""),
            end=query.get("endOffset", ""),
            limit=min(limit, _PAGE),
            after=_untoken(query.get("pageToken", "")),
        )

    def folded(self, name: str) -> str | None:
        """Return the prefix that stands for a name, None if it stands for itself."""
        if not self.delimiter:
            return None
        at = name.find(self.delimiter, len(self.prefix))
        return None if at < 0 else name[: at + len(self.delimiter)]


def page(index: Index, bucket: str, wanted: Wanted, base: str) -> Resource:
    """Return one page of a bucket."""
    items: list[Resource] = []
    prefixes: list[str] = []
    shown: Resource = {"kind": "storage#objects"}
    last = ""
    for entry, stored in _entries(index, bucket, wanted):
        if len(items) + len(prefixes) >= wanted.limit:
            shown["nextPageToken"] = _token(last)
            break
        if stored is None:
            prefixes.append(entry)
        else:
            items.append(stored.resource(base))
        last = entry
    if items:
        shown["items"] = items
    if prefixes:
        shown["prefixes"] = prefixes
    return shown


def _entries(
    index: Index, bucket: str, wanted: Wanted
) -> Iterator[tuple[str, StoredObject | None]]:
    """Yield objects and prefixes after the page before, each once, in order."""
    index.bucket(bucket)
    begin = max(wanted.prefix, wanted.start, wanted.after)
    folded = wanted.folded(wanted.after) if wanted.after else None
    previous = wanted.after if folded == wanted.after else ""
    for stored in index.scan(bucket, begin):
        name = stored.name
        if not name.startswith(wanted.prefix) or (wanted.end and name >= wanted.end):
            return
        prefix = wanted.folded(name)
        if prefix is not None and prefix != previous:
            previous = prefix
            yield prefix, None
        elif prefix is None and name != wanted.after:
            yield name, stored


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _untoken(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise invalid("The pageToken is not one of ours.") from None
