"""Functions for tests of the stack: they note what reached them and do as told."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import flask

ENVIRON = os.environ  # noqa: TID251  # what the stack gave us is what is tested
OURS = ("PLANTAIN_", "GEMINI_", "GOOGLE_", "STORAGE_", "PUBSUB_", "THREADS")

if ENVIRON.get("TEST_BROKEN"):
    sys.exit("broken on purpose: the reason that people must see")


def _note(request: flask.Request) -> tuple[str, int]:
    """Note a push; hang or die where its data says so."""
    push = request.get_json()
    data: dict[str, Any] = json.loads(base64.b64decode(push["message"]["data"]))
    seen = {
        "pid": os.getpid(),
        "data": data,
        "attempt": push.get("deliveryAttempt"),
        "source": request.headers.get("ce-source", ""),
        "bearer": request.headers.get("authorization", "").startswith("Bearer "),
        "environ": {k: v for k, v in ENVIRON.items() if k.startswith(OURS)},
    }
    if data.get("do") == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    with Path(ENVIRON["TEST_NOTES"]).open("a") as notes:
        notes.write(json.dumps(seen) + "\n")
    line = {"severity": "INFO", "message": "pushed", "job": data.get("id")}
    sys.stdout.write(json.dumps(line) + "\n")
    if data.get("do") == "hang":
        threading.Event().wait()
    return "ok", 200


def generate(request: flask.Request) -> tuple[str, int]:
    """Note a push."""
    return _note(request)


def edit(request: flask.Request) -> tuple[str, int]:
    """Note a push."""
    return _note(request)
