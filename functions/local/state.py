"""The directory of one stack: who runs on it, where it answers, what it keeps.

The law: one stack a directory, held by a lock that the system gives back however
the stack ends; `stack.json` is whole or absent; wiping removes only names that the
stack itself makes, whatever else lies in the directory.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

from functions.job.errors import PlantainError

DEFAULT: Final = Path(".plantain")
_OURS: Final = ("storage", "pubsub", "logs", "demo", "clock", "stack.json")


class StateTakenError(PlantainError):
    """Another stack runs on this directory."""


class NoStackError(PlantainError):
    """No stack runs on this directory, or it does not answer."""


@dataclass(frozen=True, slots=True)
class StateDir:
    """Paths under one state directory."""

    root: Path

    @property
    def storage(self) -> Path:
        """Return where the buckets lie."""
        return self.root / "storage"

    @property
    def logs(self) -> Path:
        """Return where each function's log lies."""
        return self.root / "logs"

    @property
    def clock(self) -> Path:
        """Return the file of the shared clock."""
        return self.root / "clock"

    @property
    def stack(self) -> Path:
        """Return the file that says where a running stack answers."""
        return self.root / "stack.json"

    def prepare(self) -> None:
        """Make the directories."""
        for path in (self.root, self.storage, self.logs):
            path.mkdir(parents=True, exist_ok=True)

    def wipe(self) -> None:
        """Remove what earlier stacks left; nothing else in the directory."""
        for name in _OURS:
            path = self.root / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def announce(self, description: dict[str, Any]) -> None:
        """Say where the stack answers, at once for every reader."""
        fresh = self.stack.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(description, indent=2) + "\n")
        fresh.replace(self.stack)

    def withdraw(self) -> None:
        """Say that no stack answers here."""
        self.stack.unlink(missing_ok=True)

    def read(self) -> dict[str, Any]:
        """Return what a running stack announced.

        Raises:
            NoStackError: none runs here, or the one that did was killed.

        """
        try:
            found: dict[str, Any] = json.loads(self.stack.read_text())
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoStackError(
                f"no local stack runs on {self.root}; start one with `plantain up`"
                " (in another terminal), or name its directory with --state."
            ) from error
        except ValueError as error:
            raise NoStackError(
                f"{self.stack} cannot be read; remove it and start `plantain up`."
            ) from error
        if not _alive(found.get("pid")):
            raise NoStackError(
                f"the stack on {self.root} (process {found.get('pid')}) is gone without"
                " a farewell; start it again with `plantain up`, its buckets are kept."
            )
        return found


class Lock:
    """The right to run a stack on a directory, until closed or dead."""

    def __init__(self, state: StateDir, file: IO[str]) -> None:
        self._state = state
        self._file = file

    @classmethod
    def take(cls, state: StateDir) -> Self:
        """Take the directory.

        Raises:
            StateTakenError: naming who has it.

        """
        state.root.mkdir(parents=True, exist_ok=True)
        file = (state.root / "lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise StateTakenError(_who(state)) from error
        return cls(state, file)

    def release(self) -> None:
        """Give the directory back."""
        self._file.close()


def _who(state: StateDir) -> str:
    other = "another stack"
    with contextlib.suppress(NoStackError):
        found = state.read()
        other = f"another stack (process {found['pid']}, {found['urls']['control']})"
    return (
        f"{other} runs on {state.root}; stop that one with Ctrl-C, or choose another"
        " directory with --state and other ports with --port-base."
    )


def _alive(pid: object) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
