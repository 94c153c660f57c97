"""An incremental scanner of one JSON document: big strings leave it as they pass.

The law: it agrees with a JSON parser on every valid document, however that is
split; an invalid one is never an exception here, the parser of what was kept
refuses it later. Work is linear in the bytes fed, memory in what is kept.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Literal, Protocol

from functions.gemini.policy import FIRST, HEAD, LATER, LONG, Fate, Policy

if TYPE_CHECKING:
    from functions.job.ports import Failure

_STRUCTURE: Final = re.compile(rb'["{}\[\],:]')
# Counted, because the engine remembers each round of an uncounted repeat.
_ESCAPED: Final = re.compile(
    rb'[^"\\]*(?:\\(?:[^u]|u[0-9a-fA-F]{4})[^"\\]*){0,500}', re.DOTALL
)
_SPLIT: Final = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_ESCAPE: Final = 6  # characters of the longest escape, \u0000
_BACKSLASH: Final = 0x5C
_QUOTE, _COLON, _COMMA = b'":,'
_OPENING: Final = {b"{"[0]: True, b"["[0]: False}
_CLOSING: Final = {b"}"[0]: True, b"]"[0]: False}

_Mode = Literal["outside", "key", "undecided", "keep", "cut", "picture"]


class Pictures(Protocol):
    """Where the pictures of a document go, as raw insides of JSON strings."""

    def begin(self) -> None:
        """Start a picture."""
        ...

    def write(self, piece: memoryview) -> None:
        """Take the next characters; no escape is ever split between two pieces."""
        ...

    def close(self) -> None:
        """Note that the last character came."""
        ...

    def end(self, *, thought: bool) -> None:
        """Note that the part around the picture is closed, with its flag."""
        ...


class _Frame:
    """One object or list that is open."""

    __slots__ = ("expects_key", "is_object", "thought", "value_at")

    def __init__(self, *, is_object: bool) -> None:
        self.is_object = is_object
        self.expects_key = is_object
        self.thought = False
        self.value_at = 0  # where the literal of the current value begins


class Scanner:
    """Takes one document in pieces of any size."""

    def __init__(self, policy: Policy, pictures: Pictures, *, depth: int) -> None:
        self.kept = bytearray()  # the document without what left it
        self.broken = False  # it is no JSON; nothing after this point was looked at
        self.failure: Failure | None = None
        self._policy = policy
        self._pictures = pictures
        self._depth = depth
        self._frames: list[_Frame] = []
        self._path: list[bytes] = []
        self._mode: _Mode = "outside"
        self._began = False
        self._tail = b""  # an escape that the last piece split
        self._string_at = 0
        self._limit = LONG
        self._owner: _Frame | None = None  # part of the picture that came last
        self._spare = False  # whether that picture is a spare one
        self._settled = False  # a picture came that is neither spare nor a thought

    @property
    def whole(self) -> bool:
        """Return whether exactly one document came, from brace to brace."""
        return self._began and not self._frames and not self.broken

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if self._tail:
            chunk = self._tail + chunk
            self._tail = b""
        at, end = 0, len(chunk)
        while at < end:
            if self.broken:
                self.kept += chunk[at:]
                return
            if self._mode == "outside":
                at = self._outside(chunk, at)
            else:
                at = self._inside(chunk, at)

    def _outside(self, chunk: bytes, at: int) -> int:
        found = _STRUCTURE.search(chunk, at)
        if found is None:
            self.kept += chunk[at:]
            return len(chunk)
        until = found.end()
        self.kept += chunk[at:until]
        token = chunk[until - 1]
        if not self._frames and (self._began or token not in _OPENING):
            self.broken = True  # no document, or something behind it
        elif token == _QUOTE:
            self._open_string()
        elif token in _OPENING:
            self._push(is_object=_OPENING[token])
        else:
            self._punctuate(token)
        return until

    def _push(self, *, is_object: bool) -> None:
        self._began = True
        if len(self._frames) >= self._depth:
            self.failure = "too_large"
            self.broken = True
            return
        self._frames.append(_Frame(is_object=is_object))
        self._path.append(FIRST)

    def _punctuate(self, token: int) -> None:
        frame = self._frames[-1]
        if token == _COLON:
            frame.expects_key = False
            frame.value_at = len(self.kept)
            return
        if self._path[-1] == b"thought" and frame.is_object:
            frame.thought = self.kept[frame.value_at : -1].strip() == b"true"
            self._path[-1] = b""
        if token == _COMMA:
            frame.expects_key = frame.is_object
            if not frame.is_object:
                self._path[-1] = LATER
        elif _CLOSING[token] == frame.is_object:
            self._pop(frame)
        else:
            self.broken = True

    def _pop(self, frame: _Frame) -> None:
        self._frames.pop()
        self._path.pop()
        if frame is self._owner:
            self._end_picture()

    def _end_picture(self) -> None:
        if self._owner is not None:
            self._pictures.end(thought=self._owner.thought)
            self._settled |= not (self._spare or self._owner.thought)
            self._owner = None

    def _open_string(self) -> None:
        self._string_at = len(self.kept)
        self._mode = "key" if self._frames[-1].expects_key else "undecided"

    def _inside(self, chunk: bytes, at: int) -> int:
        stop, closed = self._string_end(chunk, at)
        if self._mode == "picture":
            self._pictures.write(memoryview(chunk)[at:stop])
        elif self._mode != "cut":
            self.kept += memoryview(chunk)[at:stop]
            self._weigh(closed=closed)
        if not closed:
            return len(chunk)
        self._close_string()
        return stop + 1

    def _string_end(self, chunk: bytes, at: int) -> tuple[int, bool]:
        """Return where this string ends in `chunk`, and whether it ends there.

        `at` never stands inside an escape, so only a quote right behind a
        backslash, or a backslash among the last characters, needs a closer look.
        """
        quote = chunk.find(b'"', at)
        if quote == at or (quote > at and chunk[quote - 1] != _BACKSLASH):
            return quote, True
        end = len(chunk)
        if quote < 0 and chunk.rfind(b"\\", max(at, end - _ESCAPE + 1)) < 0:
            return end, False
        return self._escaped_end(chunk, at)

    def _escaped_end(self, chunk: bytes, at: int) -> tuple[int, bool]:
        end = len(chunk)
        while True:
            until = _past_escapes(chunk, at)
            if until > at:
                at = until
            elif at == end or chunk[at] == _QUOTE:
                return at, at < end
            elif _SPLIT.match(chunk, at):
                self._tail = chunk[at:]
                return at, False
            else:
                at += 2  # not an escape of JSON: the parser will refuse it

    def _weigh(self, *, closed: bool) -> None:
        """Decide about a string once enough of it came, and cut one too long."""
        size = len(self.kept) - self._string_at
        if self._mode == "undecided" and (closed or size > HEAD):
            start = self._string_at
            head = bytes(self.kept[start : start + HEAD])
            fate = self._policy(self._path, head)
            if fate.kind == "picture":
                self._begin_picture(fate, closed=closed)
                return
            self._limit = fate.limit if fate.kind == "keep" else -1
            self._mode = "keep"
        if self._mode == "keep" and size > self._limit:
            self._replace(b"@cut")
            self._mode = "cut"

    def _begin_picture(self, fate: Fate, *, closed: bool) -> None:
        start = bytes(self.kept[self._string_at + fate.skip :])
        if closed and not start:
            self._mode = "keep"  # an empty string is no picture
            return
        taken = self._settled or (self._owner is not None and not self._spare)
        if fate.spare and taken:
            self._replace(b"@cut")
            self._mode = "cut"
            return
        self._end_picture()  # two in one part: the flag seen so far has to do
        self._spare = fate.spare
        self._owner = self._frames[max(0, len(self._frames) - 1 - fate.up)]
        self._replace(b"@picture")
        self._mode = "picture"
        self._pictures.begin()
        self._pictures.write(memoryview(start))

    def _replace(self, word: bytes) -> None:
        del self.kept[self._string_at :]
        self.kept += word

    def _close_string(self) -> None:
        if self._mode == "picture":
            self._pictures.close()
        elif self._mode == "key":
            self._path[-1] = _plain(bytes(self.kept[self._string_at :]))
        self.kept += b'"'
        self._mode = "outside"


def _plain(key: bytes) -> bytes:
    """Return a key without its escapes."""
    if b"\\" not in key:
        return key
    try:
        text: str = json.loads(b'"%b"' % key, strict=False)
        return text.encode("utf-8", "surrogatepass")
    except ValueError:
        return key


def _past_escapes(chunk: bytes, at: int) -> int:
    found = _ESCAPED.match(chunk, at)
    return found.end() if found else at
