from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from functions.job.errors import ConfigurationError
from functions.job.walk import Step
from functions.probe import probe

if TYPE_CHECKING:
    from pathlib import Path


def walked(setting: str) -> int:
    """Return how a process ended that passed every step twice."""
    script = (
        "import sys; from functions.probe import probe;"
        "from functions.job.walk import Step; at = probe(sys.argv[1]);"
        "[at(s) for _ in range(2) for s in Step]"
    )
    return subprocess.run(
        [sys.executable, "-c", script, setting], check=False
    ).returncode


@pytest.mark.parametrize("setting", ["kill:asked", "kill:settled:2"])
def test_a_probe_kills_at_its_step(setting: str) -> None:
    """Dead by SIGKILL: no handler, no farewell."""
    assert walked(setting) == -signal.SIGKILL


@pytest.mark.parametrize("setting", ["", "kill:asked:3"])
def test_a_probe_that_is_not_reached_does_nothing(setting: str) -> None:
    """Without a probe, or before its turn, the walk goes on."""
    assert walked(setting) == 0


def test_only_one_process_ever_falls_to_a_probe_with_a_file(tmp_path: Path) -> None:
    """The successor walks on."""
    setting = f"kill:asked:1:{tmp_path / 'once'}"
    assert [walked(setting), walked(setting)] == [-signal.SIGKILL, 0]


def test_a_stopped_process_goes_on_after_sigcont(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`stop` is a SIGSTOP to ourselves."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(signal, "pthread_kill", lambda *sign: sent.append(sign))
    at = probe("stop:kept")
    at(Step.ASKED)
    at(Step.KEPT)
    assert sent == [(threading.get_ident(), signal.SIGSTOP)]


@pytest.mark.parametrize("wrong", ["die:asked", "kill:nowhere", "kill", "kill:asked:x"])
def test_a_probe_of_another_form_names_the_steps(wrong: str) -> None:
    """The error lists what may be written."""
    with pytest.raises(ConfigurationError, match="received, parsed"):
        probe(wrong)


def test_there_are_enough_places_to_die() -> None:
    """The kill tests promise at least 14."""
    assert len(Step) >= 14
