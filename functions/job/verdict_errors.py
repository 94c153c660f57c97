"""What an error says, from the innermost outwards: one finder for each kind of proof.

Exact reasons come before fixed phrases, phrases before statuses, statuses before
codes. The law: wrapping an error never changes its class.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from functions.job import verdict_quota
from functions.job.verdict_case import Case, Draft, finish_name
from functions.job.verdict_class import Retry, VerdictClass
from functions.job.verdict_reasons import (
    FAINT_REASONS,
    LATE_PHRASES,
    LOOSE_REASONS,
    PHRASES,
    REASONS,
    SHAPE_PHRASES,
    Phrase,
)
from functions.job.verdict_tables import (
    AMBIGUOUS_FINISH,
    BLOCKED,
    FINISH,
    GRPC,
    GRPC_NUMBERS,
    HTTP,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_V = VerdictClass
_BAD: Final = 400
_SERVER: Final = 500
_PAYMENT_REQUIRED: Final = 402
_TEXT_MOST: Final = 8_000
_SAID_REASON: Final = re.compile(
    r"\b(?:(finish|block(?:ed)?)[ _]?reason\b[^\w\n]{0,8}(?:\w+\.)?"
    # @google/generative-ai and Firebase: of the prompt, and of the output
    r"|(response|candidate) was blocked due to )([A-Z_]{4,40})\b",
    re.IGNORECASE,
)
_SAID_NUMBER: Final = re.compile(
    r"\bfinish[ _]?reason\b(?:\W{1,4}|[^\n]{0,120}?\bis )(\d{1,2})\b", re.IGNORECASE
)
_SHOUTED: Final = re.compile(
    r"\b[A-Z]{2,}(?:_[A-Z]+)+\b|\b(?:RECITATION|BLOCKLIST|SPII)\b"
)
_TOKEN: Final = re.compile(r"[A-Za-z]\w*(?::\w+)?")
_SAYS_NOTHING: Final = "UNKNOWN"  # begins every debug string of gRPC
_NO_PICTURE: Final = re.compile(
    r"\bno (?:\w+ )?(?:image|picture|inlineData)s?\b"
    r"(?! (?:was |were )?(?:provided|supplied|attached|found in (?:the )?request))"
    r"|\b(?:not|n't) (?:return|generate|produce|contain) (?:an|any) image"
    r"|\b(?:no|not contain)\W{1,3}(?:choices|candidates|parts|predictions)\b",
    re.IGNORECASE,
)


def _by_reason_to_stop(case: Case) -> Draft | None:
    """Find the model's reason to stop where an error text names it as such."""
    for _, text in case.evidence.texts:
        for kind, whose, name in _SAID_REASON.findall(text[:_TEXT_MOST]):
            loud = finish_name(name, case.route).upper()
            prompt = kind.lower().startswith("block") or whose.lower() == "response"
            if prompt and loud in BLOCKED:
                return Draft(_V.BLOCKED_PROMPT, loud, "text")
            if klass := FINISH.get(loud):
                return Draft(klass, loud, "text")
        for number in _SAID_NUMBER.findall(text[:_TEXT_MOST]):
            name = finish_name(int(number), case.route)
            if klass := FINISH.get(name):
                return Draft(klass, name, "text")
    return None


def _by_enum(case: Case) -> Draft | None:
    """Find an enum of the model in an error; a refusal of Google's may quote any."""
    reasons = {reason for _, reason in case.evidence.reasons}
    if case.client_error() and not reasons.isdisjoint(GRPC):
        return None
    names = [reason.upper() for reason in sorted(reasons)]
    for _, text in case.evidence.texts:
        names += _SHOUTED.findall(text[:_TEXT_MOST])
    for name in names:
        if name not in AMBIGUOUS_FINISH and (klass := FINISH.get(name)):
            return Draft(klass, name, "error")
    return None


def error(case: Case) -> Draft | None:
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
            bare = name.islower() and "_" not in name  # a word of plain prose
            bare = bare or name == _SAYS_NOTHING
            found += [(depth, name, 1)] if name in table and not bare else []
    if not found:
        return None
    _, reason, _ = min(found, key=lambda x: (-x[0], x[2]))
    return Draft(table[reason], reason, f"error.{where}")


def _by_phrase(case: Case) -> Draft | None:
    return _phrased(case, PHRASES)


def _by_shape(case: Case) -> Draft | None:
    return _phrased(case, SHAPE_PHRASES)


def _by_late_phrase(case: Case) -> Draft | None:
    return _phrased(case, LATE_PHRASES)


def _phrased(case: Case, table: tuple[Phrase, ...]) -> Draft | None:
    code = case.code()
    texts = [text[:_TEXT_MOST].lower() for _, text in case.evidence.texts]
    for phrase, klass, retry, codes in table:
        if (not codes or code in codes) and any(phrase in text for text in texts):
            return Draft(klass, phrase.replace(" ", "_"), "error.message", retry)
    return None


def _by_missing_picture(case: Case) -> Draft | None:
    """Find a relay's own words that no picture came."""
    if case.client_error():
        return None
    if any(_NO_PICTURE.search(text[:_TEXT_MOST]) for _, text in case.evidence.texts):
        return Draft(_V.NO_IMAGE, "no_image", "error.message")
    return None


def _by_wallet(case: Case) -> Draft | None:
    codes = {code for _, code in case.evidence.codes} | {case.status}
    return (
        Draft(_V.BILLING, str(_PAYMENT_REQUIRED), "http_status")
        if _PAYMENT_REQUIRED in codes
        else None
    )


def _by_status(case: Case) -> Draft | None:
    if found := _named(case, LOOSE_REASONS, "status"):
        return found
    for _, code in case.evidence.codes:
        if code < len(GRPC_NUMBERS):
            return Draft(LOOSE_REASONS[GRPC_NUMBERS[code]], GRPC_NUMBERS[code], "code")
    return None


def _by_code(case: Case) -> Draft | None:
    """Read the HTTP code, the body's own before the connection's."""
    code = case.code()
    if code < _BAD:
        return _named(case, FAINT_REASONS, "type")
    otherwise = _V.BAD_REQUEST if code < _SERVER else _V.SERVER_ERROR
    if case.evidence.page and HTTP.get(code, otherwise) is _V.SERVER_ERROR:
        # A gateway refused in the service's place: nothing was made.
        return Draft(_V.MALFORMED_BODY, "html", "body", Retry.BACKOFF, billable=False)
    where = "http_status" if code == case.status else "error.code"
    return Draft(HTTP.get(code, otherwise), str(code), where)


def _by_page(case: Case) -> Draft | None:
    if not case.evidence.page:
        return None
    return Draft(_V.MALFORMED_BODY, "html", "body", Retry.BACKOFF)


_FINDS: Final[tuple[Callable[[Case], Draft | None], ...]] = (
    *(
        _by_shape,
        _by_reason_to_stop,
        _by_reason,
        _by_enum,
        _by_phrase,
        _by_missing_picture,
        _by_wallet,
        _by_status,
    ),
    *(_by_late_phrase, _by_code, _by_page),
)
