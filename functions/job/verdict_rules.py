"""The order in which evidence decides; each rule answers or lets the next one speak.

Pictures, the prompt's block, the reason to stop, errors, then what is missing. The
law: the last rule always answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from functions.job import verdict_errors
from functions.job.verdict_case import Case, Draft, finish_name
from functions.job.verdict_class import Retry, VerdictClass
from functions.job.verdict_tables import (
    CHAT_FINISH,
    DROPPED_TOKENS,
    FINISH,
    PICTURE_TOKENS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_V = VerdictClass
_BAD: Final = 400


def _failed(case: Case) -> Draft | None:
    """No answer, or half an answer: the transport speaks."""
    if case.failure is None or (case.status is not None and case.status >= _BAD):
        return None
    if case.failure == "unsent":
        return Draft(
            _V.MALFORMED_BODY, "unsent", "transport", Retry.BACKOFF, billable=False
        )
    if case.failure == "timeout":
        return Draft(_V.TIMEOUT, "timeout", "transport")
    change = Retry.CHANGE_REQUEST if case.failure == "too_large" else None
    return Draft(_V.MALFORMED_BODY, case.failure, "transport", change)


def _cut(case: Case) -> Draft | None:
    """Find a document that began and did not end, and is no error."""
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
    """Read why the model stopped."""
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


def _broken(case: Case) -> Draft | None:
    """Find a chat that says it ended in an error, and no error beside it."""
    for value, where in case.evidence.spoken.finish:
        if value == "error" and where.startswith("choices"):
            return Draft(_V.SERVER_ERROR, "error", where)
    return None


def _dropped(case: Case) -> Draft | None:
    if not case.evidence.spoken.envelopes or not (retry := _dropped_retry(case)):
        return None
    return Draft(_V.NO_IMAGE, "paid_but_dropped", "usage", retry)


def _unfinished(case: Case) -> Draft | None:
    """Find a stream whose pieces end without saying why."""
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
    """Read an answer with nothing in it."""
    spoken = case.evidence.spoken
    if not spoken.envelopes:
        return None
    unstarted = spoken.feedback or spoken.usage.get("prompt")
    answered = spoken.finish or spoken.usage.get("output")
    if spoken.native and not answered and unstarted and _no_candidates(case):
        return Draft(_V.BLOCKED_PROMPT, "no_candidates", "candidates")
    where = spoken.empty or "parts"
    # A relay's stream that ends well and carried and counted nothing lost it all.
    lost = case.reading.stream and spoken.finish and not spoken.usage
    retry = Retry.CHANGE_REQUEST if lost and not spoken.native else None
    return Draft(_V.NO_IMAGE, case.finish_shown() or "no_image", where, retry)


def _no_candidates(case: Case) -> bool:
    documents = [x for x in case.reading.documents if isinstance(x, dict)]
    return case.evidence.spoken.empty == "candidates" or not any(
        x.get("candidates") for x in documents
    )


def _unknown(case: Case) -> Draft:
    """Nothing explains it: an unexplained error, or no answer at all."""
    if case.evidence.named or case.evidence.reasons:
        return Draft(_V.SERVER_ERROR, "unexplained", "error")
    return Draft(_V.MALFORMED_BODY, "no_answer", "body")


RULES: Final[tuple[Callable[[Case], Draft | None], ...]] = (
    *(
        _failed,
        _cut,
        _picture,
        _blocked,
        _stopped,
        verdict_errors.error,
        _broken,
        _dropped,
    ),
    *(_unfinished, _words, _empty, _unknown),
)
