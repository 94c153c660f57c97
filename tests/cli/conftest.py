"""The real stack, its real functions, and the command as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from functions import cli
from functions.local.running import RunningStack
from functions.local.stack import Options
from tests.local.stacks import ROOT, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Ran:
    """How the command ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Return the one object on standard output."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Return a stack with the functions of main.py."""
    path = tmp_path_factory.mktemp("stack")
    with RunningStack(path, Options(port_base=0, environ=clean())) as running:
        yield running


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ran]:
    """Return the command, run in this process: quick, and warnings are errors."""
    for name in ("PUBSUB_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)

    def ran(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["plantain", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        seen = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, seen.out, seen.err)

    return ran


@pytest.fixture
def on(stack: RunningStack, run: Callable[..., Ran]) -> Callable[..., Ran]:
    """Return the command, pointed at the stack."""

    def ran(name: str, *arguments: str) -> Ran:
        return run(name, *arguments, "--state", str(stack.stack.state.root))

    return ran


def shell(
    *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "functions.cli", *arguments],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env=clean() | dict(environ or {}),
        check=False,
    )
