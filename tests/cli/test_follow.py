from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from functions.cli.exits import Exit
from functions.cli.follow import Ending, Following, summary, verdict
from functions.clock import SystemClock
from functions.job.outcome import EventType
from functions.job.record import Attempt, Outgoing, Record, State
from functions.local.client import Neighbours, Place
from functions.local.events import Event, Events

if TYPE_CHECKING:
    from collections.abc import Callable

HASH = "ours"
BASE = Record(id="j", kind="generate", request_hash=HASH, created_at=1.0)


def asked(n: int, klass: str = "", reason: str = "") -> Attempt:
    ended = 2.0 if klass else None
    return Attempt(
        n=n,
        fence=1,
        route="native",
        model="m",
        started_at=1.0,
        ended_at=ended,
        klass=klass,
        reason=reason,
        paid="no",
    )


class Script:
    """Neighbours and events whose every look shows the next scene; the last stays."""

    place = Place()
    lost = False

    def __init__(
        self, *scenes: tuple[Record | None, list[Event]], mark: bool = False
    ) -> None:
        self.scenes = list(scenes)
        self.mark = mark

    def all(self, subject: str) -> list[Event]:
        assert subject == "j"
        return self.scenes[0][1]

    def record(self, job_id: str) -> Record | None:
        assert job_id == "j"
        found = self.scenes[0][0]
        if len(self.scenes) > 1:
            del self.scenes[0]
        return found

    def read(self, bucket: str, name: str) -> bytes | None:
        assert "/sent/" in name
        return b"{}" if self.mark else None

    def wait(self, *_: object) -> None:
        return None


def event(kind: EventType) -> Event:
    return Event("1", {"ce-id": "e", "ce-type": kind.value, "ce-subject": "j"}, {})


def follow(
    script: Script, timeout: float = 5.0, alive: Callable[[], None] = lambda: None
) -> tuple[list[tuple[str, str]], Ending]:
    following = Following(
        cast("Neighbours", script), cast("Events", script), "j", HASH, SystemClock()
    )
    lines = [(line.step, line.detail) for line in following.lines(timeout, alive)]
    return lines, following.ending


def test_every_step_is_shown_once_with_what_it_brought() -> None:
    """Two attempts: each is asked and answered with its own verdict."""
    first = BASE.but(attempts=(asked(1),)).step("claimed", 1.0)
    tried = asked(1, "image_other", "IMAGE_OTHER")
    second = first.but(attempts=(tried, asked(2)))
    second = second.step("asked", 1.1).step("answered", 1.2)
    done = second.but(state=State.DONE, attempts=(tried, asked(2, "image")))
    done = done.step("asked", 1.3).step("answered", 1.4).step("settled", 1.5)
    lines, ending = follow(
        Script(
            (None, []),
            (first, []),
            (second, []),
            (done, []),
            (done, [event(EventType.COMPLETED)]),
        )
    )
    assert lines == [
        ("claimed", ""),
        ("asked", "m by native"),
        ("answered", "image_other (IMAGE_OTHER), paid: no"),
        ("asked", "m by native"),
        ("answered", "image, paid: no"),
        ("settled", "done"),
        ("announced", "plantain.image.completed.v1"),
    ]
    assert ending.code is Exit.DONE


def test_an_end_told_before_we_came_is_read_from_its_outbox() -> None:
    """A marked event is not published again: its content stands in the record."""
    item = Outgoing(
        id="e", kind="event", type=EventType.COMPLETED, at=1.0, data={"a": 1}
    )
    done = BASE.but(state=State.DONE, outbox=(item,))
    _, ending = follow(Script((done, []), mark=True))
    assert ending.event is not None
    assert (ending.event.id, ending.event.data) == ("e", {"a": 1})


def test_another_job_under_our_id_is_a_conflict() -> None:
    """A record that is not of our request is not shown as if it were."""
    theirs = BASE.but(request_hash="theirs", state=State.DONE).step("claimed", 1.0)
    lines, ending = follow(Script((theirs, []), (theirs, [event(EventType.CONFLICT)])))
    assert [step for step, _ in lines] == ["announced"]
    assert (ending.conflict, ending.code) == (True, Exit.REFUSED)


def test_a_conflict_of_somebody_else_is_not_ours() -> None:
    """Another sender clashed with our id: our job goes on to its end."""
    done = BASE.but(state=State.DONE)
    clash, told = event(EventType.CONFLICT), event(EventType.COMPLETED)
    _, ending = follow(Script((BASE, [clash]), (done, [clash, told])))
    assert (ending.conflict, ending.code) == (False, Exit.DONE)


def test_a_deferred_job_has_no_end_yet() -> None:
    """Waiting for a quota is news, not an end; the time to wait still counts."""
    waits = BASE.but(state=State.WAIT, due=9e9)
    lines, ending = follow(Script((waits, [event(EventType.DEFERRED)])), timeout=0.2)
    assert lines == [("announced", "plantain.image.deferred.v1")]
    assert ending.code is Exit.NO_END


def test_who_is_alone_is_told() -> None:
    """`alive` is asked while nothing comes, and its error ends the following."""

    def dead() -> None:
        raise RuntimeError("nobody there")

    with pytest.raises(RuntimeError, match="nobody there"):
        follow(Script((None, [])), alive=dead)


def test_a_summary_has_no_secrets_and_no_outbox() -> None:
    """What --json prints of a record: how it stands and what it brought."""
    found = summary(BASE.but(attempts=(asked(1, "image"),)))
    assert found["attempts"][0]["class"] == "image"
    assert set(found) == {
        "id", "kind", "state", "labels", "attempts", "steps", "images", "verdict"
    }  # fmt: skip


def test_an_open_attempt_has_no_verdict() -> None:
    """Nobody knows yet what it brings."""
    assert verdict(asked(1)) == "no answer yet"
