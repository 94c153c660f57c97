from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from functions.cloud.bucket import SOURCE, BucketCopies
from functions.cloud.media import Media
from functions.cloud.places import Places
from functions.job.errors import NeighbourUnavailableError, ReferenceRefusedError
from functions.job.ports import Stored
from functions.job.problem import Problem
from functions.local.faults import Action, Rule
from functions.local.serving import Background
from tests.cloud.conftest import BUCKET, LeapClock

if TYPE_CHECKING:
    from functions.local.serving import Receive, Scope, Send
    from tests.cloud.conftest import Stand

REWRITE = f"POST /storage/v1/b/{BUCKET}/o/"
LOOK = "GET /storage/v1/b/shop"
TARGET = {"bucket": "shop", "name": "p/cat.png"}


def kept(stand: Stand, data: bytes = b"picture") -> Stored:
    stand.app.create_bucket("shop")
    stand.put("h/a1-1/0", data, contentType="application/octet-stream")
    found = stand.describe("h/a1-1/0")
    return Stored(
        uri=f"gs://{BUCKET}/h/a1-1/0",
        generation=int(found["generation"]),
        content_type="image/png",
        size=int(found["size"]),
        crc32c=found["crc32c"],
        sha256="",
    )


def copies(stand: Stand) -> BucketCopies:
    return BucketCopies(stand.media, Places(["shop/p", "gone"], never=["state"]))


def test_a_copy_has_the_bytes_the_type_and_our_mark(stand: Stand) -> None:
    """A shop sees the finished picture under the name it chose."""
    picture = kept(stand)
    copies(stand).copy(picture, **TARGET)
    found = stand.describe("p/cat.png", "shop")
    assert stand.read("p/cat.png", "shop") == b"picture"
    assert found["contentType"] == "image/png"
    assert found["metadata"] == {SOURCE: f"{picture.uri}#{picture.generation}"}


@pytest.mark.parametrize("action", ["status", "status_after", "drop", "drop_after"])
def test_a_fault_costs_a_repeat_and_no_second_copy(
    stand: Stand, action: Action
) -> None:
    """A lost reply meets its own copy, which is success."""
    picture = kept(stand)
    stand.fault(Rule(REWRITE, action))
    copies(stand).copy(picture, **TARGET)
    generation = stand.describe("p/cat.png", "shop")["generation"]
    copies(stand).copy(picture, **TARGET)  # delivered again
    assert stand.describe("p/cat.png", "shop")["generation"] == generation


def test_another_object_is_never_replaced(stand: Stand) -> None:
    """Even one with the same bytes: it is not ours."""
    picture = kept(stand)
    stand.put("p/cat.png", b"picture", "shop")
    with pytest.raises(ReferenceRefusedError) as caught:
        copies(stand).copy(picture, **TARGET)
    assert (caught.value.reason, caught.value.field) == ("taken", "destination")
    assert "metadata" not in stand.describe("p/cat.png", "shop")


def test_our_mark_on_other_bytes_is_not_ours(stand: Stand) -> None:
    """Somebody may have changed the copy; that is his now."""
    picture = kept(stand)
    stand.put(
        "p/cat.png",
        b"other",
        "shop",
        metadata={SOURCE: f"{picture.uri}#{picture.generation}"},  # type: ignore[arg-type]
    )
    with pytest.raises(ReferenceRefusedError):
        copies(stand).copy(picture, **TARGET)


@pytest.mark.parametrize(
    ("bucket", "name"),
    [("shop", "q/cat.png"), ("other", "p/cat.png"), ("state", "p/x"), ("shop", "p/")],
)
def test_only_allowed_places_are_written(stand: Stand, bucket: str, name: str) -> None:
    """Refused before Cloud Storage is asked anything."""
    picture = kept(stand)
    before = sum(stand.app.calls.values())
    problem = copies(stand).problem(bucket, name)
    with pytest.raises(ReferenceRefusedError) as caught:
        copies(stand).copy(picture, bucket=bucket, name=name)
    assert caught.value.reason == "not_allowed"
    assert problem == Problem("destination", "not_allowed", str(caught.value))
    assert sum(stand.app.calls.values()) == before


def test_an_allowed_place_is_no_problem_before_it_is_written(stand: Stand) -> None:
    """Asked before anything is paid, and without asking Cloud Storage."""
    before = sum(stand.app.calls.values())
    assert copies(stand).problem(**TARGET) is None
    assert sum(stand.app.calls.values()) == before


def test_a_missing_bucket_and_a_missing_right_are_named(stand: Stand) -> None:
    """What no repeat can mend is told to a person, with the remedy."""
    picture = kept(stand)
    with pytest.raises(ReferenceRefusedError, match="again under a new id") as caught:
        copies(stand).copy(picture, bucket="gone", name="x")
    assert caught.value.reason == "not_found"
    stand.fault(Rule(REWRITE, "status", status=403))
    with pytest.raises(ReferenceRefusedError, match=r"roles/storage.*new id") as caught:
        copies(stand).copy(picture, **TARGET)
    assert caught.value.reason == "not_writable"


