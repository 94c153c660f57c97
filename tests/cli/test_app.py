from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from functions.cli import app
from tests.cli.conftest import shell
from tests.local.stacks import ROOT, clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Ran

COMMANDS = ("up", "generate", "edit", "status", "watch", "judge", "demo")


def test_help_names_every_command_and_every_exit_code(run: Callable[..., Ran]) -> None:
    """The first thing that anybody types tells all there is."""
    ran = run("--help")
    assert ran.code == 0
    for name in COMMANDS:
        assert f"  {name} " in ran.out
    assert "no stack is running" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(run: Callable[..., Ran], name: str) -> None:
    """--help works without a stack and repeats the exit codes."""
    ran = run(name, "--help")
    assert ran.code == 0
    assert "Exit codes" in ran.out


def test_help_imports_no_command() -> None:
    """Help is quick: nothing of Google's libraries is loaded for it."""
    code = (
        "import sys\nfrom functions.cli import app\n"
        "try:\n    app.root.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = ('grpc', 'rich', 'httpx', 'google.pubsub_v1')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=clean(),
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_is_a_usage_error(run: Callable[..., Ran]) -> None:
    """A slip of the finger costs nothing."""
    ran = run("paint")
    assert ran.code == 2
    assert "paint" in ran.err


def test_the_version_is_the_packages(run: Callable[..., Ran]) -> None:
    """`--version` answers where the package is installed."""
    assert "0.1.0" in run("--version").out


def test_ctrl_c_is_no_traceback(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted command ends with 130, as shells expect."""

    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app.root, "main", interrupted)
    ran = run("status")
    assert ran.code == 130
    assert ran.err.startswith("plantain: interrupted.")
    assert "plantain status" in ran.err  # the job goes on and may be paid


def test_a_closed_pipe_is_no_traceback() -> None:
    """`plantain ... | head -0` says nothing."""
    with subprocess.Popen(
        [sys.executable, "-m", "functions.cli", "--help"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_the_module_is_the_command() -> None:
    """`python -m functions.cli` does what `plantain` does."""
    ran = shell("--version")
    assert ran.returncode == 0
    assert b"0.1.0" in ran.stdout
