"""One answer with everything known about it, and the questions that rules ask of it.

The law: what lies nearest to Google answers first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.job.verdict_class import Retry, VerdictClass
from functions.job.verdict_evidence import written_code
from functions.job.verdict_reasons import LOOSE_REASONS
from functions.job.verdict_tables import (
    BLOCKED,
    CHAT_FINISH,
    FINISH,
    FINISH_NUMBERS,
    FINISH_NUMBERS_VERTEX,
)

if TYPE_CHECKING:
    from functions.job.verdict_evidence import Evidence
    from functions.job.verdict_text import Reading

_BAD: Final = 400
_SERVER: Final = 500
_RELAYED: Final = (500, 502)  # what relays put around any failure
_PREFIX: Final = re.compile(r"(?:FINISH_REASON_(?!UNSPECIFIED)|FinishReason\.)")


@dataclass(frozen=True, slots=True)
class Draft:
    """A verdict before its table values."""

    klass: VerdictClass
    reason: str
    evidence: str
    retry: Retry | None = None  # None: the class's own
    billable: bool | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One answer with everything known about it."""

    route: str
    status: int | None
    failure: str | None
    counted: int | None
    reading: Reading
    evidence: Evidence
    delay: float | None

    def pictures(self) -> int:
        """Return how many pictures arrived."""
        spoken = self.evidence.spoken
        return spoken.pictures + spoken.links if self.counted is None else self.counted

    def code(self) -> int:
        """Return the HTTP code nearest to Google, 0 if nothing names one."""
        named = next((c for _, c in self.evidence.codes if c >= _BAD), 0)
        shown = named or (self.status or 0)
        if shown >= _BAD and (shown not in _RELAYED or self._google_speaks()):
            return shown
        if self.status is not None and not (
            shown >= _BAD or self.evidence.named or self.evidence.page
        ):
            return 0
        texts = (written_code(text) for _, text in self.evidence.texts)
        written = next((code for code in texts if code), 0)
        return written or (shown if shown >= _BAD else 0)

    def _google_speaks(self) -> bool:
        return any(reason in LOOSE_REASONS for _, reason in self.evidence.reasons)

    def refused(self) -> bool:
        """Tell whether an error code, HTTP's or Google's, refused the request."""
        coded = self.code() >= _BAD or bool(self.evidence.codes)
        return coded or self._google_speaks()

    def client_error(self) -> bool:
        """Tell whether the request itself was refused: its text may quote any enum."""
        return _BAD <= self.code() < _SERVER

    def errors(self) -> bool:
        """Tell whether anything but the model speaks here."""
        evidence = self.evidence
        if self.status is not None and self.status >= _BAD:
            return True
        if evidence.named or evidence.page:
            return True
        return bool(evidence.texts or evidence.codes) and not evidence.spoken.envelopes

    def finish_shown(self) -> str:
        """Return the reason to stop as the wire has it, Google's own first."""
        reasons = [finish_name(v, self.route) for v, _ in self.evidence.spoken.finish]
        return next(iter(sorted(reasons, key=_weight)), "")

    def block_shown(self) -> str:
        """Return why the prompt was blocked, "" if it was not."""
        block = self.evidence.spoken.block
        if isinstance(block, int) and not isinstance(block, bool):
            return BLOCKED[block] if 0 <= block < len(BLOCKED) else str(block)[:9]
        return block[:80] if isinstance(block, str) else ""


def _weight(reason: str) -> int:
    """Return the rank of a reason: one that explains comes before a plain stop."""
    return (
        1
        if FINISH.get(reason, CHAT_FINISH.get(reason, VerdictClass.OTHER)) is None
        else 0
    )


def finish_name(value: object, route: str) -> str:
    """Return a finish reason's name from its name in any spelling, or its number."""
    if isinstance(value, int) and not isinstance(value, bool):
        names = FINISH_NUMBERS_VERTEX if route == "vertex" else FINISH_NUMBERS
        return names[value] if 0 <= value < len(names) else str(value)[:9]
    if not isinstance(value, str):
        return ""
    name = _PREFIX.sub("", value.strip())
    if name in CHAT_FINISH or name in FINISH:
        return name
    loud = name.upper()
    return loud if loud in FINISH else name