def test_a_place_that_stays_away_is_for_the_queue(stand: Stand) -> None:
    """An outage is no refusal."""
    picture = kept(stand)
    stand.fault(Rule(REWRITE, "status", times=10_000))
    with pytest.raises(NeighbourUnavailableError):
        copies(stand).copy(picture, **TARGET)


@pytest.mark.parametrize(
    ("status", "reason"), [(403, "taken"), (400, "rejected"), (410, "rejected")]
)
def test_what_stands_there_may_be_unreadable(
    stand: Stand, status: int, reason: str
) -> None:
    """Not allowed to look: taken, as far as we can tell; else named as it is."""
    picture = kept(stand)
    stand.put("p/cat.png", b"x", "shop")
    stand.fault(Rule(LOOK, "status", status=status))
    with pytest.raises(ReferenceRefusedError) as caught:
        copies(stand).copy(picture, **TARGET)
    assert (caught.value.reason, caught.value.field) == (reason, "destination")


@pytest.mark.parametrize("status", [400, 405, 409, 410, 413, 451, 499])
def test_what_no_repeat_changes_never_silences_a_finished_job(
    stand: Stand, status: int
) -> None:
    """A 4xx stays a 4xx: it is told by name at once, not redelivered for ever."""
    picture = kept(stand)
    stand.fault(Rule(REWRITE, "status", status=status))
    with pytest.raises(ReferenceRefusedError, match=f"{status}.*new id") as caught:
        copies(stand).copy(picture, **TARGET)
    assert (caught.value.reason, caught.value.field) == ("rejected", "destination")


@pytest.mark.parametrize(
    ("where", "status"),
    [(REWRITE, 401), (REWRITE, 501), (LOOK, 401), (LOOK, 412), (LOOK, 501)],
)
def test_what_may_pass_is_for_the_queue(stand: Stand, where: str, status: int) -> None:
    """A token, a server's mistake: another delivery may do better."""
    picture = kept(stand)
    if where == LOOK:
        stand.put("p/cat.png", b"x", "shop")
    stand.fault(Rule(where, "status", times=2, status=status))
    with pytest.raises(NeighbourUnavailableError, match=str(status)):
        copies(stand).copy(picture, **TARGET)


@pytest.mark.parametrize(("times", "ends"), [(1, True), (10_000, False)])
def test_a_name_that_is_freed_meanwhile_is_taken_then(
    stand: Stand, times: int, *, ends: bool
) -> None:
    """Who was in the way is gone: try again, but not for ever."""
    picture = kept(stand)
    stand.fault(Rule(REWRITE, "status", times=times, status=412))
    if ends:
        copies(stand).copy(picture, **TARGET)
        assert stand.read("p/cat.png", "shop") == b"picture"
    else:
        with pytest.raises(ReferenceRefusedError, match="never replaced"):
            copies(stand).copy(picture, **TARGET)


class Rewriting:
    """Cloud Storage that copies in steps, as it does across regions."""

    def __init__(self, steps: int, last: bytes = b'{"done":true}') -> None:
        self.left = steps
        self.last = last
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        self.asked.append(scope["query_string"].decode())
        self.left -= 1
        body = b'{"done":false,"rewriteToken":"t&1"}' if self.left else self.last
        length = str(len(body)).encode()
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": body})


PICTURE = Stored(f"gs://{BUCKET}/h/0", 7, "image/png", 1, "", "")


@pytest.mark.parametrize(("steps", "ends"), [(1, True), (3, True), (1_000, False)])
def test_a_copy_in_steps_goes_on_where_it_stood(steps: int, *, ends: bool) -> None:
    """Each step names the last one's token; a copy without end is given up."""
    app, clock = Rewriting(steps), LeapClock()
    with Background(app) as (url,):
        media = Media(clock, url=url)
        made = BucketCopies(media, Places(["shop"], never=[]))
        with (
            contextlib.nullcontext()
            if ends
            else pytest.raises(NeighbourUnavailableError)
        ):
            made.copy(PICTURE, **TARGET)
        media.close()
    assert all("rewriteToken=t%261" in query for query in app.asked[1:])
    assert len(app.asked) == min(steps, 100)


@pytest.mark.parametrize("last", [b"", b"null", b"[]", b"<html>"])
def test_an_answer_that_says_nothing_is_for_the_queue(last: bytes) -> None:
    """A 200 of somebody else (a proxy) is no copy."""
    app = Rewriting(1, last)
    with Background(app) as (url,):
        media = Media(LeapClock(), url=url)
        with pytest.raises(NeighbourUnavailableError):
            BucketCopies(media, Places(["shop"], never=[])).copy(PICTURE, **TARGET)
        media.close()
