"""The `plantain` command.

The law: a result goes to standard output, everything else to standard error; every
expected error is one sentence with its remedy and an exit code of its own.
"""

from functions.cli.app import main

__all__ = ["main"]
