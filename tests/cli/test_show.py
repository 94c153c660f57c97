from __future__ import annotations

import io

import pytest
from rich.console import Console

from functions.cli import show
from functions.cli.follow import Ending, Line
from functions.job.record import Picture, Record, Result, State

PICTURE = Picture(
    uri="gs://b/[o]",
    generation=1,
    content_type="image/jpeg",
    bytes=223_000,
    crc32c="",
    sha256="",
    width=4,
    height=3,
)


def record(state: State, **verdict: str) -> Record:
    images = (PICTURE,) if state is State.DONE else ()
    return Record(
        id="[bold]j",
        kind="generate",
        request_hash="h",
        state=state,
        created_at=0.0,
        result=Result(images=images, verdict=verdict),
    )


@pytest.fixture
def out() -> Console:
    return Console(file=io.StringIO(), highlight=False, soft_wrap=True, width=40)


def text(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_names_are_shown_as_they_are(out: Console) -> None:
    """Brackets in an id or an object's name are not read as colours."""
    show.ending(out, Ending(record(State.DONE)), "[bold]j")
    assert "done  [bold]j" in text(out)
    assert "gs://b/[o]  4x3 image/jpeg 223 kB" in text(out)


def test_a_line_is_never_broken(out: Console) -> None:
    """A long address stays on one line of a narrow terminal, so it can be copied."""
    progress = show.Progress(out, 0.0)
    progress.line(Line("kept", 1.5, "x" * 200))
    assert text(out).splitlines() == [f"    1.50 s  kept        {'x' * 200}"]


@pytest.mark.parametrize("state", [State.REFUSED, State.FAILED])
def test_an_end_without_a_picture_says_why_and_what_to_change(
    out: Console, state: State
) -> None:
    """Google's own word and ours."""
    told = record(state, reason="IMAGE_OTHER", message="Unable.", change="Try again.")
    show.ending(out, Ending(told), "j")
    assert "why:    IMAGE_OTHER: Unable." in text(out)
    assert "change: Try again." in text(out)


@pytest.mark.parametrize("found", [Ending(), Ending(record(State.RUN))])
def test_no_end_yet_says_how_to_look_again(out: Console, found: Ending) -> None:
    """The command to type next is on the screen."""
    show.ending(out, found, "j")
    assert "plantain status j" in text(out)


def test_a_conflict_says_that_nothing_was_paid(out: Console) -> None:
    """And how to order it all the same."""
    show.ending(out, Ending(conflict=True), "j")
    assert "nothing was paid" in text(out)
    assert "--id" in text(out)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (223_000, "223 kB"),
        (28_400_000, "28.4 MB"),
        (5 * 10**9, "5.0 GB"),
    ],
)
def test_sizes_are_for_people(count: int, said: str) -> None:
    """Units of a thousand, as shops and networks use them."""
    assert show.size(count) == said


def test_a_job_is_shown_whole(out: Console) -> None:
    """State, id, when, its picture."""
    show.job(out, record(State.DONE).step("claimed", 0.25))
    assert "received 1970-01-01 00:00:00 UTC" in text(out)
    assert "0.25 s  claimed" in text(out)
    assert "gs://b/[o]" in text(out)


def test_a_pipe_gets_no_spinner(out: Console) -> None:
    """Only a terminal is animated."""
    with show.Progress(out, 0.0).waiting():
        pass
    assert text(out) == ""
