from __future__ import annotations

import struct
import threading
import zlib
from typing import TYPE_CHECKING, Final

import pytest

from functions.cloud.album import Albums
from functions.cloud.windows import GRAIN, Windows
from functions.image.sniff import PictureSniffer
from functions.job.errors import FencedError, NeighbourUnavailableError
from functions.local.faults import Rule
from tests.cloud.conftest import BUCKET, noise

if TYPE_CHECKING:
    from functions.job.ports import Album
    from tests.cloud.conftest import Stand

PREFIX: Final = "hash/a1-1/"


def png(width: int, size: int) -> bytes:
    """Return something that starts like a PNG and is `size` bytes long."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, 7, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header
    start += struct.pack(">I", zlib.crc32(header))
    start += struct.pack(">I", size) + b"IDAT"
    return start + noise(size - len(start))


def album(stand: Stand, *, drafts: bool = False) -> Album:
    albums = Albums(stand.media, BUCKET, PictureSniffer, Windows(size=GRAIN))
    return albums(PREFIX, drafts=drafts)


def add(to: Album, data: bytes, *, thought: bool = False) -> None:
    to.begin()
    for at in range(0, len(data), 40_000):
        to.write(data[at : at + 40_000])
    to.end(thought=thought)


SMALL: Final = png(11, 5_000)
LARGE: Final = png(22, 3 * GRAIN + 5)
OTHER: Final = png(33, 2 * GRAIN)


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_one_picture_is_kept_with_its_facts(stand: Stand, data: bytes) -> None:
    """What the bytes and the bucket say ends up in the record, and nothing guessed."""
    made = album(stand)
    add(made, data)
    assert stand.names() == []  # nothing is visible before keep
    (facts,) = made.pictures()
    (stored,) = made.keep()
    found = stand.describe(f"{PREFIX}0")
    assert stored.uri == f"gs://{BUCKET}/{PREFIX}0"
    assert found["contentType"] == stored.content_type == "image/png"
    assert (stored.width, stored.height) == (facts.width, facts.height)
    assert stored.size == len(data)
    assert (stored.generation, stored.crc32c) == (
        int(found["generation"]),
        found["crc32c"],
    )
    assert not stored.draft
    assert stand.read(f"{PREFIX}0") == data


@pytest.mark.parametrize("drafts", [False, True])
@pytest.mark.parametrize("first", [SMALL, LARGE], ids=["small", "large"])
def test_the_last_that_is_no_thought_is_the_result(
    stand: Stand, first: bytes, *, drafts: bool
) -> None:
    """Thoughts never appear; earlier pictures only as drafts, where asked for."""
    made = album(stand, drafts=drafts)
    add(made, png(1, 2 * GRAIN), thought=True)
    add(made, first)
    add(made, OTHER)
    add(made, png(2, GRAIN + 3), thought=True)
    stored = made.keep()
    expected = [(f"{PREFIX}2", OTHER, False)]
    if drafts:
        expected.insert(0, (f"{PREFIX}1", first, True))
    assert [(s.uri, s.draft) for s in stored] == [
        (f"gs://{BUCKET}/{name}", draft) for name, _, draft in expected
    ]
    assert stand.names() == [name for name, _, _ in expected]
    assert all(stand.read(name) == data for name, data, _ in expected)
    begun = 3 + (first is LARGE or drafts)  # small ones begin when they are kept
    assert stand.app.calls["DELETE upload"] == begun - len(expected)


def test_one_window_serves_all_pictures(stand: Stand) -> None:
    """Drafts cost a tail each, not a window each."""
    out: list[int] = []

    class Counted(Windows):
        def take(self) -> bytearray:  # type: ignore[explicit-override]  # a double
            out.append(1)
            assert sum(out) == 1
            return super().take()

        def give(self, window: bytearray) -> None:  # type: ignore[explicit-override]
            out.append(-1)
            super().give(window)

    made = Albums(stand.media, BUCKET, PictureSniffer, Counted(size=GRAIN))(
        PREFIX, drafts=True
    )
    for data in (LARGE, SMALL, OTHER):
        add(made, data)
    assert len(made.keep()) == 3
    assert sum(out) == 0


def test_no_window_is_held_before_the_first_bytes(stand: Stand) -> None:
    """A call that waits for the model costs no window."""

    class Refusing(Windows):
        def take(self) -> bytearray:  # type: ignore[explicit-override]  # a double
            raise AssertionError("taken too early")

    made = Albums(stand.media, BUCKET, PictureSniffer, Refusing())(PREFIX, drafts=False)
    made.begin()
    made.end(thought=False)


def test_dropping_leaves_nothing_and_may_be_repeated(stand: Stand) -> None:
    """Begun, ended or mid-way: no object, and no session that could become one."""
    made = album(stand, drafts=True)
    made.drop()
    add(made, LARGE)
    made.begin()
    made.write(OTHER)
    made.drop()
    made.drop()
    assert stand.names() == []
    assert stand.app.calls["DELETE upload"] == 2
    assert made.pictures() == ()
    assert made.keep() == ()


def test_dropping_after_keeping_is_harmless(stand: Stand) -> None:
    """The walk drops in its `finally`, whatever happened."""
    made = album(stand)
    add(made, LARGE)
    stored = made.keep()
    made.drop()
    assert made.keep() == stored
    assert stand.read(f"{PREFIX}0") == LARGE


def gone(stand: Stand, nth: int = 1) -> None:
    stand.fault(Rule("PUT /upload/storage", "status", nth=nth, times=10_000))


def nothing_left(stand: Stand, made: Album) -> bool:
    stand.faults.clear()
    return made.pictures() == () and made.keep() == () and stand.names() == []


def test_a_bucket_that_fails_while_bytes_come_cancels_everything(
    stand: Stand,
) -> None:
    """The error surfaces from write, has a name, and leaves nothing."""
    made = album(stand, drafts=True)
    add(made, SMALL)
    made.begin()
    gone(stand)
    with pytest.raises(NeighbourUnavailableError):
        made.write(LARGE)
    assert nothing_left(stand, made)


def test_a_bucket_that_fails_between_pictures_cancels_everything(
    stand: Stand,
) -> None:
    """The first picture is put aside when the second begins; that may fail too."""
    windows = Windows(size=2 * GRAIN)
    made = Albums(stand.media, BUCKET, PictureSniffer, windows)(PREFIX, drafts=True)
    add(made, OTHER)
    gone(stand)
    with pytest.raises(NeighbourUnavailableError):
        made.begin()
    assert nothing_left(stand, made)


def test_a_bucket_that_fails_at_the_end_cancels_everything(stand: Stand) -> None:
    """A draft that was visible already goes again."""
    made = album(stand, drafts=True)
    add(made, SMALL)
    add(made, LARGE)
    gone(stand, nth=2)
    with pytest.raises(NeighbourUnavailableError):
        made.keep()
    assert stand.app.calls["DELETE object"] == 1
    assert nothing_left(stand, made)


def test_a_draft_made_visible_goes_when_the_result_fails(stand: Stand) -> None:
    """All of an attempt's pictures are kept, or none."""
    made = album(stand, drafts=True)
    add(made, SMALL)
    add(made, LARGE)
    stand.put(f"{PREFIX}1", b"theirs")
    with pytest.raises(FencedError):
        made.keep()
    assert stand.names() == [f"{PREFIX}1"]
    assert stand.read(f"{PREFIX}1") == b"theirs"


