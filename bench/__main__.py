"""`python -m bench`: measure everything, print one table, keep it as JSON.

Exits with 1 when a bar was missed, with 2 when a run went wrong and nothing was
measured.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench import environments, machine, measure, report
from bench.process import ROOT, Spec, TargetError
from bench.stage import Stage

_PEER: Final = ROOT / "bench" / "peers" / "naive" / "main.py"
_PARTS: Final = ("cpu", "cold", "memory", "growth", "drain")
_NO_SIMD: Final = 'raise ImportError("left out on purpose")\n'
_ENDS: Final = (signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run what was asked for and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs of each")
    parser.add_argument("--shared", action="store_true", help="install no environments")
    parser.add_argument("--only", choices=_PARTS, action="append", help="repeatable")
    wanted = parser.parse_args()
    for number in _ENDS:  # so that `atexit` ends the functions
        signal.signal(number, lambda *_: sys.exit(130))
    counts = measure.QUICK if wanted.quick else measure.FULL
    interpreters = environments.prepare(shared=wanted.shared)
    target_core, our_core = machine.cores()
    if our_core is not None:
        os.sched_setaffinity(0, {our_core})
    others, began = machine.Others(), time.time()
    try:
        with tempfile.TemporaryDirectory() as folder, Stage() as stage:
            specs = _specs(stage, interpreters, target_core, Path(folder))
            results = _measured(stage, specs, counts, wanted.only or _PARTS)
            verified = stage.verified
    except TargetError as error:
        print(f"nothing was measured: {error}", file=sys.stderr)
        return 2
    about = machine.facts() | {
        "seconds": round(time.time() - began),
        "verified": verified,
        "others": round(others.share(_used()), 2),
        "pinned": target_core is not None,
        "shared_interpreter": interpreters.shared,
        "quick": wanted.quick,
    }
    found = report.rows(results)
    report.keep(found, results, about)
    print(f"\n{report.table(found)}\n\n{_told(about)}")
    return int(any(row.verdict == "MISSED" for row in found))


def _specs(
    stage: Stage,
    interpreters: environments.Interpreters,
    core: int | None,
    folder: Path,
) -> dict[str, Spec]:
    (folder / "pybase64.py").write_text(_NO_SIMD)

    def ours(name: str, **environ: str) -> Spec:
        return Spec(
            name=name,
            python=interpreters.ours,
            source=ROOT / "main.py",
            signature="http",
            environ=stage.environ(**environ),
            core=core,
        )

    return {
        "ours": ours("ours"),
        "wide": ours("ours", THREADS="80"),
        "stdlib": ours("ours-stdlib", PYTHONPATH=str(folder)),
        "naive": Spec(
            name="naive",
            python=interpreters.naive,
            source=_PEER,
            signature="cloudevent",
            environ=stage.environ(),
            core=core,
        ),
    }


def _measured(
    stage: Stage, specs: dict[str, Spec], counts: measure.Counts, parts: tuple[str, ...]
) -> measure.Results:
    ours, naive = specs["ours"], specs["naive"]
    pair = (ours, naive)
    work = {
        "cpu": lambda: measure.cpu(stage, (*pair, specs["stdlib"]), counts),
        "cold": lambda: measure.cold(stage, pair, counts),
        "memory": lambda: measure.memory(stage, ours, naive, specs["wide"], counts),
        "growth": lambda: measure.growth(stage, ours, counts),
        "drain": lambda: measure.drain(stage, pair, counts),
    }
    results: measure.Results = {}
    for part in _PARTS:
        if part in parts:
            print(f"measuring: {part}", flush=True)
            results |= work[part]()
    return results


def _used() -> float:
    """Return the CPU seconds of this process and of the functions that ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


def _told(about: dict[str, Any]) -> str:
    pinned = "function alone on one core" if about["pinned"] else "one core for all"
    peer = "one interpreter" if about["shared_interpreter"] else "a venv each"
    return (
        f"{about['cpu']}, {about['cores']} cores, {about['memory_gib']} GiB, Python"
        f" {about['python']}; {pinned}, {peer}; other programs took"
        f" {about['others']:.0%} of the machine. {about['verified']} runs in"
        f" {about['seconds']} s, each verified: checksum of the stored picture, event."
        f" Medians; the peer takes turns with ours. All of it: {report.LATEST.name}."
    )


if __name__ == "__main__":
    sys.exit(main())
