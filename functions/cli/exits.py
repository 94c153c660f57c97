"""How the command ends, as numbers that scripts can use.

The law: each number has one meaning, in every command, and `--help` prints it.
"""

from __future__ import annotations

import json
from enum import IntEnum
from typing import IO, TYPE_CHECKING, Any, Final

import click
from typing_extensions import override

from functions.job.errors import ConfigurationError, PoisonError
from functions.job.record import State
from functions.local.state import NoStackError

if TYPE_CHECKING:
    from functions.job.errors import PlantainError


class Exit(IntEnum):
    """The exit codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    OVER = 4
    NO_END = 5
    UNREACHABLE = 6


HELP: Final = """\b
Exit codes:
  0  done
  1  the job failed, or something could not be started
  2  the command or the request is written wrongly; nothing was ordered
  3  refused: the request has to change before it can pass
  4  expired or cancelled
  5  no end yet: the time to wait is over, the job goes on
  6  no stack is running, or it cannot be reached
"""

_OF_STATE: Final = {
    State.DONE: Exit.DONE,
    State.FAILED: Exit.FAILED,
    State.REFUSED: Exit.REFUSED,
    State.EXPIRED: Exit.OVER,
    State.CANCELLED: Exit.OVER,
    State.RUN: Exit.NO_END,
    State.WAIT: Exit.NO_END,
}


class Stop(click.ClickException):
    """An expected end with a message; with `as_json` also as an object on stdout."""

    def __init__(self, message: str, code: Exit, *, as_json: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self._as_json = as_json

    @override
    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence, and the object where one was promised."""
        if self._as_json:
            click.echo(json.dumps({"error": self.message, "exit": int(self.code)}))
        click.echo(f"plantain: {self.message}", err=True)


def of_state(state: State) -> Exit:
    """Return the exit code that says how a job stands."""
    return _OF_STATE[state]


def of_error(error: PlantainError) -> Exit:
    """Return the exit code of an error that Plantain has a word for."""
    if isinstance(error, PoisonError | ConfigurationError):
        return Exit.USAGE
    if isinstance(error, NoStackError):
        return Exit.UNREACHABLE
    return Exit.FAILED
