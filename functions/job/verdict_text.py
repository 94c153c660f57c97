"""Any text turned into the JSON documents in it: the first step of a verdict.

Reads JSON, event streams, JSON glued after prose, Python's and JavaScript's
renderings, cut JSON and HTML. The law: no text raises, and the work is bounded
by a constant number of passes over it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

_PASTED_MOST: Final = 262_144  # characters searched where the text is no document
_DEPTH_MOST: Final = 64
_TRIES: Final = 24  # places in prose where a document may begin
_OPENING: Final = re.compile(r"""[\[{](?=\s*["'{\[\]}])""")
_EVENT: Final = re.compile(r"\s*(?:data:|event:|id:|retry:|:[^\n]*\n)")
_MARKUP: Final = re.compile(
    r"<(?:!doctype|html|head|body|title|\?xml)\b", re.IGNORECASE
)
_HEADLINE: Final = re.compile(
    r"<(title|h1|h2|code)\b[^<>]{0,200}>(.{1,300}?)</\1>", re.IGNORECASE | re.DOTALL
)
_TAG: Final = re.compile(r"<[^<>]{0,300}>")
_PYTHON: Final = re.compile(
    r"""'((?:[^'\\]|\\.)*)'|("(?:[^"\\]|\\.)*")|\b(True|False|None)\b"""
    r"""|<[\w.]+:\s*('[^'<>]*'|\d+)>|<[^<>'"]{0,200}>""",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(
    r"""\\U(000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4})|\\(.)|\"""", re.DOTALL
)
_WORDS: Final = {"True": "true", "False": "false", "None": "null"}
_CLOSERS: Final = {"{": "}", "[": "]"}
_JSON_NEXT: Final = frozenset(("", '"', "'", "{", "[", "\n", "\r", " "))


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """What a body holds, before anyone asks what it means."""

    documents: tuple[object, ...] = ()
    text: str = ""  # what is no JSON: prose, or a page's headline
    cut: bool = False  # a document began and did not end
    page: bool = False  # markup where JSON was expected
    stream: bool = False  # server-sent events
    done: bool = False  # the stream said that it is over


def read(body: object) -> Reading:
    """Return the documents of a body of any type."""
    if isinstance(body, bytes | bytearray | memoryview):
        body = bytes(body).decode("utf-8", "replace")
    if isinstance(body, str):
        return read_text(body)
    return Reading() if body is None else Reading((body,))


def read_text(text: str, layers: int = 3) -> Reading:
    """Return the documents in a text; a document that is a string is opened."""
    text = text.strip("\ufeff\x00 \t\r\n")
    if not text:
        return Reading()
    found, value = _parse(text)
    if found and isinstance(value, str):
        return read_text(value, layers - 1) if layers > 0 else Reading(text=value)
    if found:
        return Reading((value,))
    if _EVENT.match(text):
        return _events(text)
    begun = text[:1] in _CLOSERS
    if not begun and (markup := _MARKUP.search(text, 0, _PASTED_MOST)):
        return Reading(text=_headline(text, markup.start()), page=True)
    return _glued(text)


def _parse(text: str) -> tuple[bool, object]:
    """Return whether the text is JSON, and its value."""
    try:
        return True, json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False, None


def _headline(text: str, start: int) -> str:
    """Return what a page says in its title and headings, and what stands before it."""
    page = text[start : start + _PASTED_MOST]
    spoken = [_TAG.sub(" ", match[2]) for match in _HEADLINE.finditer(page)]
    return " ".join([text[:start][:2000].strip(), *spoken]).strip() or _TAG.sub(
        " ", page[:2000]
    )


def _events(text: str) -> Reading:
    """Return the documents of an event stream, comments dropped."""
    documents: list[object] = []
    prose: list[str] = []
    cut = done = stream = False
    for block in re.split(r"\r?\n\r?\n|\r\r", text):
        lines = block.splitlines()
        data = [line[5:].strip() for line in lines if line.startswith("data:")]
        stream = stream or bool(data)
        if not data:
            prose += [x for x in lines if not re.match(r":|event:|id:|retry:", x)]
        whole, value = _parse("\n".join(data))
        for piece in [] if whole else data:
            reading = read_text(piece) if piece != "[DONE]" else Reading(done=True)
            documents += reading.documents
            prose.append(reading.text)
            cut, done = reading.cut, done or reading.done
        if whole:
            documents.append(value)
            cut = False
    if not stream:
        return _glued("\n".join(prose))
    rest = "\n".join(prose).strip()
    return Reading(tuple(documents), rest, cut=cut, stream=True, done=done)


def _glued(text: str) -> Reading:
    """Return the documents inside prose, and the prose without them."""
    documents: list[object] = []
    prose: list[str] = []
    position, last, cut = 0, 0, False
    bounded = text[:_PASTED_MOST] if text[:1] not in _CLOSERS else text
    for _ in range(_TRIES):
        opening = _OPENING.search(bounded, position)
        if opening is None:
            break
        end, renderings = _span(bounded, opening.start())
        found, value = _lenient(renderings)
        if not found:
            position = opening.start() + 1
            continue
        documents.append(value)
        cut = cut or end is None
        prose.append(bounded[last : opening.start()])
        position = last = len(bounded) if end is None else end
    prose.append(bounded[last:])
    begun = not documents and bounded[:1] in _CLOSERS and bounded[1:2] in _JSON_NEXT
    rest = "" if begun else " ".join("".join(prose).split())
    return Reading(tuple(documents), rest, cut=cut or begun)


def _span(text: str, start: int) -> tuple[int | None, tuple[str, ...]]:
    """Return where the document at `start` ends (None: never) and its text, closed.

    A cut document is closed where it was cut, or else after its last whole member.
    """
    stack: list[str] = []
    whole, torn = (start, ""), ""
    position, size = start, len(text)
    while position < size:
        sign = text[position]
        if sign in "\"'":
            position = _string_end(text, position)
            torn = sign if position > size else ""
            continue
        if sign in _CLOSERS:
            stack.append(_CLOSERS[sign])
            whole = position + 1, "".join(reversed(stack))
        elif sign in "}]":
            if not stack or stack.pop() != sign or len(stack) > _DEPTH_MOST:
                return position + 1, ()
            if not stack:
                return position + 1, (text[start : position + 1],)
            whole = position + 1, "".join(reversed(stack))
        elif sign == ",":
            whole = position, "".join(reversed(stack))
        if len(stack) > _DEPTH_MOST:
            return None, ()
        position += 1
    closed = text[start:].rstrip("\\") + torn + "".join(reversed(stack))
    whole_members = text[start : whole[0]] + whole[1]
    # A number or a word may have been cut in its middle: only strings may be.
    return None, (closed, whole_members) if torn else (whole_members,)


def _string_end(text: str, start: int) -> int:
    """Return the position behind the string that opens at `start`.

    Beyond the text's end if it never closes.
    """
    quote, position = text[start], start + 1
    while True:
        end = text.find(quote, position)
        if end < 0:
            return len(text) + 1
        before = end - 1
        while text[before] == "\\":
            before -= 1
        if (end - before) % 2:
            return end + 1
        position = end + 1


def _lenient(renderings: tuple[str, ...]) -> tuple[bool, object]:
    """Return whether one text is JSON or Python's rendering of it, and its value."""
    for text in renderings:
        found, value = _parse(text)
        if not found and len(text) <= _PASTED_MOST:
            found, value = _parse(_PYTHON.sub(_json_token, text))
        if found:
            return True, value
    return False, None


def _json_token(match: re.Match[str]) -> str:
    single, double, word, shown = match.groups()
    if word is not None:
        return _WORDS[word]
    if single is None and double is None and shown is None:
        return "null"  # any other object that Python or a censor put in its place
    inner = single if single is not None else (double or shown).strip("'")
    if double is not None:
        inner = double[1:-1]
    return '"' + _ESCAPE.sub(_json_escape, inner) + '"'


def _json_escape(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    letter = match[2]
    if letter is None:
        return '\\"'
    if letter in 'bfnrtu"\\/':
        return match[0]
    return {"'": "'", "x": "\\u00"}.get(letter, "\\\\" + letter)
