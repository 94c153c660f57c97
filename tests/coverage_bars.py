"""The bars of branch coverage, checked on the data of one `coverage run`.

100 % in `functions/job`, at least 95 % elsewhere; `local` and `cli` are the fakes and
the command, watched by their own tests.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

BARS: Final = (("functions/job/", 100.0), ("functions/", 95.0))
FREE: Final = ("functions/local/", "functions/cli/")


def percent(summaries: list[dict[str, Any]]) -> float:
    """Return lines and branches covered of all, in percent."""
    covered = sum(s["covered_lines"] + s["covered_branches"] for s in summaries)
    whole = sum(s["num_statements"] + s["num_branches"] for s in summaries)
    return 100.0 * covered / whole if whole else 0.0


def main() -> int:
    """Print the figures and return 1 where one is under its bar."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        command = [sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)]
        subprocess.run(command, check=True)
        files = json.loads(report.read_text())["files"]
    failed = 0
    rest = {name: f for name, f in files.items() if not name.startswith(FREE)}
    for prefix, bar in BARS:
        mine = {name: f for name, f in rest.items() if name.startswith(prefix)}
        rest = {name: f for name, f in rest.items() if name not in mine}
        reached = percent([f["summary"] for f in mine.values()])
        sys.stdout.write(
            f"branch coverage of {prefix}: {reached:.2f} % (bar {bar} %)\n"
        )
        if reached < bar:
            failed = 1
            for name, f in sorted(mine.items()):
                if f["missing_lines"] or f["missing_branches"]:
                    lines, jumps = f["missing_lines"], f["missing_branches"]
                    sys.stdout.write(f"  {name}: lines {lines}, branches {jumps}\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
