"""`plantain generate` and `plantain edit`: order a picture and see it come.

The law: the order is a message on the request topic like any other, checked by the
functions' own parser before it leaves; Ctrl-C stops the watching, not the job.
"""

from __future__ import annotations

import json
import sys
import uuid
from typing import TYPE_CHECKING, Any

import click

from functions.cli import options, pictures, show
from functions.cli.exits import HELP, Exit, Stop
from functions.cli.follow import Following, Line, summary
from functions.cli.place import choosing
from functions.job.names import EXTENSIONS
from functions.job.request import fingerprint, parse
from functions.local import topology
from functions.local.client import Neighbours, Place, UnreachableError
from functions.local.events import Events

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from functions.cli.follow import Ending
    from functions.cli.options import Wanted
    from functions.job.ports import Clock


@click.command(epilog=HELP)
@click.argument("prompt")
@options.of_request
@options.of_waiting
@choosing
def generate_command(
    prompt: str, place: Place, clock: Clock, wanted: Wanted, **fields: object
) -> None:
    """Order a picture from PROMPT and wait for it.

    Prints the steps of the job with their times, then the picture's gs:// name.
    """
    order({"kind": "generate", "prompt": prompt, **fields}, place, clock, wanted)


@click.command(epilog=HELP)
@click.argument("instruction")
@click.option(
    "--image",
    "images",
    multiple=True,
    required=True,
    help="A picture to change: gs://, https://, or a file (up to 5 MB). Repeatable.",
)
@options.of_request
@options.of_waiting
@choosing
def edit_command(
    instruction: str,
    images: tuple[str, ...],
    place: Place,
    clock: Clock,
    wanted: Wanted,
    **fields: object,
) -> None:
    """Order pictures changed by INSTRUCTION and wait for the result."""
    found = {"kind": "edit", "prompt": instruction, **fields}
    order(found | {"images": pictures.addresses(images)}, place, clock, wanted)


def order(
    request: dict[str, Any], place: Place, clock: Clock, wanted: Wanted
) -> Ending | None:
    """Publish a request and follow it; exit with its code unless it is done."""
    request.setdefault("id", f"cli-{uuid.uuid4().hex[:12]}")
    data = json.dumps(request, ensure_ascii=False).encode()
    parsed = parse(data, {}, request["id"])
    out = show.console(err=wanted.as_json)
    with Neighbours(place) as neighbours:
        events = _subscribe(neighbours, out) if wanted.wait else None
        try:
            topic = topology.topic_of(parsed.kind)
            began = clock.now()
            message_id = neighbours.publish(data, topic)
            if not wanted.wait:
                _ordered(parsed.id, topic, message_id, as_json=wanted.as_json)
                return None
            progress = show.Progress(out, began)
            out.print(f"[bold]{parsed.id}[/]")
            said = f"{topic}, message {message_id}"
            progress.line(Line("published", clock.now(), said))
            following = Following(
                neighbours, events, parsed.id, fingerprint(parsed), clock
            )
            _show(following, progress, wanted, place)
            return _end(following.ending, neighbours, wanted, parsed.id)
        finally:
            if events is not None:
                events.close()


def _show(
    following: Following, progress: show.Progress, wanted: Wanted, place: Place
) -> None:
    def alive() -> None:
        if place.storage and following.lost:
            raise UnreachableError(
                "the stack stopped while the job was running; its records are kept."
                " Start it again with `plantain up`, then `plantain status`."
            )

    with progress.waiting():
        for line in following.lines(wanted.timeout, alive):
            progress.line(line)


def _end(ending: Ending, neighbours: Neighbours, wanted: Wanted, job_id: str) -> Ending:
    out = show.console(err=wanted.as_json)
    show.ending(out, ending, job_id)
    if wanted.out is not None and ending.pictures:
        saved = save(neighbours, ending, wanted.out, job_id)
        out.print(f"  saved   {saved}")
    if wanted.as_json:
        click.echo(json.dumps(_told(ending, job_id), ensure_ascii=False))
    if ending.code is not Exit.DONE:
        sys.exit(int(ending.code))
    return ending


def save(neighbours: Neighbours, ending: Ending, out: Path, job_id: str) -> Path:
    """Write the resulting picture to a file, or into a directory under its job's id."""
    picture = ending.pictures[-1]
    if out.is_dir():
        safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in job_id)
        out = out / f"{safe.lstrip('.')}{EXTENSIONS.get(picture.content_type, '')}"
    data = neighbours.fetch(picture.uri)
    if data is None:
        raise Stop(f"{picture.uri} is gone; was the bucket emptied?", Exit.FAILED)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(data)
    except OSError as error:
        raise Stop(
            f"the job is done, but {out} cannot be written: {error.strerror}. The"
            f" picture is kept at {picture.uri}.",
            Exit.FAILED,
        ) from error
    return out


def _subscribe(neighbours: Neighbours, out: Console) -> Events | None:
    """Return the events from now on; without the right to them the record must do."""
    try:
        return Events(neighbours).open()
    except UnreachableError:
        if neighbours.place.pubsub:
            raise
        out.print("[dim]no right to subscribe to the events: watching the record[/]")
        return None


def _ordered(job_id: str, topic: str, message_id: str, *, as_json: bool) -> None:
    if as_json:
        found = {"id": job_id, "topic": topic, "message_id": message_id}
        click.echo(json.dumps(found))
    else:
        click.echo(job_id)


def _told(ending: Ending, job_id: str) -> dict[str, Any]:
    if ending.event is not None:
        return ending.event.data
    if ending.conflict:
        return ending.told[-1].data
    if ending.record is not None:
        return summary(ending.record)
    return {"id": job_id, "state": None}
