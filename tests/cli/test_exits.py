from __future__ import annotations

import re

import pytest

from functions.cli.exits import HELP, Exit, Stop, of_error, of_state
from functions.job.errors import ConfigurationError, PlantainError, PoisonError
from functions.job.record import State
from functions.local.broker_setup import NoPubSubError
from functions.local.client import UnreachableError
from functions.local.state import NoStackError


def test_every_code_is_in_the_help() -> None:
    """What scripts rely on is documented, each number once."""
    told = [int(number) for number in re.findall(r"^  (\d)  ", HELP, re.MULTILINE)]
    assert told == sorted(code.value for code in Exit)


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_code(state: State) -> None:
    """Only a finished job ends with 0, only an unfinished one with 5."""
    assert (of_state(state) is Exit.DONE) == (state is State.DONE)
    assert (of_state(state) is Exit.NO_END) == (not state.terminal)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PoisonError("r", "m"), Exit.USAGE),
        (ConfigurationError("m"), Exit.USAGE),
        (NoStackError("m"), Exit.UNREACHABLE),
        (UnreachableError("m"), Exit.UNREACHABLE),
        (NoPubSubError("m"), Exit.UNREACHABLE),
        (PlantainError("m"), Exit.FAILED),
    ],
)
def test_every_error_has_a_code(error: PlantainError, code: Exit) -> None:
    """Written wrongly, not reachable, and everything else."""
    assert of_error(error) is code


def test_a_stop_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout stays empty, or holds exactly the object that was promised."""
    Stop("sentence", Exit.REFUSED).show()
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", "plantain: sentence\n")
    Stop("sentence", Exit.REFUSED, as_json=True).show()
    assert capsys.readouterr().out == '{"error": "sentence", "exit": 3}\n'
