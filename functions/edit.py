"""Deployed: a request with reference pictures and an instruction, one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions import wiring
from functions.receive import receive

if TYPE_CHECKING:
    import flask


def edit(request: flask.Request) -> tuple[str, int]:
    """Take one push of `edit-requests`."""
    return receive(wiring.walk("edit"), dict(request.headers), request.get_data())
