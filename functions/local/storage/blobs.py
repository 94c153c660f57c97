"""The bytes of objects, as files that are known by a number.

Names of buckets and objects never become paths. A file that the index does not
name is garbage of an upload that ended early; `sweep` removes it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import google_crc32c

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence
    from pathlib import Path

_checksum: Any = google_crc32c.Checksum
CHUNK: Final = 1 << 18  # bytes read from a file at once


class Sums:
    """The checksums of a stream, as Cloud Storage writes them."""

    def __init__(self) -> None:
        # Any: the package has no types.
        self._crc32c: Any = _checksum()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        self._crc32c.update(data)
        self._md5.update(data)
        self.size += len(data)

    @property
    def crc32c(self) -> str:
        """Return the CRC32C, big-endian, in base64."""
        return base64.b64encode(self._crc32c.digest()).decode()

    @property
    def md5(self) -> str:
        """Return the MD5 in base64."""
        return base64.b64encode(self._md5.digest()).decode()


class Incoming:
    """A file on its way to become an object."""

    def __init__(self, path: Path, number: int) -> None:
        self._path = path
        self.number = number
        self.sums = Sums()

    @contextlib.contextmanager
    def appending(self) -> Iterator[Callable[[bytes], None]]:
        """Open the file and give what appends to it.

        Unbuffered: a killed process loses nothing that it acknowledged.
        """
        with self._path.open("ab", buffering=0) as file:

            def write(data: bytes) -> None:
                file.write(data)
                self.sums.update(data)

            yield write

    def recall(self) -> None:
        """Compute the checksums of what an earlier process left in the file."""
        self.sums = Sums()
        with self._path.open("rb") as file:
            while data := file.read(CHUNK):
                self.sums.update(data)

    def discard(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)


class Blobs:
    """The files of one emulator."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count(max(self._stored(), default=0) + 1)

    def _stored(self) -> Iterable[int]:
        return (int(path.name) for path in self._root.iterdir() if path.name.isdigit())

    def _path(self, number: int) -> Path:
        return self._root / str(number)

    def new(self) -> Incoming:
        """Return an empty file, which appears when it is opened."""
        number = next(self._numbers)
        return Incoming(self._path(number), number)

    def resume(self, number: int) -> Incoming:
        """Return a file that another process began."""
        incoming = Incoming(self._path(number), number)
        incoming.recall()
        return incoming

    def open(self, number: int) -> BinaryIO:
        """Open a whole file for reading; it stays readable when removed."""
        return self._path(number).open("rb")

    def share(self, number: int) -> int:
        """Return another number for the same bytes, at no cost."""
        other = next(self._numbers)
        self._path(other).hardlink_to(self._path(number))
        return other

    def remove(self, number: int) -> None:
        """Remove a file; harmless when it is gone."""
        self._path(number).unlink(missing_ok=True)

    def sweep(self, known: Container[int]) -> None:
        """Remove every file that is not known."""
        for number in list(self._stored()):
            if number not in known:
                self.remove(number)


def join(parts: Sequence[BinaryIO], incoming: Incoming) -> None:
    """Write the parts one after the other and close them."""
    with contextlib.ExitStack() as opened, incoming.appending() as write:
        for part in parts:
            opened.callback(part.close)
        for part in parts:
            while data := part.read(CHUNK):
                write(data)
