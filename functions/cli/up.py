"""`plantain up`: the whole system on this machine until Ctrl-C.

The law: it says where everything answers as soon as all of it does, and leaves
nothing running behind.
"""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.markup import escape

from functions.cli import echo, show
from functions.cli.exits import HELP
from functions.local import broker_setup, network, state
from functions.local.stack import Options, Stack

if TYPE_CHECKING:
    from rich.console import Console

_ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(epilog=HELP)
@click.option(
    "--state",
    "state_path",
    type=click.Path(path_type=Path, file_okay=False),
    default=state.DEFAULT,
    show_default=True,
    help="Where buckets and logs are kept.",
)
@click.option(
    "--port-base",
    type=int,
    default=network.DEFAULT_BASE,
    show_default=True,
    help="First port: storage, model, pubsub, control; functions from +10. 0: any.",
)
@click.option("--fresh", is_flag=True, help="Forget what earlier stacks kept.")
@click.option("--live", is_flag=True, help="Ask the real API, with GEMINI_API_KEY.")
@click.option("--quiet", is_flag=True, help="Do not show what the functions log.")
def up_command(
    state_path: Path, port_base: int, *, fresh: bool, live: bool, quiet: bool
) -> None:
    """Run the whole system on this machine, with no cloud account and no network.

    Ports (with the default base): storage 8600, model 8601, pubsub 8602, control
    8603, generate 8610, edit 8611. With PUBSUB_EMULATOR_HOST set, Google's own
    Pub/Sub emulator is used there instead of Plantain's.
    """
    out = show.console(err=True)

    def say(function: str, line: str) -> None:
        if not quiet:
            text, colour = echo.short(function, line)
            out.print(escape(text), style=colour or None)

    options = Options(
        state=state_path, port_base=port_base, fresh=fresh, live=live, echo=say
    )
    asyncio.run(_up(options, out))


async def _up(options: Options, out: Console) -> None:
    began = time.monotonic()
    stack = Stack(options)
    starting = asyncio.current_task()
    up = asyncio.Event()

    def end() -> None:
        stack.leave.set()
        if starting is not None and not up.is_set():
            starting.cancel()

    for number in _ENDS:
        asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        async with stack:
            up.set()
            _welcome(out, stack, time.monotonic() - began)
            await stack.leave.wait()
            out.print("stopping")
    except asyncio.CancelledError:
        out.print("stopped before it was up")


def _welcome(out: Console, stack: Stack, seconds: float) -> None:
    ports = stack.ports
    out.print(f"[green]up[/] in {seconds:.1f} s, state in {stack.state.root}")
    places = {
        "storage": ports.url("storage"),
        "pubsub": stack.place.pubsub,
        "model": "the real API" if stack.options.live else ports.url("model"),
        "control": ports.url("control"),
        **{name: ports.url(name) for name in stack.children},
    }
    for name, place in places.items():
        out.print(f"  {name:<9} {place}")
    if stack.emulators.foreign_pubsub:
        out.print(f"  Google's Pub/Sub emulator: {broker_setup.GOOGLE_LACKS}.")
    out.print('in another terminal: plantain generate "a pear on a plate"')
    out.print("[dim]Ctrl-C stops everything[/]")
