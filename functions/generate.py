"""Deployed: a request with a prompt, one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions import wiring
from functions.receive import receive

if TYPE_CHECKING:
    import flask


def generate(request: flask.Request) -> tuple[str, int]:
    """Take one push of `generate-requests`."""
    return receive(wiring.walk("generate"), dict(request.headers), request.get_data())
