"""Log lines of the functions as people read them in a terminal.

The law: what is not one of our JSON lines is shown as it is, nothing is lost.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

_OURS: Final = frozenset({"severity", "message", "at"})
_LOUD: Final = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
_TRACE: Final = "logging.googleapis.com/"


def short(function: str, line: str) -> tuple[str, str]:
    """Return a log line in short form, and its colour ("" for none)."""
    found = _parsed(line)
    if found is None:
        return f"{function:<9} {line}", "dim"
    facts = "  ".join(
        f"{name}={value}"
        for name, value in found.items()
        if name not in _OURS and not name.startswith(_TRACE)
    )
    at = found.get("at")
    clock = f"{_local(at)}  " if isinstance(at, int | float) else ""
    text = f"{function:<9} {clock}{found['message']:<10} {facts}".rstrip()
    return text, _LOUD.get(str(found.get("severity", "")), "")


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("message"), str):
        return None
    return found


def _local(at: float) -> str:
    """Return a time of day where the terminal stands."""
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S}"