def test_calls_out_of_order_are_refused(stand: Stand) -> None:
    """A picture takes bytes between its begin and its end only."""
    made = album(stand)
    with pytest.raises(RuntimeError):
        made.write(b"x")
    with pytest.raises(RuntimeError):
        made.end(thought=False)


def test_albums_share_connections_and_windows_between_threads(stand: Stand) -> None:
    """Eight at once, one free list: each gets its own bytes into its own object."""
    albums = Albums(stand.media, BUCKET, PictureSniffer, Windows(size=GRAIN))
    errors: list[BaseException] = []

    def one(index: int) -> None:
        try:
            made = albums(f"{index}/", drafts=False)
            add(made, png(index + 1, 3 * GRAIN))
            made.keep()
        except BaseException as error:  # noqa: BLE001  # shown by the test
            errors.append(error)

    threads = [threading.Thread(target=one, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert all(
        stand.read(f"{index}/0") == png(index + 1, 3 * GRAIN) for index in range(8)
    )


def test_the_writers_mark_tells_two_albums_apart(stand: Stand) -> None:
    """Two writers of one name never take each other's object for their own."""
    first, second = album(stand), album(stand)
    add(first, SMALL)
    add(second, SMALL)
    first.keep()
    with pytest.raises(FencedError):
        second.keep()
