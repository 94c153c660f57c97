"""The canary: marks on all that is secret, and a scan of all that is written.

Every prompt, key, reference, signed address and picture of the whole suite carries a
mark that is the same for the session; whatever the system writes passes `Book.scan`.
The law: a mark is found in whatever dress it leaves, and only where it must be.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
import secrets
import struct
import threading
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Letters and digits only: no encoder of JSON or addresses changes them.
_SESSION: Final = secrets.token_hex(6)
MARKS: Final = {
    name: f"CanaryBird{name.title()}{_SESSION}Sang"
    for name in ("prompt", "key", "picture", "query")
}
PROMPT, KEY, PICTURE, QUERY = MARKS.values()

PROMPT_ROOM: Final = 31_000  # characters; the marks fit beside them
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD: Final = 8 + 25  # signature and IHDR
_JPEG: Final = b"\xff\xd8"
_APP: Final = 0xE0  # the markers of applications, before all others
# A picture, a signature or a token without our mark: nothing we write is so long.
_RUN: Final = re.compile(rb"[A-Za-z0-9+/_-]{400,}={0,2}")
_MIXED: Final = 24  # different letters; a name of a thousand x is none
RUN: Final = "a long run of base64"


def forms(mark: str) -> Iterator[tuple[str, bytes]]:
    """Yield every dress of a mark; those of no case are in lower case."""
    raw = mark.encode()
    yield "plain", raw.lower()
    yield "hex", raw.hex().encode()
    yield "percent", "".join(f"%{byte:02x}" for byte in raw).encode()
    yield "escaped", "".join(f"\\u{byte:04x}" for byte in raw).encode()
    for shift in range(3):  # where the mark begins within a group of three
        whole = base64.b64encode(bytes(shift) + raw)
        inner = whole[-(-shift * 4 // 3) : (shift + len(raw)) * 4 // 3]
        yield f"base64+{shift}", inner
        yield f"urlsafe+{shift}", inner.translate(bytes.maketrans(b"+/", b"-_"))


_FORMS: Final = {mark: tuple(forms(text)) for mark, text in MARKS.items()}


@dataclass(frozen=True, slots=True)
class Finding:
    """One secret where none may be."""

    channel: str
    where: str
    line: int
    mark: str
    form: str

    @override
    def __str__(self) -> str:
        return (
            f"{self.channel}: {self.where}, line {self.line}:"
            f" the marked {self.mark} ({self.form})"
        )


@dataclass(slots=True)
class Book:
    """What was looked at and what was found; thread-safe."""

    findings: list[Finding] = field(default_factory=list)
    scanned: Counter[str] = field(default_factory=Counter)
    allowed: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def scan(
        self, channel: str, where: str, said: object, *, may: tuple[str, ...] = ()
    ) -> None:
        """Look for every mark in `said`; `may` names those that belong there."""
        data = _bytes(said)
        found = list(marks_in(data))
        with self._lock:
            self.scanned[channel] += 1
            for mark, form, at in found:
                if mark in may:
                    self.allowed[channel, mark] += 1
                    continue
                line = data.count(b"\n", 0, at) + 1
                self.findings.append(Finding(channel, where, line, mark, form))

    def report(self) -> str:
        """Return what a person has to know."""
        seen = ", ".join(f"{n:,} of {what}" for what, n in sorted(self.scanned.items()))
        distinct = list(dict.fromkeys(str(finding) for finding in self.findings))
        lines = [f"looked at {seen or 'nothing'}; found {len(distinct)}"]
        return "\n  ".join([*lines, *distinct[:40]])


def marks_in(data: bytes) -> Iterator[tuple[str, str, int]]:
    """Yield mark, form and place of each mark in the bytes, once a mark."""
    lower = data.lower()
    for mark, dresses in _FORMS.items():
        for form, dress in dresses:
            at = (data if form[-2:-1] == "+" else lower).find(dress)
            if at >= 0:
                yield mark, form, at
                break
    for run in _RUN.finditer(data):
        if len(set(run[0])) >= _MIXED:
            yield RUN, "unmarked", run.start()
            break


def _bytes(said: object) -> bytes:
    if isinstance(said, bytes):
        return said
    if isinstance(said, str):
        return said.encode("utf-8", "surrogatepass")
    return json.dumps(said, default=str, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


class _Watch:
    """The book in which everything that is written is looked up."""

    def __init__(self) -> None:
        self.book = Book()

    @contextlib.contextmanager
    def apart(self) -> Iterator[Book]:
        """Use another book for a while: what is planted must not fail the run."""
        kept, self.book = self.book, Book()
        try:
            yield self.book
        finally:
            self.book = kept


WATCH: Final = _Watch()


def scan(channel: str, where: str, said: object, *, may: tuple[str, ...] = ()) -> None:
    """Look `said` up in the book in use."""
    WATCH.book.scan(channel, where, said, may=may)


def marked_picture(data: bytes) -> bytes:
    """Return the picture with the mark near its beginning."""
    if data.startswith(_PNG):
        body = b"tEXtComment\0" + PICTURE.encode()
        check = struct.pack(">I", zlib.crc32(body))
        chunk = struct.pack(">I", len(body) - 4) + body + check
        return data[:_PNG_HEAD] + chunk + data[_PNG_HEAD:]
    if data.startswith(_JPEG):
        at = len(_JPEG)
        while data[at] == 0xFF and data[at + 1] & 0xF0 == _APP:
            at += 2 + struct.unpack_from(">H", data, at + 2)[0]
        said = PICTURE.encode()
        comment = b"\xff\xfe" + struct.pack(">H", len(said) + 2) + said
        return data[:at] + comment + data[at:]
    return data


def marked_uri(uri: object) -> object:
    """Return the address of a reference with a marked picture or query."""
    if not isinstance(uri, str):
        return uri
    if uri.startswith("https://"):
        return f"{uri}{'&' if '?' in uri else '?'}sig={QUERY}"
    head, comma, text = uri.partition(";base64,")
    if not uri.startswith("data:image/") or not comma:
        return uri
    try:
        picture = marked_picture(base64.b64decode(text, validate=True))
    except binascii.Error:
        return uri
    return f"{head}{comma}{base64.b64encode(picture).decode()}"


def marked_prompt(prompt: object) -> object:
    """Return the prompt between two marks, so that no cut hides both."""
    if not isinstance(prompt, str) or not prompt.strip() or len(prompt) > PROMPT_ROOM:
        return prompt
    return f"{PROMPT} {prompt} {PROMPT}"


def marked(order: Mapping[str, Any] | bytes) -> Mapping[str, Any] | bytes:
    """Return the order with everything secret in it marked, the same each time."""
    if isinstance(order, bytes):
        return _marked_bytes(order)
    found = dict(order)
    if "prompt" in found:
        found["prompt"] = marked_prompt(found["prompt"])
    if isinstance(found.get("images"), list | tuple):
        found["images"] = [
            {**image, "uri": marked_uri(image["uri"])}
            if isinstance(image, dict) and "uri" in image
            else image
            for image in found["images"]
        ]
    return found


def _marked_bytes(order: bytes) -> bytes:
    """Mark the prompt where it stands: a broken body stays as broken as it is."""
    try:
        tree = json.loads(order)
    except (ValueError, RecursionError):
        return order
    prompt = tree.get("prompt") if isinstance(tree, dict) else None
    plain = json.dumps(prompt).encode()
    if not isinstance(prompt, str) or order.count(plain) != 1:
        return order
    return order.replace(plain, json.dumps(marked_prompt(prompt)).encode())
