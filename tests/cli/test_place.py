from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from functions.cli.place import choosing
from functions.clock import StepClock, SystemClock
from functions.local.state import NoStackError

if TYPE_CHECKING:
    from pathlib import Path

    from functions.job.ports import Clock
    from functions.local.client import Place
    from functions.local.running import RunningStack


def chosen(*arguments: str, **environ: str) -> tuple[Place, Clock]:
    """Return what a command is given."""
    found: list[tuple[Place, Clock]] = []

    @click.command()
    @choosing
    def command(place: Place, clock: Clock) -> None:
        found.append((place, clock))

    nothing: dict[str, str | None] = {
        "PUBSUB_EMULATOR_HOST": None,
        "STORAGE_EMULATOR_HOST": None,
        "PLANTAIN_STATE_BUCKET": None,
    }
    CliRunner(env={**nothing, **environ}).invoke(
        command, list(arguments), catch_exceptions=False, standalone_mode=False
    )
    return found[0]


def test_a_running_stack_is_found_by_its_directory(stack: RunningStack) -> None:
    """Its place, and the clock that its functions use."""
    place, clock = chosen("--state", str(stack.stack.state.root))
    assert place == stack.stack.place
    assert isinstance(clock, StepClock)


def test_a_running_stack_goes_before_the_variables(stack: RunningStack) -> None:
    """A stack on an emulator that the variables name is still that stack."""
    place, _ = chosen(
        "--state",
        str(stack.stack.state.root),
        PUBSUB_EMULATOR_HOST="x:1",
        STORAGE_EMULATOR_HOST="x:2",
    )
    assert place == stack.stack.place


def test_without_a_stack_the_emulator_variables_count(tmp_path: Path) -> None:
    """As any client library reads them, with or without a scheme."""
    place, clock = chosen(
        "--state",
        str(tmp_path),
        PUBSUB_EMULATOR_HOST="127.0.0.1:1",
        STORAGE_EMULATOR_HOST="127.0.0.1:2",
    )
    assert (place.pubsub, place.storage) == ("127.0.0.1:1", "http://127.0.0.1:2")
    assert isinstance(clock, SystemClock)


def test_half_of_the_variables_is_no_stack(tmp_path: Path) -> None:
    """With one emulator only, the other half would go to Google: refused."""
    with pytest.raises(NoStackError):
        chosen("--state", str(tmp_path), PUBSUB_EMULATOR_HOST="127.0.0.1:1")


def test_a_project_is_asked_only_when_named() -> None:
    """--project leads to Google and needs to know the bucket of records."""
    place, _ = chosen("--project", "p", "--state-bucket", "b")
    assert (place.project, place.state_bucket) == ("p", "b")
    assert (place.pubsub, place.storage) == ("", "")
    with pytest.raises(click.UsageError, match="--state-bucket"):
        chosen("--project", "p")
