"""What an answer of generateContent says beside its picture: words and sources.

The law: thoughts are left out, everything is bounded, and whatever the body is,
reading it raises nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXT_MOST: Final = 8_000  # characters
_SOURCES_MOST: Final = 50
_SOURCE_MOST: Final = 2_000  # characters of one address or title
_ENTRY_MOST: Final = 20_000  # characters of the HTML that Google's terms want shown


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """What stands beside the picture."""

    text: str
    grounding: dict[str, Any]


def said(body: object) -> Said:
    """Return both."""
    return Said(text(body), grounding(body))


def text(body: object) -> str:
    """Return what the model wrote in its first candidate, thoughts left out."""
    found: list[str] = []
    for part in _items(_under(_candidate(body), "content"), "parts"):
        words = part.get("text")
        cut = words in {"@picture", "@cut"}  # see ports.Answer: no words of anyone
        if isinstance(words, str) and not cut and part.get("thought") is not True:
            found.append(words)
    return "\n".join(found)[:_TEXT_MOST]


def grounding(body: object) -> dict[str, Any]:
    """Return the searches and sources behind an answer; empty where there are none.

    Google's terms require that whoever shows the picture shows `entry_point` (HTML)
    and the sources.
    """
    candidate = _candidate(body)
    meta = _under(candidate, "groundingMetadata") or _under(
        candidate, "grounding_metadata"
    )
    entry = _under(meta, "searchEntryPoint").get("renderedContent")
    found = {
        "queries": [
            *_words(meta, "webSearchQueries"),
            *_words(meta, "imageSearchQueries"),
        ],
        "sources": [
            source
            for chunk in _items(meta, "groundingChunks")[:_SOURCES_MOST]
            for source in _sources(chunk)
        ],
        "entry_point": entry[:_ENTRY_MOST] if isinstance(entry, str) else "",
    }
    return {name: value for name, value in found.items() if value}


def _sources(chunk: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for kind in ("web", "image"):
        told = {
            name: value[:_SOURCE_MOST]
            for name, value in _under(chunk, kind).items()
            if isinstance(value, str) and value
        }
        if told:
            yield {"kind": kind, **told}


def _candidate(body: object) -> Mapping[str, Any]:
    return next(iter(_items(body, "candidates")), {})


def _under(tree: object, name: str) -> Mapping[str, Any]:
    found = tree.get(name) if isinstance(tree, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _items(tree: object, name: str) -> list[Mapping[str, Any]]:
    found = tree.get(name) if isinstance(tree, Mapping) else None
    if not isinstance(found, list):
        return []
    return [item for item in found if isinstance(item, Mapping)]


def _words(tree: Mapping[str, Any], name: str) -> list[str]:
    found = tree.get(name)
    if not isinstance(found, list):
        return []
    words = [word for word in found if isinstance(word, str) and word]
    return [word[:_SOURCE_MOST] for word in words[:_SOURCES_MOST]]
