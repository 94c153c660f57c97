"""The order in which evidence decides; each rule answers or lets the next one speak.

Pictures, the prompt's block, the reason to stop, errors, then what is missing. The
law: the last rule always answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.job import verdict_quota
from functions.job.verdict_class import Retry, VerdictClass
from functions.job.verdict_evidence import written_code
from functions.job.verdict_tables import (
    AMBIGUOUS_FINISH,
    BLOCKED,
    CHAT_FINISH,
    DROPPED_TOKENS,
    FAINT_REASONS,
    FINISH,
    FINISH_NUMBERS,
    FINISH_NUMBERS_VERTEX,
    GRPC_NUMBERS,
    HTTP,
    LOOSE_REASONS,
    PHRASES,
    PICTURE_TOKENS,
    REASONS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.job.verdict_evidence import Evidence
    from functions.job.verdict_text import Reading

_V = VerdictClass
_BAD: Final = 400
_SERVER: Final = 500
_TEXT_MOST: Final = 8_000
_PREFIX: Final = re.compile(r"(?:FINISH_REASON_(?!UNSPECIFIED)|FinishReason\.)")
_SAID_REASON: Final = re.compile(
    r"\b(finish|block(?:ed)?)[ _]?reason\b[^\w\n]{0,8}(?:\w+\.)?([A-Z_]{4,40})\b", re.I
)
_SHOUTED: Final = re.compile(
    r"\b[A-Z]{2,}(?:_[A-Z]+)+\b|\b(?:RECITATION|BLOCKLIST|SPII)\b"
)
_TOKEN: Final = re.compile(r"[A-Za-z]\w*(?::\w+)?")
_NO_PICTURE: Final = re.compile(
    r"\bno (?:inline )?(?:image|picture)s?\b(?! (?:provided|found in))"
    r"|\b(?:not|n't) (?:return|generate|produce|contain) (?:an|any) image"
    r"|\bno\W{1,3}(?:choices|candidates)\b",
    re.I,
)


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
        if named or (self.status is not None and self.status >= _BAD):
            return named or self.status or 0
        if self.status is not None and not (self.evidence.named or self.evidence.page):
            return 0
        texts = (written_code(text) for _, text in self.evidence.texts)
        return next((code for code in texts if code), 0)

    def refused(self) -> bool:
        """Tell whether an error code, HTTP's or Google's, refused the request."""
        return self.code() >= _BAD or any(
            reason in LOOSE_REASONS for _, reason in self.evidence.reasons
        )

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
    return 1 if FINISH.get(reason, CHAT_FINISH.get(reason, _V.OTHER)) is None else 0


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


def _failed(case: Case) -> Draft | None:
    """No answer, or half an answer: the transport speaks."""
    if case.failure is None or (case.status is not None and case.status >= _BAD):
        return None
    if case.failure == "unsent":
        return Draft(_V.MALFORMED_BODY, "unsent", "transport", Retry.BACKOFF, False)
    if case.failure == "timeout":
        return Draft(_V.TIMEOUT, "timeout", "transport")
    change = Retry.CHANGE_REQUEST if case.failure == "too_large" else None
    return Draft(_V.MALFORMED_BODY, case.failure, "transport", change)


def _cut(case: Case) -> Draft | None:
    """A document that began and did not end, and is no error."""
    if not case.reading.cut or case.errors():
        return None
    return Draft(_V.MALFORMED_BODY, "cut", "body")


def _picture(case: Case) -> Draft | None:
    if case.pictures() < 1 or (case.status is not None and case.status >= _BAD):
        return None
    if case.reading.cut:
        return None
    return Draft(_V.IMAGE, case.finish_shown() or "picture", "picture")


def _blocked(case: Case) -> Draft | None:
    if not (reason := case.block_shown()):
        return None
    return Draft(_V.BLOCKED_PROMPT, reason, "promptFeedback.blockReason")


def _stopped(case: Case) -> Draft | None:
    """The model said why it stopped."""
    for value, where in case.evidence.spoken.finish:
        reason = finish_name(value, case.route)
        table = CHAT_FINISH if reason in CHAT_FINISH else FINISH
        klass = table.get(reason, _V.OTHER)
        if reason and klass is not None and not _beside(reason, case):
            retry = _dropped_retry(case) if klass is _V.NO_IMAGE else None
            return Draft(klass, reason, where, retry)
    return None


def _beside(reason: str, case: Case) -> bool:
    """Tell whether a chat's own word stands beside Google's, which knows more."""
    if reason in FINISH:
        return False
    finish = case.evidence.spoken.finish
    names = [finish_name(v, case.route) for v, where in finish if "native" in where]
    return any(FINISH.get(name) is not None for name in names)


def _said(case: Case) -> Draft | None:
    """An error text names the model's reason to stop."""
    if not case.errors() or case.reading.page:
        return None
    for _, text in case.evidence.texts:
        for kind, name in _SAID_REASON.findall(text[:_TEXT_MOST]):
            loud = _PREFIX.sub("", name).upper()
            if kind.lower().startswith("block") and loud in BLOCKED:
                return Draft(_V.BLOCKED_PROMPT, loud, "text")
            if klass := FINISH.get(loud):
                return Draft(klass, loud, "text")
        for name in _SHOUTED.findall(text[:_TEXT_MOST]):
            klass = None if name in AMBIGUOUS_FINISH else FINISH.get(name)
            if klass and not _plain_client_error(case):
                return Draft(klass, name, "text")
    return None


