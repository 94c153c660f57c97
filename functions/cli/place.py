"""Which system a command talks to: a local stack, emulators, or a project.

The law: a project of Google Cloud is only ever asked when it is named; without
--project nothing leaves this machine.
"""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from functions.clock import StepClock, SystemClock
from functions.local import state, topology
from functions.local.client import Place, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.job.ports import Clock

_R = TypeVar("_R")


def choosing(command: Callable[..., _R]) -> Callable[..., _R]:
    """Add the options that choose a system; the command gets `place` and `clock`."""

    @click.option(
        "--state",
        "state_path",
        type=click.Path(path_type=Path, file_okay=False),
        default=state.DEFAULT,
        show_default=True,
        help="Directory of the local stack.",
    )
    @click.option("--project", help="A project of Google Cloud instead.")
    @click.option(
        "--state-bucket",
        envvar="PLANTAIN_STATE_BUCKET",
        help="With --project: its bucket of records.",
    )
    @click.option("--emulator", envvar="PUBSUB_EMULATOR_HOST", hidden=True, default="")
    @click.option(
        "--storage-emulator", envvar="STORAGE_EMULATOR_HOST", hidden=True, default=""
    )
    @wraps(command)
    def wrapped(
        *,
        state_path: Path,
        project: str | None,
        state_bucket: str | None,
        emulator: str,
        storage_emulator: str,
        **options: Any,  # noqa: ANN401  # the command's own
    ) -> _R:
        clock: Clock = SystemClock()
        if project:
            place = _project(project, state_bucket)
        else:
            place, clock = _local(state_path, emulator, storage_emulator)
        return command(place=place, clock=clock, **options)

    return wrapped


def _project(project: str, state_bucket: str | None) -> Place:
    if not state_bucket:
        raise click.UsageError(
            "--project also needs --state-bucket (or PLANTAIN_STATE_BUCKET): the"
            " bucket in which the functions keep their records."
        )
    return Place(project=project, state_bucket=state_bucket)


def _local(path: Path, pubsub: str, storage: str) -> tuple[Place, Clock]:
    """Return a running stack's place; else what the emulator variables name."""
    try:
        found = state.StateDir(path).read()
    except state.NoStackError:
        if not (pubsub and storage):
            raise
    else:
        return place_of(found), StepClock(Path(found["clock"]))
    url = storage if "://" in storage else f"http://{storage}"
    return Place(project=topology.PROJECT, storage=url, pubsub=pubsub), SystemClock()
