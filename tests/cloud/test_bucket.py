from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from functions.cloud.bucket import SOURCE, BucketCopies
from functions.cloud.media import Media
from functions.cloud.places import Places
from functions.job.errors import NeighbourUnavailableError, ReferenceRefusedError
from functions.job.ports import Stored
from functions.local.faults import Action, Rule
from functions.local.serving import Background
from tests.cloud.conftest import BUCKET, LeapClock

if TYPE_CHECKING:
    from functions.local.serving import Receive, Scope, Send
    from tests.cloud.conftest import Stand

REWRITE = f"POST /storage/v1/b/{BUCKET}/o/"
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
    with pytest.raises(ReferenceRefusedError) as caught:
        copies(stand).copy(picture, bucket=bucket, name=name)
    assert caught.value.reason == "not_allowed"
    assert sum(stand.app.calls.values()) == before


def test_a_missing_bucket_and_a_missing_right_are_named(stand: Stand) -> None:
    """What no repeat can mend is told to a person, with the remedy."""
    picture = kept(stand)
    with pytest.raises(ReferenceRefusedError) as caught:
        copies(stand).copy(picture, bucket="gone", name="x")
    assert caught.value.reason == "not_found"
    stand.fault(Rule(REWRITE, "status", status=403))
    with pytest.raises(ReferenceRefusedError, match="roles/storage") as caught:
        copies(stand).copy(picture, **TARGET)
    assert caught.value.reason == "not_writable"


def test_a_place_that_stays_away_is_for_the_queue(stand: Stand) -> None:
    """An outage is no refusal."""
    picture = kept(stand)
    stand.fault(Rule(REWRITE, "status", times=10_000))
    with pytest.raises(NeighbourUnavailableError):
        copies(stand).copy(picture, **TARGET)


@pytest.mark.parametrize(("status", "refusal"), [(403, True), (400, False)])
def test_what_stands_there_may_be_unreadable(
    stand: Stand, status: int, *, refusal: bool
) -> None:
    """Not allowed to look: taken, as far as we can tell; else try later."""
    picture = kept(stand)
    stand.put("p/cat.png", b"x", "shop")
    stand.fault(Rule("GET /storage/v1/b/shop", "status", status=status))
    expected = ReferenceRefusedError if refusal else NeighbourUnavailableError
    with pytest.raises(expected):
        copies(stand).copy(picture, **TARGET)


def test_an_unexpected_answer_is_for_the_queue(stand: Stand) -> None:
    """Whatever else Cloud Storage says ends as something with a name."""
    picture = kept(stand)
    stand.fault(Rule(REWRITE, "status", status=400))
    with pytest.raises(NeighbourUnavailableError, match="400"):
        copies(stand).copy(picture, **TARGET)


class Rewriting:
    """Cloud Storage that copies in steps, as it does across regions."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        self.asked.append(scope["query_string"].decode())
        self.left -= 1
        body = b'{"done":false,"rewriteToken":"t&1"}' if self.left else b'{"done":true}'
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
