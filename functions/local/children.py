"""One function as a real functions-framework process, kept running.

The law: an instance that dies is started again on its port and counted; one that
dies before it ever answered is an error that shows its last words; `stop` ends
master and workers within its grace, whatever they are doing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.job.errors import PlantainError

if TYPE_CHECKING:
    from pathlib import Path

_PAUSE: Final = 0.2  # s before the first restart; doubles while deaths are quick
_PAUSE_MOST: Final = 5.0
_QUICK: Final = 5.0  # s; an instance that lived longer starts afresh
_LOOK: Final = 0.03  # s between two looks at a port
_LINE: Final = 1 << 20  # longest log line taken whole
_TAIL: Final = 12  # last lines shown of a child that did not start

Echo = Callable[[str, str], None]  # function, line


class ChildError(PlantainError):
    """A function's process did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What to run."""

    function: str
    source: Path  # main.py
    host: str
    port: int
    environ: Mapping[str, str]
    log: Path
    lifeline: int  # read end of a pipe that only the stack holds open

    def command(self) -> tuple[str, ...]:
        """Return the command line."""
        return (
            *(sys.executable, "-m", "functions.local.launch"),
            *(str(os.getpid()), str(self.lifeline)),
            *(f"--target={self.function}", f"--source={self.source}"),
            *("--signature-type=http", f"--host={self.host}", f"--port={self.port}"),
        )


class Child:
    """One function; `start`, then `ready`, then it keeps itself running."""

    def __init__(
        self, spec: Spec, root: Path, echo: Echo, changed: Callable[[], None]
    ) -> None:
        self.spec = spec
        self.restarts = 0
        self.probe = ""  # for the next start only
        self._root = root
        self._echo = echo
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._pause = _PAUSE
        self._born = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Return the process, also the group, of the instance; None while down."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    async def start(self) -> None:
        """Start the instance; return before it answers."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep())

    async def ready(self, timeout: float = 30.0) -> None:  # noqa: ASYNC109  # of a start
        """Return once the instance answers.

        Raises:
            ChildError: with its last words, when it does not.

        """
        before = self.restarts
        try:
            async with asyncio.timeout(timeout):
                while not await self._answers():
                    if self.restarts > before:
                        raise ChildError(self._last_words("died before it answered"))
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            words = self._last_words(f"did not answer within {timeout:.0f} s")
            raise ChildError(words) from None

    def kill(self) -> int:
        """Kill -9 the instance, as a crash would; return its process id."""
        pid = self.pid
        if pid is None:
            raise ChildError(f"{self.spec.function} is down already, being restarted.")
        self._signal(signal.SIGKILL)
        return pid

    def freeze(self) -> None:
        """Stop the instance in its tracks, as a throttled one is."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    async def restart(self) -> None:
        """Kill -9 the instance and return once its successor answers."""
        self._pause = _PAUSE
        self._born.clear()
        self.kill()
        await self._born.wait()
        await self.ready()

    async def stop(self, grace: float = 1.0) -> None:
        """End the instance, by force after `grace` seconds."""
        self._stopping = True
        if self._process is not None:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await self._process.wait()
            self._signal(signal.SIGKILL)
        if self._keeper is not None:
            with contextlib.suppress(asyncio.CancelledError):
                self._keeper.cancel() if self.pid is None else None
                await self._keeper

    def _signal(self, number: signal.Signals) -> None:
        """Reach the whole group: a worker can outlive its master."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    async def _spawn(self) -> None:
        environ = dict(self.spec.environ)
        if self.probe:
            environ["PLANTAIN_PROBE"], self.probe = self.probe, ""
        self._process = await asyncio.create_subprocess_exec(
            *self.spec.command(),
            env=environ,
            cwd=self._root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(self.spec.lifeline,),
            limit=_LINE,
        )
        self._born.set()
        self._changed()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while self._process is not None:
            born = loop.time()
            await self._collect(self._process)
            code = await self._process.wait()
            self._signal(signal.SIGKILL)  # what is left of its group
            if self._stopping:
                return
            quick = loop.time() - born < _QUICK
            pause = self._pause if quick else _PAUSE
            self._pause = min(pause * 2, _PAUSE_MOST)
            self.restarts += 1
            self._say(f"ended ({_how(code)}); starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)
            if self._stopping:
                return
            await self._spawn()

    async def _collect(self, process: asyncio.subprocess.Process) -> None:
        """Pass every line on until the last process of the group closed the pipe."""
        stream = process.stdout
        gone = asyncio.create_task(process.wait())
        try:
            while stream is not None:
                line = asyncio.create_task(_line(stream))
                await asyncio.wait({line, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not line.done():  # the master is gone: so is the instance
                    self._signal(signal.SIGKILL)
                text = await line
                if text is None:
                    return
                self._say(text)
        finally:
            await gone

    def _say(self, line: str) -> None:
        self._tail.append(line)
        with self.spec.log.open("a", encoding="utf-8") as log:
            log.write(line + "\n")
        self._echo(self.spec.function, line)

    def _last_words(self, what: str) -> str:
        words = "\n  ".join(self._tail) or "(nothing)"
        return (
            f"the function {self.spec.function} {what}."
            f" Its last words, more in {self.spec.log}:\n  {words}"
        )

    async def _answers(self) -> bool:
        """Ask for robots.txt, which the framework answers without the function."""
        try:
            reader, writer = await asyncio.open_connection(
                self.spec.host, self.spec.port
            )
        except OSError:
            return False
        try:
            writer.write(b"GET /robots.txt HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return (await reader.read(5)).startswith(b"HTTP/")
        except OSError:
            return False
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _line(stream: asyncio.StreamReader) -> str | None:
    """Return the next line, cut where it is absurdly long; None at the end."""
    try:
        raw = await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        raw = error.partial
    except asyncio.LimitOverrunError as error:
        raw = await stream.read(max(error.consumed, 1))
    return raw.decode("utf-8", "replace").rstrip("\r\n") if raw else None


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
