"""One function under a real functions-framework, and what it costs.

The law: CPU and memory are the kernel's own counts of this function's processes and
of nothing else, and no process outlives the bench.
"""

from __future__ import annotations

import atexit
import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

ROOT: Final = Path(__file__).resolve().parents[1]
MIB: Final = 1 << 20
_START: Final = 60.0  # s
_LOOK: Final = 0.003  # s between two looks at the port of a starting function
_STOP: Final = 5.0  # s between the polite and the other signal
_ANSWER: Final = 300.0  # s
_CPU_OF_PROCESS: Final = 2  # linux/posix-timers.h: CPUCLOCK_SCHED
_TAIL: Final = 12  # lines of its log that an error shows
_RESET_PEAK: Final = "5"  # proc(5): clear_refs


class TargetError(Exception):
    """A function did not start or did not answer as it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What to start."""

    name: str
    python: Path
    source: Path
    signature: str  # of functions-framework
    target: str = "generate"
    environ: Mapping[str, str] = field(default_factory=dict)
    core: int | None = None


class Target:
    """A running function; `with Target(spec) as target:`."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.began = 0.0  # when the process was started, seconds since the epoch
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the target

    def start(self) -> Self:
        """Start the process and return once its port is open."""
        spec = self.spec
        here = os.sched_getaffinity(0)
        if spec.core is not None:  # the child has it from its first instruction
            os.sched_setaffinity(0, {spec.core})
        try:
            self.began = time.time()
            self._process = subprocess.Popen(
                (
                    *(spec.python, "-m", "functions_framework"),
                    *(f"--target={spec.target}", f"--source={spec.source}"),
                    f"--signature-type={spec.signature}",
                    *("--host=127.0.0.1", f"--port={self._port}"),
                ),
                env=dict(spec.environ),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            os.sched_setaffinity(0, here)
        atexit.register(self.stop)
        self._wait_open()
        return self

    def stop(self) -> None:
        """End every process of the function; harmless when done before."""
        atexit.unregister(self.stop)
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def send(self, headers: Mapping[str, str], body: bytes) -> None:
        """Deliver one event.

        Raises:
            TargetError: it was not acknowledged.

        """
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=_ANSWER
        )
        with contextlib.closing(connection):
            connection.request("POST", "/", body, dict(headers))
            answer = connection.getresponse()
            said = answer.read()
        if answer.status >= http.client.MULTIPLE_CHOICES:
            raise TargetError(
                f"{self.spec.name} answered {answer.status}: {said[:200]!r}"
                f"{self._last_words()}"
            )

    def cpu(self) -> float:
        """Return the CPU seconds, user and system, of all processes so far."""
        return sum(
            time.clock_gettime((~pid << 3) | _CPU_OF_PROCESS) for pid in self._pids()
        )

    def rss(self) -> float:
        """Return the resident set of the worker, exactly, in MiB."""
        return _rollup(self._worker(), "Rss")

    def whole(self) -> float:
        """Return all memory of the instance, shared pages counted once, in MiB."""
        return sum(_rollup(pid, "Pss") for pid in self._pids())

    def reset_peak(self) -> None:
        """Let `peak` speak of what follows."""
        Path(f"/proc/{self._worker()}/clear_refs").write_text(_RESET_PEAK)

    def peak(self) -> float:
        """Return the largest resident set of the worker since the reset, in MiB."""
        return _kib(Path(f"/proc/{self._worker()}/status"), "VmHWM")

    def beside(self) -> float:
        """Return what the instance holds outside of the worker's pages, in MiB."""
        private = ("Private_Clean", "Private_Dirty")
        worker = self._worker()
        others = [pid for pid in self._pids() if pid != worker]
        return sum(_rollup(pid, name) for pid in others for name in private)

    def _wait_open(self) -> None:
        end = time.monotonic() + _START
        while time.monotonic() < end:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self._port)),
            ):
                return
            if self._process is None or self._process.poll() is not None:
                break
            time.sleep(_LOOK)
        self.stop()
        raise TargetError(f"{self.spec.name} did not start{self._last_words()}")

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        return "\n  ".join(("", *lines[-_TAIL:]))

    def _pids(self) -> list[int]:
        if self._process is None:
            raise TargetError(f"{self.spec.name} is not running")
        found, ahead = [], [self._process.pid]
        while ahead:
            pid = ahead.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    # A thread may end while we look.
                    ahead += map(int, (task / "children").read_text().split())
        return found

    def _worker(self) -> int:
        """Return the process that serves: gunicorn's one child, once it is there."""
        end = time.monotonic() + _START
        while time.monotonic() < end:
            _master, *workers = self._pids()
            if len(workers) == 1:
                return workers[0]
            time.sleep(_LOOK)
        raise TargetError(f"{self.spec.name} has no single worker")

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _rollup(pid: int, name: str) -> float:
    return _kib(Path(f"/proc/{pid}/smaps_rollup"), name)


def _kib(path: Path, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", path.read_text(), re.MULTILINE)
    if found is None:
        raise TargetError(f"{path} does not say {name}")
    return int(found[1]) * 1024 / MIB
