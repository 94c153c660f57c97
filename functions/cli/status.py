"""`plantain status`: one job, or the latest ones.

The law: it only reads; its exit code is the job's, as `generate` would have ended.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from functions.cli import show
from functions.cli.exits import HELP, Exit, Stop, of_state
from functions.cli.follow import summary
from functions.cli.place import choosing
from functions.local.client import Neighbours, Place

if TYPE_CHECKING:
    from functions.job.ports import Clock
    from functions.job.record import Record


@click.command(epilog=HELP)
@click.argument("job", required=False)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@choosing
def status_command(
    job: str | None, place: Place, clock: Clock, limit: int, *, as_json: bool
) -> None:
    """Show JOB by its id, or the jobs that changed last."""
    del clock  # the records carry their own times
    with Neighbours(place) as neighbours:
        if job is None:
            _latest(neighbours.records(limit), as_json=as_json)
            return
        record = neighbours.record(job)
    if record is None:
        raise Stop(
            f"there is no job {job}: nobody has claimed it yet, or its id is another."
            " `plantain status` alone lists the latest jobs.",
            Exit.NO_END,
            as_json=as_json,
        )
    if as_json:
        click.echo(json.dumps(summary(record), ensure_ascii=False))
    else:
        show.job(show.console(), record)
    code = of_state(record.state)
    if code is not Exit.DONE:
        sys.exit(int(code))


def _latest(records: list[Record], *, as_json: bool) -> None:
    if as_json:
        jobs = [summary(record) for record in records]
        click.echo(json.dumps({"jobs": jobs}, ensure_ascii=False))
        return
    out = show.console()
    if not records:
        out.print('no jobs yet; order one with: plantain generate "a pear on a plate"')
    for record in records:
        images = record.result.images if record.result else ()
        picture = images[-1].uri if images else ""
        out.print(
            f"{show.when(record.created_at)}  {record.state.value:<9}"
            f"  {record.kind:<8}  {escape(record.id)}  {escape(picture)}".rstrip()
        )
