from __future__ import annotations

import base64
import hashlib
import itertools
from typing import TYPE_CHECKING, Final

import google_crc32c
import pytest
from typing_extensions import override

from functions.cloud.media import Media
from functions.cloud.upload import MARK, ResumableUpload, Target
from functions.cloud.windows import GRAIN, Windows
from functions.job.errors import (
    CorruptedUploadError,
    FencedError,
    NeighbourUnavailableError,
    TryLaterError,
)
from functions.local.faults import Action, Rule
from functions.local.serving import Background
from tests.cloud.conftest import BUCKET, LeapClock, Stand, noise

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from functions.local.serving import Receive, Scope, Send

PUT: Final = "PUT /upload/storage"
BEGIN: Final = "POST /upload/storage"
NAME: Final = "h/a1-1/0"
BODY: Final = noise(2 * GRAIN + 1000)


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


def upload(
    media: Media, *, mark: str = "me", windows: Windows | None = None
) -> ResumableUpload:
    return ResumableUpload(
        media,
        windows or Windows(size=GRAIN),
        Target(BUCKET, NAME, mark),
        lambda: "image/png",
    )


def pour(into: ResumableUpload, data: bytes = BODY, step: int = 50_000) -> None:
    for at in range(0, len(data), step):
        into.write(data[at : at + step])


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


@pytest.mark.parametrize("action", ["status", "status_after", "drop", "drop_after"])
@pytest.mark.parametrize("nth", [1, 2, 3], ids=["first", "middle", "last"])
def test_a_fault_on_any_chunk_costs_a_resend_and_no_byte(
    stand: Stand, action: Action, nth: int
) -> None:
    """Bytes stay in the window until acknowledged, so one lost try changes nothing."""
    rule = stand.fault(Rule(PUT, action, nth=nth))
    made = upload(stand.media)
    pour(made)
    made.finish()
    assert rule.fired == 1
    assert stand.read(NAME) == BODY


@pytest.mark.parametrize("action", ["status", "status_after", "drop", "drop_after"])
def test_a_fault_on_the_question_what_is_there_is_overcome_too(
    stand: Stand, action: Action
) -> None:
    """The chunk fails, then the question about it, several times over."""
    rule = stand.fault(Rule(PUT, "status_after", nth=3, times=1))
    again = stand.fault(Rule(PUT, action, nth=3, times=3))
    made = upload(stand.media)
    pour(made)
    made.finish()
    assert (rule.fired, again.fired) == (1, 3)
    assert stand.read(NAME) == BODY


@pytest.mark.parametrize("status", [408, 429, 500, 502, 504])
def test_every_passing_status_is_waited_out(stand: Stand, status: int) -> None:
    """A 429 and its kin mean later, on the session's start as on its chunks."""
    stand.fault(Rule(BEGIN, "status", status=status))
    stand.fault(Rule(PUT, "status", nth=2, status=status))
    made = upload(stand.media)
    pour(made)
    made.finish()
    assert stand.read(NAME) == BODY
    assert len(stand.clock.waited) >= 2


@pytest.mark.parametrize("action", ["drop", "drop_after", "status_after"])
def test_a_lost_start_starts_again(stand: Stand, action: Action) -> None:
    """A session whose address never arrived is forgotten; nothing comes of it."""
    stand.fault(Rule(BEGIN, action))
    made = upload(stand.media)
    pour(made)
    made.finish()
    assert stand.read(NAME) == BODY
    assert stand.names() == [NAME]


@pytest.mark.parametrize("operation", [BEGIN, PUT])
def test_a_bucket_that_stays_away_ends_within_the_budget(
    stand: Stand, operation: str
) -> None:
    """Retries are bounded in time, and the error holds no address of the session."""
    stand.fault(Rule(operation, "status", times=10_000))
    made = upload(stand.media)
    begun = stand.clock.now()
    with pytest.raises(NeighbourUnavailableError, match="within 20 s") as caught:
        pour(made)
    assert stand.clock.now() - begun < 25
    assert "upload_id" not in str(caught.value)


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


def test_a_forgotten_session_is_for_the_queue_to_repeat(stand: Stand) -> None:
    """A 404 of the session cannot be mended from one window: typed, and no address."""
    made = upload(stand.media)
    pour(made)
    stand.media.exchange("DELETE", made._session, headers={}, timeout=5)
    with pytest.raises(NeighbourUnavailableError) as caught:
        made.finish()
    assert "upload_id" not in str(caught.value)


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


def test_acknowledged_bytes_that_vanish_are_noticed(stand: Stand) -> None:
    """A session that lost what it had confirmed cannot be continued."""
    made = upload(stand.media)
    pour(made)
    other = upload(stand.media)
    other._start()
    made._session = other._session  # knows nothing of our bytes
    with pytest.raises(NeighbourUnavailableError, match="lost bytes"):
        made.finish()


def test_a_missing_bucket_is_named(stand: Stand) -> None:
    """The operator reads which bucket to make."""
    made = ResumableUpload(
        stand.media, Windows(), Target("gone", NAME, "me"), lambda: "image/png"
    )
    made.write(b"x")
    with pytest.raises(TryLaterError, match="'gone'"):
        made.finish()


@pytest.mark.parametrize("status", [400, 401, 403, 412])
def test_an_unexpected_status_of_a_middle_chunk_is_typed(
    stand: Stand, status: int
) -> None:
    """Whatever Cloud Storage says to a chunk, it ends as something with a name."""
    stand.fault(Rule(PUT, "status", nth=1, status=status))
    made = upload(stand.media)
    with pytest.raises(NeighbourUnavailableError, match=str(status)):
        pour(made)


def test_a_dead_bucket_is_given_up_in_time() -> None:
    """No server at all: the same typed error within the same budget."""
    clock = LeapClock()
    media = Media(clock, url="http://127.0.0.1:9")
    made = upload(media)
    made.write(b"x")
    with pytest.raises(NeighbourUnavailableError):
        made.finish()
    made.cancel()
