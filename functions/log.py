"""Logs: one JSON line a step, in the form that Cloud Logging reads.

The law: what is logged is a word for the action and facts about it. Prompts, keys,
addresses with queries and bytes are never among them, whoever raised what.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from functions.job.ports import Clock

_FIELD: Final = 2000  # characters of one value
_lock = threading.Lock()


class Log:
    """Writes lines for one function of one project."""

    def __init__(
        self, *, project: str, clock: Clock, stream: TextIO | None = None
    ) -> None:
        self._project = project
        self._clock = clock
        self._stream = stream or sys.stdout

    def __call__(
        self, action: str, *, severity: str = "INFO", trace: str = "", **facts: object
    ) -> None:
        """Write one line."""
        line: dict[str, object] = {
            "severity": severity,
            "message": action,
            "at": round(self._clock.now(), 3),
            **{name: _bounded(value) for name, value in facts.items() if value != ""},
        }
        if trace:
            # version-traceid-spanid-flags; the console groups lines by it
            line["logging.googleapis.com/trace"] = (
                f"projects/{self._project}/traces/{trace.split('-')[1]}"
            )
        text = json.dumps(line, ensure_ascii=True, default=str)
        with _lock:
            self._stream.write(text + "\n")
            self._stream.flush()


def quiet() -> None:
    """Silence libraries that log addresses or bodies at INFO."""
    for name in ("httpx", "httpcore", "urllib3", "google", "grpc"):
        logging.getLogger(name).setLevel(logging.WARNING)


def crash(error: BaseException) -> dict[str, str]:
    """Return where an unexpected error came from, without what it says.

    The text of a foreign error may quote what it choked on, and that may be a
    prompt, so only our own frames and the error's type are told.
    """
    place, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "functions" in code.co_filename:
            place = f"{code.co_qualname}:{trace.tb_lineno}"
        trace = trace.tb_next
    return {"error": type(error).__name__, "place": place}


def _bounded(value: object) -> object:
    return value[:_FIELD] if isinstance(value, str) else value
