"""What tests of the stack share: options, waiting, looking at processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from functions.local import environment
from functions.local.stack import Options

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = Path(__file__).parent / "source" / "main.py"
_T = TypeVar("_T")


def wait_for(look: Callable[[], _T], timeout: float = 20.0) -> _T:
    """Return what `look` sees as soon as it is true; fail when it never is."""
    end = time.monotonic() + timeout
    while not (seen := look()):
        assert time.monotonic() < end, f"never true within {timeout} s: {look}"
        threading.Event().wait(0.02)
    return seen


@dataclass
class Notes:
    """What the functions of tests/local/source saw."""

    path: Path

    def all(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def of(self, **wanted: object) -> list[dict[str, Any]]:
        return [note for note in self.all() if wanted.items() <= note["data"].items()]


def options(tmp_path: Path, **told: str) -> Options:
    """Return options for a stack whose functions note what they see, and are `told`."""
    return Options(
        state=tmp_path / "state",
        port_base=0,
        source=SOURCE,
        environ=clean(),
        extra={"TEST_NOTES": str(tmp_path / "notes")} | told,
    )


def clean() -> dict[str, str]:
    """Return this shell's environment without what would lead a stack elsewhere."""
    told = ("PLANTAIN_", "PUBSUB_EMULATOR", "STORAGE_EMULATOR")
    return {k: v for k, v in environment.shell().items() if not k.startswith(told)}


def up(state: Path, *arguments: str, **extra: str) -> subprocess.Popen[str]:
    """Start `plantain up` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "functions.cli", "up", "--state", str(state)]
        + (list(arguments) if arguments else ["--port-base", "0"]),
        cwd=ROOT,
        env=clean() | extra,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def announced(state: Path) -> dict[str, Any]:
    """Return what a stack says of itself, once it is up."""
    path = state / "stack.json"
    wait_for(path.exists, 40)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def alive(pid: int) -> bool:
    """Say whether a process runs; one that is dead and not yet reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def group(pid: int) -> set[int]:
    """Return the processes of a group."""
    found = set()
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                if os.getpgid(int(path.name)) == pid:
                    found.add(int(path.name))
            except ProcessLookupError:
                continue
    return {one for one in found if alive(one)}
