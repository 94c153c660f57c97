"""Deployed: a request with reference pictures and an instruction, one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions import wiring
from functions.receive import push

if TYPE_CHECKING:
    from collections.abc import Iterator

    import flask


def edit(request: flask.Request) -> tuple[str | Iterator[str], int]:
    """Take one push of `edit-requests`."""
    return push(wiring.walk("edit"), request)
