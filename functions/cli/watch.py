"""`plantain watch`: completion events as they come.

The law: it looks through a subscription of its own, taken away at the end, so
watching changes nothing for anybody else.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from functions.cli import show
from functions.cli.exits import HELP, Exit, Stop
from functions.cli.place import choosing
from functions.local.client import Neighbours, Place
from functions.local.events import Event, Events

if TYPE_CHECKING:
    from rich.console import Console

    from functions.job.ports import Clock


@click.command(epilog=HELP)
@click.option("--count", type=click.IntRange(1), help="Stop after so many events.")
@click.option("--for", "seconds", type=float, help="Stop after so many seconds.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@choosing
def watch_command(
    place: Place,
    clock: Clock,
    count: int | None,
    seconds: float | None,
    *,
    as_json: bool,
) -> None:
    """Show completion events as they come, until Ctrl-C."""
    out = show.console()
    end = time.monotonic() + seconds if seconds is not None else None
    seen = 0
    with Neighbours(place) as neighbours, Events(neighbours) as events:
        said = f"watching {place.events_topic}; Ctrl-C ends it"
        show.console(err=True).print(f"[dim]{said}[/]")
        try:
            for event in events.follow():
                if event is not None:
                    seen += 1
                    _print(out, event, clock, as_json=as_json)
                if seen == count or (end is not None and time.monotonic() >= end):
                    return
        except KeyboardInterrupt:  # how a person ends it
            return
    raise Stop("the stack stopped; its records are kept.", Exit.UNREACHABLE)


def _print(out: Console, event: Event, clock: Clock, *, as_json: bool) -> None:
    if as_json:
        told = {"attributes": event.attributes, "data": event.data}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    images = event.data.get("images") or []
    verdict = event.data.get("verdict") or {}
    what = images[-1].get("uri", "") if images else verdict.get("reason", "")
    kind = event.type.removeprefix("plantain.").removesuffix(".v1")
    out.print(
        f"{show.when(clock.now())}  {kind:<18}  {escape(event.subject)}"
        f"  {escape(str(what))}"
    )
