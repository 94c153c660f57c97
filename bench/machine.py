"""What was measured on, and how quiet it was."""

from __future__ import annotations

import os
import platform
import ssl
from pathlib import Path
from typing import Any, Final

_BUSY: Final = slice(0, 8)  # user .. steal of /proc/stat
_IDLE: Final = slice(3, 5)  # idle, iowait


def cores() -> tuple[int | None, int | None]:
    """Return the core of the target and that of everything else, None where shared."""
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (None, None)


def facts() -> dict[str, Any]:
    """Return what the figures depend on."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(pages / (1 << 30)),
        "system": platform.release(),
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
    }


class Others:
    """How much of the machine belonged to other programs while the bench ran."""

    def __init__(self) -> None:
        self._busy, self._all = _jiffies()

    def share(self, used: float) -> float:
        """Return their share of all CPU time; `used` is what the bench took, in s."""
        busy, everything = _jiffies()
        ticks = os.sysconf("SC_CLK_TCK")
        whole = (everything - self._all) / ticks
        theirs = (busy - self._busy) / ticks - used
        return max(0.0, theirs / whole) if whole else 0.0


def _jiffies() -> tuple[int, int]:
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    times = [int(field) for field in fields][_BUSY]
    return sum(times) - sum(times[_IDLE]), sum(times)
