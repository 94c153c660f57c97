"""The measurements themselves: each returns figures of ours and of the peer.

The law: ours and the peer take turns within one run, so that what else the machine
does meets both; every figure is a median, every run is verified.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bench.process import Spec, Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.stage import Stage

_PLAIN: Final = "signature=none"
_SIGNED: Final = "signature=picture"
_WARM: Final = 2  # deliveries before the first that counts
_MS: Final = 1000.0
_MANY: Final = 32  # the deployed concurrency
_ALL: Final = 80  # Cloud Run's own default
_EARLY: Final = 5  # pictures after which memory should grow no more


@dataclass(slots=True)
class Samples:
    """Figures of one goal by target; `ours` and `naive` make the ratio."""

    by_name: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        """Note one figure."""
        self.by_name.setdefault(name, []).append(value)

    def median(self, name: str) -> float | None:
        """Return the middle figure of a target, None if it was not measured."""
        found = self.by_name.get(name)
        return statistics.median(found) if found else None

    def spread(self, name: str) -> float | None:
        """Return the distance of the quartiles as a share of the median."""
        found = self.by_name.get(name, [])
        if len(found) < 4:  # noqa: PLR2004  # quartiles of fewer say nothing
            return None
        low, middle, high = statistics.quantiles(found, n=4)
        return (high - low) / middle if middle else None


Results = dict[str, Samples]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often each thing is measured."""

    cpu_1k: int
    cpu_4k: int
    cold: int
    landings: int
    fresh: int
    row: int


FULL: Final = Counts(cpu_1k=25, cpu_4k=15, cold=9, landings=3, fresh=3, row=50)
QUICK: Final = Counts(cpu_1k=9, cpu_4k=5, cold=3, landings=1, fresh=1, row=15)


def cpu(stage: Stage, targets: Iterable[Spec], counts: Counts) -> Results:
    """Return CPU of one picture after another, and the wall time of each."""
    source = stage.put_source("2K")
    cases = {
        "cpu_1k": ("1K", _PLAIN, "", counts.cpu_1k),
        "cpu_4k": ("4K", _PLAIN, "", counts.cpu_4k),
        "cpu_4k_signed": ("4K", _SIGNED, "", counts.cpu_4k),
        "cpu_edit": ("2K", _PLAIN, source, counts.cpu_4k),
    }
    results: Results = {}
    running: dict[str, list[Target]] = {"": [], "edit": []}
    try:
        for spec in targets:
            for kind, doors in running.items():
                doors.append(Target(_door(spec, kind)).start())
        for goal, (size, wish, source_, times) in cases.items():
            doors = running["edit" if source_ else ""]
            samples = results[goal] = Samples()
            for turn in range(_WARM + times):
                for target in doors:
                    order = stage.order(size, wish, source_)
                    before = target.cpu()
                    stage.deliver(target, order)
                    stage.verify(order)  # meanwhile the target comes to rest
                    if turn >= _WARM:
                        used = (target.cpu() - before) * _MS
                        samples.add(target.spec.name, used)
    finally:
        for target in (*running[""], *running["edit"]):
            target.stop()
    slow = Samples({"ours": results["cpu_4k"].by_name.pop("ours-stdlib", [])})
    slow.by_name["naive"] = results["cpu_4k"].by_name["naive"]
    return results | {"cpu_4k_stdlib": slow}


def _door(spec: Spec, kind: str) -> Spec:
    """Return the door of a kind of request; the peer has one for both."""
    if not kind or spec.signature != "http":
        return spec
    values = {name: getattr(spec, name) for name in Spec.__slots__}
    return Spec(**{**values, "target": kind})


def cold(stage: Stage, targets: Iterable[Spec], counts: Counts) -> Results:
    """Return what a first picture costs, from the start of the process on."""
    asked, used, held = Samples(), Samples(), Samples()
    for turn in range(counts.cold + 1):
        for spec in targets:
            with Target(spec) as target:
                order = stage.order("1K", _PLAIN)
                stage.deliver(target, order)
                seconds, memory = target.cpu(), target.whole()
                at = stage.asked_at() - target.began
                stage.verify(order)
            if turn:  # the first one warmed the disk's cache
                asked.add(spec.name, at * _MS)
                used.add(spec.name, seconds * _MS)
                held.add(spec.name, memory)
    return {"cold_asked": asked, "cold_cpu": used, "cold_memory": held}


def drain(stage: Stage, targets: Iterable[Spec], counts: Counts) -> Results:
    """Return how long answers that land together take."""
    samples = Samples()
    for _ in range(counts.landings):
        for spec in targets:
            with Target(spec) as target:
                _warm(stage, target)
                _peak, seconds = _land(stage, target, _MANY, _PLAIN)
                samples.add(spec.name, seconds * _MS)
    return {"drain": samples}


def memory(
    stage: Stage, ours: Spec, naive: Spec, wide: Spec, counts: Counts
) -> Results:
    """Return what pictures in flight add to the idle worker, and a whole instance."""
    one, many, whole = Samples(), Samples(), Samples()
    for _ in range(counts.fresh):
        for spec in (ours, naive):
            with Target(spec) as target:
                _warm(stage, target)
                one.add(spec.name, _alone(stage, target))
        with Target(ours) as target:
            _warm(stage, target)
            idle = target.rss()
            peak, _seconds = _land(stage, target, _MANY, _SIGNED)
            many.add("ours", (peak - idle) / _MANY)
        with Target(wide) as target:
            _warm(stage, target)
            peak, _seconds = _land(stage, target, _ALL, _SIGNED)
            whole.add("ours", peak + target.beside())
    return {"extra_one": one, "extra_32": many, "peak_80": whole}


def growth(stage: Stage, ours: Spec, counts: Counts) -> Results:
    """Return how much a worker grows after its first pictures."""
    early = 0.0
    with Target(ours) as target:
        for number in range(1, counts.row + 1):
            order = stage.order("4K", _PLAIN)
            stage.deliver(target, order)
            stage.verify(order)
            if number == _EARLY:
                early = target.rss()
        return {"growth": Samples({"ours": [target.rss() - early]})}


def _warm(stage: Stage, target: Target) -> None:
    """Let everything be loaded and connected once, by a picture of 0.2 MB.

    Smaller than a window of the upload, so that a window counts as extra.
    """
    stage.deliver(target, stage.small())


def _alone(stage: Stage, target: Target) -> float:
    """Return what one picture adds to the idle worker, in MiB."""
    order = stage.order("4K", _SIGNED)
    idle = target.rss()
    target.reset_peak()
    stage.deliver(target, order)
    peak = target.peak()
    stage.verify(order)
    return peak - idle


def _land(stage: Stage, target: Target, many: int, wish: str) -> tuple[float, float]:
    """Return the worker's peak in MiB and the seconds until all were done."""
    orders = [stage.order("4K", f"{wish}, hold") for _ in range(many)]
    target.reset_peak()
    seconds = stage.land(target, orders)
    peak = target.peak()
    for order in orders:
        stage.verify(order)
    return peak, seconds
