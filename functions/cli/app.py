"""The command's root: names its commands, loads the one that is asked for.

The law: `plantain --help` answers at once, so no command is imported before it runs,
and what Plantain has a word for never ends in a traceback.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, Final

import click
from typing_extensions import override

from functions.cli.exits import HELP, Exit, Stop, of_error
from functions.job.errors import PlantainError

_COMMANDS: Final = {
    "up": ("functions.cli.up", "Run the whole system on this machine."),
    "generate": ("functions.cli.order", "Order a picture from a text."),
    "edit": ("functions.cli.order", "Order a changed picture from pictures."),
    "status": ("functions.cli.status", "Show a job, or the latest ones."),
    "watch": ("functions.cli.watch", "Show completion events as they come."),
    "judge": ("functions.cli.judging", "Say what an answer of the model API means."),
    "demo": ("functions.cli.demo", "Make one picture and one edit, from nothing."),
}
_INTERRUPTED: Final = 130  # as shells write the end by Ctrl-C


class _Lazy(click.Group):
    """A group whose commands are imported when they run."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    @override
    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in _COMMANDS])

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PlantainError as error:
            as_json = "--json" in sys.argv
            raise Stop(str(error), of_error(error), as_json=as_json) from error


@click.group(
    cls=_Lazy,
    epilog=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="plantain")
def root() -> None:
    """Turn an event into a picture by Google's image models, paid for once."""


def main() -> None:
    """Run the command and exit."""
    code: int = Exit.DONE
    try:
        root.main(standalone_mode=False)
    except Stop as stop:
        stop.show()
        code = stop.code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "plantain: interrupted. What was ordered goes on and may be paid; look"
            " with: plantain status",
            err=True,
        )
        code = _INTERRUPTED
    except BrokenPipeError:  # whoever read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.FAILED
    sys.exit(int(code))