def _plain_client_error(case: Case) -> bool:
    """Tell whether the request itself was refused: its text may quote any enum."""
    return _BAD <= case.code() < _SERVER


def _error(case: Case) -> Draft | None:
    """Errors from the innermost outwards, exact reasons before phrases and codes."""
    if not case.errors():
        return None
    draft = next((found for find in _FINDS if (found := find(case))), None)
    if draft is None:
        return None
    if draft.klass is _V.RATE_MINUTE:
        klass = verdict_quota.rate_class(case.evidence, case.delay)
        return Draft(klass, draft.reason, draft.evidence)
    return draft


def _by_reason(case: Case) -> Draft | None:
    return _named(case, REASONS, "reason")


def _named(case: Case, table: Mapping[str, VerdictClass], where: str) -> Draft | None:
    """Return the class of the deepest known reason, in a field or in a text."""
    found = [(d, r, 0) for d, r in case.evidence.reasons if r in table]
    for depth, text in case.evidence.texts:
        for name in _TOKEN.findall(text[:_TEXT_MOST]):
            if name in table and not (name.islower() and "_" not in name):
                found.append((depth, name, 1))
    if not found:
        return None
    _, reason, _ = min(found, key=lambda x: (-x[0], x[2]))
    return Draft(table[reason], reason, f"error.{where}")


def _by_phrase(case: Case) -> Draft | None:
    code = case.code()
    texts = [text[:_TEXT_MOST].lower() for _, text in case.evidence.texts]
    for phrase, klass, retry, codes in PHRASES:
        if (not codes or code in codes) and any(phrase in text for text in texts):
            return Draft(klass, phrase.replace(" ", "_"), "error.message", retry)
    return None


def _by_missing_picture(case: Case) -> Draft | None:
    """A relay that says in its own words that no picture came."""
    if _plain_client_error(case):
        return None
    if any(_NO_PICTURE.search(text[:_TEXT_MOST]) for _, text in case.evidence.texts):
        return Draft(_V.NO_IMAGE, "no_image", "error.message")
    return None


def _by_wallet(case: Case) -> Draft | None:
    paying = 402
    codes = {code for _, code in case.evidence.codes} | {case.status}
    return Draft(_V.BILLING, str(paying), "http_status") if paying in codes else None


def _by_status(case: Case) -> Draft | None:
    if found := _named(case, LOOSE_REASONS, "status"):
        return found
    for _, code in case.evidence.codes:
        if code < len(GRPC_NUMBERS):
            return Draft(LOOSE_REASONS[GRPC_NUMBERS[code]], GRPC_NUMBERS[code], "code")
    return None


def _by_code(case: Case) -> Draft | None:
    """The HTTP code, the body's own before the connection's."""
    code = case.code()
    if code < _BAD:
        return _named(case, FAINT_REASONS, "type")
    otherwise = _V.BAD_REQUEST if code < _SERVER else _V.SERVER_ERROR
    where = "http_status" if code == case.status else "error.code"
    return Draft(HTTP.get(code, otherwise), str(code), where)


