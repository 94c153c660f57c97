"""The verdict of any answer: what it was, what follows, and on which evidence.

Pictures decide first, then the block of the prompt, then the reason to stop, then
errors from the innermost outwards. The law: one verdict for every body, never an
exception; and removing the picture never leaves the class `image`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from functions.job import verdict_quota, verdict_rules, verdict_text
from functions.job.verdict_case import Case, Draft
from functions.job.verdict_class import Retry, VerdictClass
from functions.job.verdict_evidence import gather
from functions.job.verdict_reasons import SUBCLASS_PHRASES, SUPPORT_CODES
from functions.job.verdict_say import masked, support_code, word
from functions.job.verdict_tables import (
    CHANGE,
    CHANGE_DROPPED,
    NOT_CHARGED,
    PAID_BY_TOKENS,
    REFUSED,
    RETRY,
    UNPAID,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.job.verdict_answer import Spoken

__all__ = ["Retry", "Verdict", "VerdictClass", "judge"]

_MESSAGE_MOST: Final = 1_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one answer was. Holds no prompt, no key, no model prose, no picture."""

    klass: VerdictClass
    retry: Retry
    billable: bool | None = None  # None: nobody can tell from the answer
    reason: str = ""  # the wire's own string, or a snake_case word of ours
    change: str = ""  # what to change, for the person who asked
    message: str = ""  # Google's own sentence
    subclass: str = ""
    finish_reason: str = ""
    block_reason: str = ""
    support_code: str = ""
    response_id: str = ""
    model_version: str = ""
    http_status: int | None = None
    retry_after: float | None = None  # seconds, named by the service
    quota_id: str = ""
    usage: Mapping[str, int] = field(default_factory=dict)
    evidence: str = ""  # the piece it rests on

    def to_dict(self) -> dict[str, object]:
        """Return the verdict as events, records and the command write it."""
        billable = "unknown" if self.billable is None else self.billable
        return {
            "class": self.klass.value,
            "subclass": self.subclass,
            "retry": self.retry.value,
            "billable": billable,
            "reason": self.reason,
            "change": self.change,
            "message": self.message,
            "finish_reason": self.finish_reason,
            "block_reason": self.block_reason,
            "support_code": self.support_code,
            "response_id": self.response_id,
            "model_version": self.model_version,
            "http_status": self.http_status,
            "retry_after": self.retry_after,
            "quota_id": self.quota_id,
            "usage": dict(self.usage),
            "evidence": self.evidence,
        }


def judge(  # noqa: PLR0913  # each is one fact of the answer; all but two are optional
    *,
    route: str,
    status: int | None,
    body: object,
    failure: str | None = None,
    pictures: int | None = None,
    now: float | None = None,
    headers: Mapping[str, str] | None = None,
    withhold: tuple[str, ...] = (),
) -> Verdict:
    """Return the verdict of one answer.

    `pictures` is the count of a client that cut the pictures out of the body, None
    where the body still holds them. `withhold` lists texts, such as the prompt, that
    must not come back in the message.
    """
    reading = verdict_text.read(body)
    evidence = gather(reading)
    delay = verdict_quota.delay_named(evidence, headers or {}, now)
    case = Case(route, status, failure, pictures, reading, evidence, delay)
    draft = next(found for rule in verdict_rules.RULES if (found := rule(case)))
    return _finish(case, draft, withhold)


def _finish(case: Case, draft: Draft, withhold: tuple[str, ...]) -> Verdict:
    spoken = case.evidence.spoken
    sentence = " ".join(_sentence(case, draft).split())
    code = support_code(sentence)
    limited = draft.klass in {VerdictClass.RATE_MINUTE, VerdictClass.RATE_DAY}
    waits = limited or RETRY[draft.klass] is Retry.BACKOFF
    retry = draft.retry or RETRY[draft.klass]
    if limited and case.delay is not None:
        retry = Retry.AFTER_RESET
    dropped = draft.klass is VerdictClass.NO_IMAGE and draft.retry is not None
    return Verdict(
        klass=draft.klass,
        retry=retry,
        billable=_billable(case, draft, sentence),
        reason=word(draft.reason, withhold),
        change=CHANGE_DROPPED if dropped else CHANGE[draft.klass],
        message=masked(sentence, withhold)[:_MESSAGE_MOST],
        subclass=_subclass(code, sentence),
        finish_reason=word(case.finish_shown(), withhold),
        block_reason=word(case.block_shown(), withhold),
        support_code=code,
        response_id=masked(spoken.ids.get("response_id", ""), withhold),
        model_version=masked(spoken.ids.get("model_version", ""), withhold),
        http_status=case.status,
        retry_after=case.delay if waits else None,
        quota_id=masked(verdict_quota.quota_id(case.evidence), withhold),
        usage=dict(spoken.usage),
        evidence=draft.evidence,
    )


def _sentence(case: Case, draft: Draft) -> str:
    """Return the service's own sentence that belongs to the verdict."""
    spoken = case.evidence.spoken
    if draft.klass is VerdictClass.BLOCKED_PROMPT and spoken.block_message:
        return spoken.block_message
    if spoken.finish_message:
        return spoken.finish_message
    if draft.klass in {VerdictClass.IMAGE, VerdictClass.REFUSED_TEXT}:
        return ""
    if case.reading.page or not case.errors():
        return ""
    texts = case.evidence.texts
    nearest = [text for depth, text in texts if depth == texts[0][0]] if texts else []
    return max(nearest, key=len, default="")


def _subclass(code: str, message: str) -> str:
    for single in code.split(","):
        if known := SUPPORT_CODES.get(single.strip()):
            return known
    return next((name for phrase, name in SUBCLASS_PHRASES if phrase in message), "")


def _output(spoken: Spoken) -> int:
    return spoken.usage.get("output", 0) + spoken.usage.get("thoughts", 0)


def _billable(case: Case, draft: Draft, message: str) -> bool | None:
    spoken = case.evidence.spoken
    if draft.billable is not None:
        return draft.billable
    if spoken.cost:
        return True
    if NOT_CHARGED in message:
        return False
    if draft.klass in PAID_BY_TOKENS and _output(spoken):
        return True
    refused = case.refused() or (draft.klass in REFUSED and case.errors())
    begun = any(text.strip() for text in spoken.prose) or _output(spoken)
    begun = begun or spoken.thoughts
    return False if draft.klass in UNPAID and refused and not begun else None
