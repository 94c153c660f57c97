from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.cloud.media import Media
from functions.cloud.windows import GRAIN
from functions.job.errors import (
    NeighbourUnavailableError,
)
from functions.local.faults import Action, Rule
from tests.cloud.conftest import LeapClock, Stand
from tests.cloud.uploading import BEGIN, BODY, NAME, PUT, pour, upload

if TYPE_CHECKING:
    from functions.cloud.media import Reply


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


def test_a_forgotten_session_is_for_the_queue_to_repeat(stand: Stand) -> None:
    """A 404 of the session cannot be mended from one window: typed, and no address."""
    made = upload(stand.media)
    pour(made)
    stand.media.exchange("DELETE", made._session, headers={}, timeout=5)
    with pytest.raises(NeighbourUnavailableError) as caught:
        made.finish()
    assert "upload_id" not in str(caught.value)


@pytest.mark.parametrize("action", ["status", "drop"])
def test_after_a_lost_try_the_bucket_is_asked_first(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, action: Action
) -> None:
    """What it has already is not sent again."""
    ranges: list[str] = []
    exchange = Media.exchange

    def spy(
        self: Media, *target: str, headers: dict[str, str], **rest: Any
    ) -> Reply:  # passed on
        ranges.append(headers.get("Content-Range", ""))
        return exchange(self, *target, headers=headers, **rest)

    monkeypatch.setattr(Media, "exchange", spy)
    stand.fault(Rule(PUT, action, nth=2))
    made = upload(stand.media)
    pour(made)
    made.finish()
    second, end = f"bytes {GRAIN}-{2 * GRAIN - 1}/*", len(BODY)
    assert ranges == [
        "",
        f"bytes 0-{GRAIN - 1}/*",
        *(second, "bytes */*", second),
        f"bytes {2 * GRAIN}-{end - 1}/{end}",
    ]


def test_acknowledged_bytes_that_vanish_are_noticed(stand: Stand) -> None:
    """A session that lost what it had confirmed cannot be continued."""
    made = upload(stand.media)
    pour(made)
    other = upload(stand.media)
    other._start()
    made._session = other._session  # knows nothing of our bytes
    with pytest.raises(NeighbourUnavailableError, match="lost bytes"):
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
