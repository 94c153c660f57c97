from __future__ import annotations

import base64
import hashlib
import itertools
from typing import TYPE_CHECKING, Any, Final

import google_crc32c
import pytest
from typing_extensions import override

from functions.cloud.media import Media
from functions.cloud.upload import MARK, ResumableUpload, Target
from functions.cloud.windows import GRAIN, Windows
from functions.job.errors import (
    CorruptedUploadError,
    FencedError,
    TryLaterError,
)
from functions.local.faults import Rule
from functions.local.serving import Background
from tests.cloud.conftest import Stand, noise
from tests.cloud.uploading import BODY, NAME, pour, upload

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from functions.local.serving import Receive, Scope, Send


class CountedWindows(Windows):
    """Windows that know how many are out."""

    def __init__(self) -> None:
        super().__init__(size=GRAIN)
        self.out = 0
        self.most = 0

    @override
    def take(self) -> bytearray:
        self.out += 1
        self.most = max(self.most, self.out)
        return super().take()

    @override
    def give(self, window: bytearray) -> None:
        self.out -= 1
        super().give(window)


EDGES: Final = (0, 1, GRAIN - 1, GRAIN, GRAIN + 1, 3 * GRAIN, 3 * GRAIN + 7)


@pytest.mark.parametrize(
    ("size", "step"), [*itertools.product(EDGES, (9_973, 1 << 20))]
)
def test_what_was_written_is_what_is_stored(stand: Stand, size: int, step: int) -> None:
    """Any length in any pieces is stored byte for byte, under checksums we made."""
    data = noise(size)
    made = upload(stand.media)
    pour(made, data, step)
    assert stand.names() == []  # nothing is visible before the end
    stored = made.finish()
    assert stand.read(NAME) == data
    crc = google_crc32c.value(data).to_bytes(4, "big")
    assert stored.crc32c == made.crc32c == base64.b64encode(crc).decode()
    assert made.sha256 == hashlib.sha256(data).hexdigest()
    found = stand.describe(NAME)
    assert (int(found["generation"]), int(found["size"])) == (stored.generation, size)
    assert found["contentType"] == "image/png"
    assert found["metadata"] == {MARK: "me"}


def test_anothers_object_under_our_name_is_left_alone(stand: Stand) -> None:
    """Found at the start: fenced, and the object is as it was."""
    stand.put(NAME, b"theirs")
    made = upload(stand.media)
    with pytest.raises(FencedError):
        pour(made)
    assert stand.read(NAME) == b"theirs"


def test_anothers_object_that_appears_meanwhile_wins(stand: Stand) -> None:
    """Found at the end: the precondition of the start holds until the last byte."""
    made = upload(stand.media)
    pour(made)
    stand.put(NAME, BODY)  # the same bytes, but not our mark
    with pytest.raises(FencedError):
        made.finish()
    assert stand.describe(NAME).get("metadata") is None


@pytest.mark.parametrize("late", [False, True], ids=["at the start", "at the end"])
def test_our_own_object_stored_before_is_success(stand: Stand, *, late: bool) -> None:
    """The same writer, length and checksum: the answer to an earlier try was lost."""
    earlier, made = upload(stand.media), upload(stand.media)
    if late:
        pour(made)  # its session begins before the object is there
    pour(earlier)
    stored = earlier.finish()
    if not late:
        pour(made)
    assert made.finish() == stored


@pytest.mark.parametrize("late", [False, True], ids=["at the start", "at the end"])
def test_our_mark_on_other_bytes_is_not_success(stand: Stand, *, late: bool) -> None:
    """Mark alone proves nothing: length and checksum must agree."""
    earlier, made = upload(stand.media), upload(stand.media)
    if late:
        pour(made)
    pour(earlier, BODY[:-1] + b"?")
    earlier.finish()
    if not late:
        pour(made)
    with pytest.raises(FencedError):
        made.finish()