def _by_page(case: Case) -> Draft | None:
    if not case.evidence.page:
        return None
    return Draft(_V.MALFORMED_BODY, "html", "body", Retry.BACKOFF)


def _dropped_retry(case: Case) -> Retry | None:
    """Return CHANGE_REQUEST where a picture was made and lost on the way."""
    spoken = case.evidence.spoken
    usage = spoken.usage
    output = usage.get("output", 0)
    if not _thoughts_beside(usage):
        output -= usage.get("thoughts", 0) if not spoken.native else 0
    words = spoken.native and spoken.text_only and any(spoken.prose)
    made = usage.get("image", 0) >= PICTURE_TOKENS or output >= DROPPED_TOKENS
    lost = case.counted == 0 and spoken.pictures + spoken.links > 0
    return Retry.CHANGE_REQUEST if lost or (made and not words) else None


def _thoughts_beside(usage: Mapping[str, int]) -> bool:
    """Tell whether thinking is counted beside the output rather than inside it."""
    parts = usage.get("prompt", 0) + usage.get("output", 0) + usage.get("thoughts", 0)
    return parts == usage.get("total", -1)


def _dropped(case: Case) -> Draft | None:
    if not case.evidence.spoken.envelopes or not (retry := _dropped_retry(case)):
        return None
    return Draft(_V.NO_IMAGE, "paid_but_dropped", "usage", retry)


def _unfinished(case: Case) -> Draft | None:
    """A stream whose pieces end without saying why."""
    spoken = case.evidence.spoken
    if spoken.finish or case.reading.done or not spoken.envelopes or spoken.empty:
        return None
    words = any(text.strip() for text in spoken.prose)
    pieces = case.reading.stream or spoken.envelopes > 1
    if (pieces and (words or spoken.thoughts)) or (spoken.thoughts and not words):
        return Draft(_V.MALFORMED_BODY, "unfinished", "body")
    return None


def _words(case: Case) -> Draft | None:
    spoken = case.evidence.spoken
    reason = case.finish_shown() or "text_only"
    if spoken.tools:
        return Draft(_V.OTHER, "undeclared_tool_call", "functionCall")
    if spoken.refusal or (spoken.envelopes and any(x.strip() for x in spoken.prose)):
        return Draft(_V.REFUSED_TEXT, reason, "text without a picture")
    return None


def _empty(case: Case) -> Draft | None:
    """An answer with nothing in it."""
    spoken = case.evidence.spoken
    if not spoken.envelopes:
        return None
    unstarted = spoken.feedback or spoken.usage.get("prompt")
    answered = spoken.finish or spoken.usage.get("output")
    if spoken.native and not answered and unstarted and _no_candidates(case):
        return Draft(_V.BLOCKED_PROMPT, "no_candidates", "candidates")
    where = spoken.empty or "parts"
    return Draft(_V.NO_IMAGE, case.finish_shown() or "no_image", where)


def _no_candidates(case: Case) -> bool:
    documents = [x for x in case.reading.documents if isinstance(x, dict)]
    return case.evidence.spoken.empty == "candidates" or not any(
        x.get("candidates") for x in documents
    )


def _unknown(case: Case) -> Draft:
    """Nothing explains it: an unexplained error, or no answer at all."""
    if case.evidence.named or case.evidence.reasons:
        return Draft(_V.SERVER_ERROR, "unexplained", "error")
    if case.evidence.page:
        return Draft(_V.MALFORMED_BODY, "html", "body", Retry.BACKOFF)
    return Draft(_V.MALFORMED_BODY, "no_answer", "body")


_FINDS: Final[tuple[Callable[[Case], Draft | None], ...]] = (
    *(_by_reason, _by_phrase, _by_missing_picture, _by_wallet, _by_status),
    *(_by_code, _by_page),
)
RULES: Final[tuple[Callable[[Case], Draft | None], ...]] = (
    *(_failed, _cut, _picture, _blocked, _stopped, _said, _error, _dropped),
    *(_unfinished, _words, _empty, _unknown),
)
