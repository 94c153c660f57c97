"""Laws of files: known by numbers, shared at no cost, swept when nobody knows them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from functions.local.storage.blobs import Blobs, Incoming, join

if TYPE_CHECKING:
    from pathlib import Path


def _write(blobs: Blobs, data: bytes) -> Incoming:
    incoming = blobs.new()
    with incoming.appending() as write:
        write(data)
    return incoming


def _read(blobs: Blobs, number: int) -> bytes:
    with blobs.open(number) as file:
        return file.read()


def test_sums_are_those_of_published_vectors(tmp_path: Path) -> None:
    """CRC32C and MD5 of the standard check string."""
    sums = _write(Blobs(tmp_path), b"123456789").sums
    assert base64.b64decode(sums.crc32c).hex() == "e3069283"
    assert base64.b64decode(sums.md5).hex() == "25f9e794323b453885f5181f1b624d0b"


def test_a_file_goes_on_after_a_restart(tmp_path: Path) -> None:
    """What was written by one process is summed and continued by the next."""
    number = _write(Blobs(tmp_path), b"1234").number
    again = Blobs(tmp_path).resume(number)
    with again.appending() as write:
        write(b"56789")
    assert base64.b64decode(again.sums.crc32c).hex() == "e3069283"
    assert again.sums.size == 9


def test_numbers_in_use_are_not_given_again(tmp_path: Path) -> None:
    """A new process never writes into a file that is there."""
    first = _write(Blobs(tmp_path), b"1").number
    assert _write(Blobs(tmp_path), b"2").number > first


def test_a_shared_file_outlives_the_other_name(tmp_path: Path) -> None:
    """A copy stays when the original is removed."""
    blobs = Blobs(tmp_path)
    number = _write(blobs, b"abc").number
    other = blobs.share(number)
    blobs.remove(number)
    blobs.remove(number)  # harmless
    assert _read(blobs, other) == b"abc"


def test_join_is_in_order_and_closes(tmp_path: Path) -> None:
    """The parts come one after the other, and their files are closed."""
    blobs = Blobs(tmp_path)
    parts = [blobs.open(_write(blobs, data).number) for data in (b"a", b"", b"c")]
    whole = blobs.new()
    join(parts, whole)
    assert _read(blobs, whole.number) == b"ac"
    assert all(part.closed for part in parts)


def test_sweep_removes_what_nobody_knows(tmp_path: Path) -> None:
    """Only numbered files that are unknown go."""
    blobs = Blobs(tmp_path)
    kept, gone = _write(blobs, b"1").number, _write(blobs, b"2").number
    (tmp_path / "note.txt").write_text("not ours")
    blobs.sweep({kept})
    assert {path.name for path in tmp_path.iterdir()} == {str(kept), "note.txt"}
    assert gone != kept