def test_bytes_that_do_not_match_our_checksum_never_become_visible(
    stand: Stand,
) -> None:
    """Cloud Storage is told the checksum with the last chunk and refuses others."""
    made = upload(stand.media)
    pour(made)
    made._crc ^= 1
    with pytest.raises(CorruptedUploadError):
        made.finish()
    assert stand.names() == []
    assert stand.app.calls["DELETE object"] == 0  # it never was visible


class Tampering:
    """Changes one byte of each chunk on its way, and hides the announced checksum."""

    def __init__(self, stand: Stand) -> None:
        self.app = stand.app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def tampered() -> MutableMapping[str, Any]:
            message = await receive()
            if scope["method"] == "PUT" and message.get("body"):
                message["body"] = b"?" + message["body"][1:]
            return message

        scope["headers"] = [h for h in scope["headers"] if h[0] != b"x-goog-hash"]
        await self.app(scope, tampered, send)


def test_an_object_that_differs_is_deleted(stand: Stand) -> None:
    """What the bucket says it stored is compared, not believed."""
    tampering = Tampering(stand)
    inner = Background(tampering)
    # Two loops must not share one app at once; the stand's own is idle meanwhile.
    with inner as (url,):
        media = Media(stand.clock, url=url)
        made = upload(media)
        pour(made, BODY[:1000])
        with pytest.raises(CorruptedUploadError):
            made.finish()
        media.close()
    assert stand.names() == []


def test_a_cancelled_upload_leaves_nothing(stand: Stand) -> None:
    """Neither an object nor a session that could still become one."""
    made = upload(stand.media)
    pour(made)
    session = made._session
    made.cancel()
    made.cancel()  # harmless
    reply = stand.media.exchange(
        "PUT", session, headers={"Content-Range": "bytes */*"}, timeout=5
    )
    assert reply.status == 404
    assert stand.names() == []


def test_cancelling_never_raises(stand: Stand) -> None:
    """It runs while another error is on its way; it must not hide that one."""
    stand.fault(Rule("DELETE /upload/storage", "drop"))
    made = upload(stand.media)
    pour(made)
    made.cancel()


def test_parking_gives_the_window_back_and_keeps_at_most_a_grain(
    stand: Stand,
) -> None:
    """Between two pictures only a tail is held, and the end is still exact."""
    windows = CountedWindows()
    made = upload(stand.media, windows=windows)
    pour(made)
    made.park()
    made.park()  # harmless
    assert windows.out == 0
    assert len(made._view) <= GRAIN
    made.finish()
    assert stand.read(NAME) == BODY


def test_something_is_always_left_for_the_last_chunk(stand: Stand) -> None:
    """Parked at an exact multiple too: the end is sent with bytes, as always."""
    made = upload(stand.media, windows=Windows(size=4 * GRAIN))
    pour(made, BODY[: 2 * GRAIN])
    made.park()
    assert len(made._view) == GRAIN
    made.finish()
    assert stand.read(NAME) == BODY[: 2 * GRAIN]


@pytest.mark.parametrize("end", ["finish", "cancel"])
def test_the_window_is_given_back_at_the_end(stand: Stand, end: str) -> None:
    """However an upload ends, its window serves the next."""
    windows = CountedWindows()
    made = upload(stand.media, windows=windows)
    pour(made)
    getattr(made, end)()
    assert (windows.out, windows.most) == (0, 1)


def test_a_small_picture_takes_two_requests(stand: Stand) -> None:
    """One to begin and one with all bytes: nothing is asked without need."""
    made = upload(stand.media)
    made.write(b"small")
    assert sum(stand.app.calls.values()) == 0  # nothing yet: it may be a thought
    made.finish()
    assert sum(stand.app.calls.values()) == 2


def test_a_missing_bucket_is_named(stand: Stand) -> None:
    """The operator reads which bucket to make."""
    made = ResumableUpload(
        stand.media, Windows(), Target("gone", NAME, "me"), lambda: "image/png"
    )
    made.write(b"x")
    with pytest.raises(TryLaterError, match="'gone'"):
        made.finish()
