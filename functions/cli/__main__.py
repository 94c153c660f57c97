"""`python -m functions.cli` is `plantain`."""

from functions.cli.app import main

main()
