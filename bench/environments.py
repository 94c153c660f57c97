"""One virtual environment for each side, as each would be deployed.

The law: ours holds the runtime lock file and nothing more, the peer its pinned
requirements. Both are compiled beforehand, as the host's build does. Where packages
cannot be installed, both sides run on this interpreter, and the table says so.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.process import ROOT

_PLACE: Final = ROOT / "bench" / ".venvs"
_OURS: Final = ROOT / "requirements.txt"
_NAIVE: Final = ROOT / "bench" / "peers" / "naive" / "requirements.txt"


@dataclass(frozen=True, slots=True)
class Interpreters:
    """The Python of each side."""

    ours: Path
    naive: Path
    shared: bool  # both are this interpreter


def prepare(*, shared: bool = False) -> Interpreters:
    """Return the interpreters, their environments made when first needed."""
    for place in ("main.py", "functions", "bench/peers"):
        _run(sys.executable, "-m", "compileall", "-q", str(ROOT / place))
    here = Path(sys.executable)
    if not shared:
        try:
            ours = _environment("ours", _OURS, "--require-hashes")
            naive = _environment("naive", _NAIVE)
        except subprocess.CalledProcessError:
            print("packages cannot be installed; both sides share this interpreter")
        else:
            return Interpreters(ours, naive, shared=False)
    return Interpreters(here, here, shared=True)


def _environment(name: str, requirements: Path, *options: str) -> Path:
    place = _PLACE / name
    python = place / "bin" / "python"
    mark = place / "made-from"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest() + sys.version
    if mark.is_file() and mark.read_text() == wanted:
        return python
    print(f"installing {place.relative_to(ROOT)} (once)", flush=True)
    _run(sys.executable, "-m", "venv", "--clear", str(place))
    pip = (str(python), "-m", "pip", "install", "--quiet", "--compile")
    _run(*pip, "--disable-pip-version-check", *options, "-r", str(requirements))
    mark.write_text(wanted)
    return python


def _run(*command: str) -> None:
    """Run quietly: what pip says names the index it was told to use."""
    subprocess.run(command, check=True, capture_output=True)
