"""What people see: steps with their times, pictures, reasons.

The law: one thing a line, the time first, nothing that a terminal without colours or
a pipe would garble; a spinner only where somebody looks.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape

from functions.cli.follow import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.cli.follow import Ending, Line
    from functions.job.record import Picture, Record

_COLOURS: Final = {
    "done": "green",
    "refused": "yellow",
    "failed": "red",
    "expired": "yellow",
    "cancelled": "yellow",
}
_KILO: Final = 1000


def console(*, err: bool = False) -> Console:
    """Return where to write; lines are never broken, so that they can be searched."""
    return Console(stderr=err, highlight=False, soft_wrap=True)


class Progress:
    """Prints a job's steps, timed from when it was published."""

    def __init__(self, out: Console, began: float) -> None:
        self._out = out
        self._began = began

    def line(self, line: Line) -> None:
        """Print one step."""
        at = max(0.0, line.at - self._began)
        detail = f"  [dim]{escape(line.detail)}[/]" if line.detail else ""
        self._out.print(f"  {at:6.2f} s  {line.step:<10}{detail}")

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Show that somebody works on it."""
        if not self._out.is_terminal:
            yield
            return
        with self._out.status("waiting for the job"):
            yield


def ending(out: Console, found: Ending, job_id: str) -> None:
    """Print how the job stands, its pictures first, else the reason and the remedy."""
    record = found.record
    if found.conflict:
        out.print(
            f"[yellow]conflict[/]  the id {escape(job_id)} already names another"
            " request; nothing was paid. Send a new --id, or leave it out."
        )
        return
    if record is None:
        out.print(
            f"[yellow]no end yet[/]  nobody has claimed {escape(job_id)}; it waits in"
            f" its queue. Look again with: plantain status {escape(job_id)}"
        )
        return
    if not record.state.terminal:
        out.print(
            f"[yellow]no end yet[/]  the job is in state {record.state.value} and goes"
            f" on. Look again with: plantain status {escape(job_id)}"
        )
        return
    state = record.state.value
    out.print(f"[{_COLOURS[state]}]{state}[/]  {escape(job_id)}")
    for picture in found.pictures:
        out.print("  " + escape(described(picture)))
    reason(out, record)


def reason(out: Console, record: Record) -> None:
    """Print why a job ended without a picture, and what to change."""
    told = record.result.verdict if record.result else {}
    words = [str(told[name]) for name in ("reason", "message") if told.get(name)]
    if record.state.value != "done" and words:
        out.print("  why:    " + escape(": ".join(words)))
    if told.get("change"):
        out.print("  change: " + escape(str(told["change"])))
    for mismatch in record.result.mismatch if record.result else ():
        out.print("  not as ordered: " + escape(mismatch))


def described(picture: Picture) -> str:
    """Return a picture's address and what it is."""
    pixels = f"{picture.width}x{picture.height} " if picture.width else ""
    draft = " (draft)" if picture.draft else ""
    kind = f"{pixels}{picture.content_type}"
    return f"{picture.uri}  {kind} {size(picture.bytes)}{draft}"


def size(count: int) -> str:
    """Return a number of bytes for people."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < _KILO:
            return f"{amount:.0f} {unit}" if unit != "MB" else f"{amount:.1f} {unit}"
        amount /= _KILO
    return f"{amount:.1f} GB"


def job(out: Console, record: Record) -> None:
    """Print all of a job that people ask for."""
    began = record.created_at
    colour = _COLOURS.get(record.state.value, "cyan")
    out.print(
        f"[{colour}]{record.state.value}[/]  {escape(record.id)}  {record.kind},"
        f" received {when(began)}"
    )
    for step in record.steps:
        out.print(f"  {step.at - began:6.2f} s  {step.step}")
    for attempt in record.attempts:
        out.print(
            f"  attempt {attempt.n}  {escape(attempt.model)} by {attempt.route}:"
            f" {escape(verdict(attempt))}"
        )
    for picture in record.result.images if record.result else ():
        out.print("  " + escape(described(picture)))
    reason(out, record)


def when(at: float) -> str:
    """Return a time for people, UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
