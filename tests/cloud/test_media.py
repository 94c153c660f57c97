from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from functions.cloud.identity import no_token
from functions.cloud.media import Media, Patience, Reply, Resource, refused
from functions.job.errors import NeighbourUnavailableError
from functions.local.serving import Background
from tests.cloud.conftest import LeapClock

if TYPE_CHECKING:
    from functions.local.serving import Receive, Scope, Send


class Scripted:
    """Answers with the statuses of a script; remembers what it was sent."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.authorizations: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        headers = dict(scope["headers"])
        self.authorizations.append(headers.get(b"authorization", b"").decode())
        status = self.statuses.pop(0)
        start = {"type": "http.response.start", "status": status}
        await send({**start, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})


class Tokens:
    """A new token each time a fresh one is asked for."""

    def __init__(self) -> None:
        self.number = 1

    def __call__(self, *, fresh: bool = False) -> str:
        self.number += fresh
        return f"t{self.number}"


@pytest.fixture
def clock() -> LeapClock:
    return LeapClock()


def call(app: Scripted, clock: LeapClock, tokens: Tokens | None = None) -> Reply:
    with Background(app) as (url,):
        media = Media(clock, url=url, tokens=tokens or no_token)
        try:
            return media.call("do it", "GET", media.address("storage", "b", "o"))
        finally:
            media.close()


def test_passing_answers_are_waited_out_with_growing_pauses(clock: LeapClock) -> None:
    """The pauses grow and vary, so a crowd does not come back at once."""
    assert call(Scripted(503, 429, 500, 200), clock).status == 200
    first, second, third = clock.waited
    assert 0.05 <= first <= 0.1 <= second <= 0.2 <= third <= 0.4


def test_a_refused_token_is_renewed_once(clock: LeapClock) -> None:
    """A 401 may be a token that just ended; a second one is an answer."""
    app = Scripted(401, 401)
    assert call(app, clock, Tokens()).status == 401
    assert app.authorizations == ["Bearer t1", "Bearer t2"]


def test_an_emulator_sees_no_authorization(clock: LeapClock) -> None:
    """No token, no header."""
    app = Scripted(200)
    call(app, clock)
    assert app.authorizations == [""]


@pytest.mark.parametrize("status", [200, 204, 308, 400, 403, 404, 412])
def test_answers_that_will_not_pass_are_the_callers(
    clock: LeapClock, status: int
) -> None:
    """Only the caller knows what a 404 or 412 means."""
    assert call(Scripted(status), clock).status == status
    assert clock.waited == []


def test_patience_ends(clock: LeapClock) -> None:
    """The budget bounds the sum of all tries; the error names the last reason."""
    patience = Patience(clock, 5.0)

    def wait_for_ever() -> None:
        while True:
            patience.pause("shine", "it rained")

    with pytest.raises(NeighbourUnavailableError, match=r"5 s \(last: it rained\)"):
        wait_for_ever()
    assert sum(clock.waited) <= 5.0
    assert patience.timeout() < 5


def test_names_are_quoted_as_one_segment(clock: LeapClock) -> None:
    """No name can reach another object's address, or another method's."""
    media = Media(clock, url="http://x/")
    assert media.address("storage", "b", "a/../ä?#") == (
        "http://x/storage/v1/b/b/o/a%2F..%2F%C3%A4%3F%23"
    )
    assert media.address("upload/storage", "b", name="a&b=c").endswith(
        "/upload/storage/v1/b/b/o?name=a%26b%3Dc"
    )


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"x"', b"{}", b'{"generation":"x"}', b"\xff"]
)
def test_an_answer_without_a_description_is_for_the_queue(body: bytes) -> None:
    """A proxy's page with a 200 is not taken for an object."""
    with pytest.raises(NeighbourUnavailableError, match="describe"):
        Resource.of(Reply(200, {}, body), "store it")


def test_a_description_is_read_as_the_api_writes_it() -> None:
    """Numbers come as text; what is not there is empty."""
    body = json.dumps({"generation": "7", "size": "3", "crc32c": "abc="}).encode()
    assert Resource.of(Reply(200, {}, body), "x") == Resource(7, 3, "abc=", "", {})


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(401, "roles/storage"), (403, "roles/storage"), (404, "exists"), (400, "queue")],
)
def test_an_unexpected_answer_names_a_remedy(status: int, remedy: str) -> None:
    """Someone reads this at night."""
    assert remedy in str(refused("do it", Reply(status, {}, b""), "bucket"))
