"""Writes the lock files: `make lock`. A test says when they are stale, offline."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
# file -> what of pyproject it holds
LOCKS: Final = {
    "requirements.txt": (),
    "requirements-dev.txt": ("--extra", "local", "--group", "dev"),
}
_MARK: Final = "# plantain dependencies sha256:"


def digest() -> str:
    """Return the hash of everything in pyproject that decides the lock files."""
    tree = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tables = {
        "python": tree["project"]["requires-python"],
        "runtime": tree["project"]["dependencies"],
        "extras": tree["project"]["optional-dependencies"],
        "groups": tree["dependency-groups"],
    }
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()


def stamp(name: str) -> str:
    """Return the digest that a lock file says it was made from, "" if none."""
    first = (ROOT / name).read_text().partition("\n")[0]
    return first.removeprefix(_MARK).strip() if first.startswith(_MARK) else ""


def write() -> None:
    """Resolve and write every lock file; asks the package index."""
    for name, more in LOCKS.items():
        made = subprocess.run(
            [
                *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml"),
                *("--universal", "--python-version", "3.11", "--generate-hashes"),
                *("--no-header", "--no-annotate", "--no-emit-index-url", *more),
            ],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        (ROOT / name).write_text(f"{_MARK}{digest()}\n{made.stdout}")


if __name__ == "__main__":
    write()
