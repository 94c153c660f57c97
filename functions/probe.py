"""The probe of the tests: stop or kill this instance at a named step.

`PLANTAIN_PROBE` is `<kill|stop>:<step>[:<n>[:<file>]]`: at the n-th passing of the
step (1 if not given) the process kills itself, or stops until it gets a SIGCONT.
With a file, only one process ever does: the one that creates it. Refused where
`K_SERVICE` is set.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from functions.job.errors import ConfigurationError
from functions.job.walk import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.job.ports import Album, Buffer, PictureFacts, Stored
    from functions.job.walk import Albums

_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
_FORM: Final = "PLANTAIN_PROBE must be <kill|stop>:<step>[:<n>[:<file>]], step one of "


def probe(setting: str) -> Callable[[Step], None]:
    """Return what the walk calls at every step.

    Raises:
        ConfigurationError: the setting has another form.

    """
    if not setting:
        return _nothing
    action, _, rest = setting.partition(":")
    step, _, rest = rest.partition(":")
    nth, _, file = rest.partition(":")
    if action not in _SIGNALS or step not in set(Step) or not (nth or "1").isdecimal():
        raise ConfigurationError(_FORM + ", ".join(Step))
    return _Armed(_SIGNALS[action], Step(step), int(nth or "1"), file)


def watched(albums: Albums, at: Callable[[Step], None]) -> Albums:
    """Return albums that pass `Step.ARRIVING` after a picture's first bytes."""

    def opened(prefix: str, *, drafts: bool) -> Album:
        return _Watched(albums(prefix, drafts=drafts), at)

    return opened


class _Watched:
    """An album whose first bytes are a step."""

    def __init__(self, album: Album, at: Callable[[Step], None]) -> None:
        self._album, self._at, self._seen = album, at, False

    def begin(self) -> None:
        self._album.begin()

    def write(self, data: Buffer) -> None:
        self._album.write(data)
        if not self._seen:
            self._seen = True
            self._at(Step.ARRIVING)

    def end(self, *, thought: bool) -> None:
        self._album.end(thought=thought)

    def pictures(self) -> tuple[PictureFacts, ...]:
        return self._album.pictures()

    def keep(self) -> tuple[Stored, ...]:
        return self._album.keep()

    def drop(self) -> None:
        self._album.drop()


def _nothing(step: Step) -> None:
    """Do nothing, as in the cloud."""


class _Armed:
    def __init__(self, sign: signal.Signals, step: Step, nth: int, file: str) -> None:
        self._signal, self._step, self._nth, self._file = sign, step, nth, file
        self._passed = 0
        self._lock = threading.Lock()

    def __call__(self, step: Step) -> None:
        if step is not self._step:
            return
        with self._lock:
            self._passed += 1
            if self._passed != self._nth or not self._first():
                return
        # To this very thread: sent to the process, another thread would take it, and
        # this one would go on until that one was scheduled.
        signal.pthread_kill(threading.get_ident(), self._signal)

    def _first(self) -> bool:
        if not self._file:
            return True
        try:
            Path(self._file).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True
