"""`plantain judge`: the verdict of any answer that someone pastes.

The law: whatever the body is, one JSON object comes out and the exit code is 0.
"""

from __future__ import annotations

import json
from typing import BinaryIO, Final

import click

from functions.cli.exits import HELP
from functions.cli.judge import judge_text

_ROUTES: Final = ("native", "vertex", "openai", "relay")


@click.command(epilog=HELP)
@click.option(
    "--route",
    type=click.Choice(_ROUTES),
    default=_ROUTES[0],
    show_default=True,
    help="Where the answer came from.",
)
@click.option("--status", type=int, help="HTTP status of the answer, if known.")
@click.argument("file", type=click.File("rb"), default="-")
def judge_command(route: str, status: int | None, file: BinaryIO) -> None:
    """Say what an answer of the model API means, read from standard input or FILE.

    Prints class, retry, billable, reason and change as one JSON object.
    """
    found = judge_text(route, status, file.read())
    click.echo(json.dumps(found, ensure_ascii=True))
