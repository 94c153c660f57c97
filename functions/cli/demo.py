"""`plantain demo`: one picture and one edit of it, made from nothing.

The law: it uses the stack that runs, or one of its own that is gone afterwards, and
asks for everything as anybody would: by messages on the topics.
"""

from __future__ import annotations

import secrets
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from functions.cli import show
from functions.cli.exits import HELP, Exit, Stop
from functions.cli.options import Wanted
from functions.cli.order import order
from functions.clock import StepClock
from functions.local import network, state
from functions.local.client import Place, place_of
from functions.local.running import RunningStack
from functions.local.stack import Options

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_PROMPT: Final = "a ripe plantain on a blue plate"
_INSTRUCTION: Final = "make the plate yellow"
_WAIT: Final = 60.0  # s for one picture


@click.command(epilog=HELP)
@click.option(
    "--state",
    "state_path",
    type=click.Path(path_type=Path, file_okay=False),
    default=state.DEFAULT,
    show_default=True,
    help="Directory of the stack; the copies go to demo/ in it.",
)
@click.option("--live", is_flag=True, help="Ask the real API, with GEMINI_API_KEY.")
def demo_command(state_path: Path, *, live: bool) -> None:
    """Make one 1K picture and one edit of it, and show the walk of both.

    Starts the stack if none is running, and stops it again.
    """
    out = show.console()
    began = time.monotonic()
    directory = state.StateDir(state_path)
    with _stack(directory, live=live) as own:
        if own is not None:
            out.print(f"stack up in {time.monotonic() - began:.1f} s")
        found = directory.read()
        place, clock = place_of(found), StepClock(Path(found["clock"]))
        _make(place, clock, directory.root / "demo")
    out.print(f"[green]all done[/] in {time.monotonic() - began:.1f} s")


def _stack(
    directory: state.StateDir, *, live: bool
) -> AbstractContextManager[RunningStack | None]:
    try:
        running = directory.read()
    except state.NoStackError:
        options = Options(port_base=_base(), live=live)
        return RunningStack(directory.root, options)
    if live and not running["live"]:
        raise Stop(
            f"the stack that runs on {directory.root} uses the stand-in; stop it, or"
            " leave --live out.",
            Exit.FAILED,
        )
    return nullcontext()


def _base() -> int:
    """Return the usual ports, any free ones when those are taken."""
    try:
        network.choose()
    except network.PortsError:
        return 0
    return network.DEFAULT_BASE


def _make(place: Place, clock: StepClock, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = Wanted(out=folder, timeout=_WAIT)
    name = f"demo-{secrets.token_hex(4)}"
    first = {"id": f"{name}-picture", "kind": "generate", "prompt": _PROMPT}
    made = order(first | {"image_size": "1K"}, place, clock, wanted)
    if made is None:
        return
    second = {"id": f"{name}-edit", "kind": "edit", "prompt": _INSTRUCTION}
    images = [{"uri": made.pictures[-1].uri}]
    order(second | {"images": images, "image_size": "1K"}, place, clock, wanted)
