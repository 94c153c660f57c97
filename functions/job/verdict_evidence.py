"""Everything a body shows, gathered in one bounded walk before anyone decides.

Envelopes may be nested, stringified and listed in any order; what lies deepest is
nearest to Google and counts first. The law: the walk looks at a bounded number of
nodes, never raises, and never takes the model's own words for an error.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from functions.job import verdict_answer, verdict_text
from functions.job.verdict_answer import Spoken

if TYPE_CHECKING:
    from functions.job.verdict_text import Reading

_DEPTH_MOST: Final = 40
_NODES_MOST: Final = 5_000
_TEXTS_MOST: Final = 200  # error texts kept
_EMBEDDED_MOST: Final = 40  # documents opened inside texts
# Below these an object is about the failure.
_WITHIN: Final = frozenset(
    {"error", "errors", "detail", "details", "upstream_error", "upstreamResponse"}
    | {"cause", "exception"}
)
# The caller's own words, or the model's: never evidence of a failure.
_CLOSED: Final = frozenset(
    {"text", "content", "prompt", "request", "headers", "groundingMetadata", "links"}
    | {"instances", "contents", "safetyRatings", "safety_ratings"}
)
_CODES: Final = frozenset(
    {"code", "status_code", "statusCode", "http_code", "http_status", "status"}
    | {"upstreamStatus", "upstream_status", "error_code", "errorCode"}
)
_REASONS: Final = frozenset(
    {"code", "status", "reason", "type", "error_type", "error_code", "errorCode"}
)
_TEXTS: Final = frozenset(
    {"message", "msg", "error", "detail", "error_message", "errorMessage", "raw"}
    | {"error_description", "description", "details", "body", "upstream_error"}
)
_QUOTA: Final = {
    "quotaId": "ids",
    "quota_id": "ids",
    "quotaMetric": "ids",
    "quota_metric": "ids",
    "quota_limit": "ids",
    "quotaValue": "limits",
    "quota_value": "limits",
    "quota_limit_value": "limits",
    "retryDelay": "delays",
    "retry_delay": "delays",
    "quotaResetDelay": "delays",
    "retry_after": "delays",
    "retry_after_seconds": "delays",
    "retryAfterSeconds": "delays",
    "quotaResetTimeStamp": "resets",
}
_PHRASE_CODES: Final = {status.phrase.lower(): status.value for status in HTTPStatus}
_WRITTEN_CODE: Final = re.compile(
    r"\b(?:status(?:[ _]?code)?|code|error|http(?:/[\d.]+)?)\b\W{0,3}([45]\d\d)\b"
    r"|^\W{0,3}([45]\d\d)\b|(?<!:)\b([45]\d\d)\b(?=:? (?-i:[A-Z_]))"
    r"|(?-i:\b[A-Z][a-z]+[A-Z]\w*): ([45]\d\d)\b",  # an exception and its status
    re.IGNORECASE,
)
_ERRORS_FROM: Final = 400
_ERRORS_TO: Final = 600
_GRPC_MOST: Final = 16  # google.rpc.Code


@dataclass(slots=True, repr=False)
class Evidence:
    """What was found; each list holds (depth, value), the deepest first."""

    spoken: Spoken = field(default_factory=Spoken)
    codes: list[tuple[int, int]] = field(default_factory=list)
    reasons: list[tuple[int, str]] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)
    quota: dict[str, list[object]] = field(default_factory=dict)
    named: bool = False  # something called itself an error
    page: bool = False
    nodes: int = 0
    embedded: int = 0


def gather(reading: Reading) -> Evidence:
    """Return what the documents and the prose of a body show."""
    evidence = Evidence(page=reading.page)
    for document in reading.documents:
        _walk(document, 0, evidence, within=bool(reading.text) and not reading.stream)
    if reading.text:
        evidence.texts.append((0, reading.text))
        if not reading.documents:
            verdict_answer.search_prose(evidence.spoken, reading.text)
    if prose := "".join(evidence.spoken.prose):
        verdict_answer.search_prose(evidence.spoken, prose)
    for pairs in (evidence.codes, evidence.reasons, evidence.texts):
        pairs.sort(key=lambda pair: -pair[0])
    return evidence


def written_code(text: str) -> int:
    """Return the HTTP status that a text mentions, 0 if none."""
    match = _WRITTEN_CODE.search(text[:4000])
    if match is None:
        return next((c for p, c in _PHRASE_CODES.items() if p == text.lower()), 0)
    return int(next(filter(None, match.groups())))


def _walk(node: object, depth: int, evidence: Evidence, *, within: bool) -> None:
    evidence.nodes += 1
    if depth > _DEPTH_MOST or evidence.nodes > _NODES_MOST:
        return
    if isinstance(node, list):
        for item in node[:_NODES_MOST]:
            if evidence.nodes > _NODES_MOST:
                break
            if isinstance(item, str) and (within or depth == 0):
                _note_text(item, depth, evidence)
            _walk(item, depth + 1, evidence, within=within)
    elif isinstance(node, dict):
        _walk_object(node, depth, evidence, within=within)


def _walk_object(
    node: dict[str, object], depth: int, evidence: Evidence, *, within: bool
) -> None:
    taken = verdict_answer.listen(node, evidence.spoken)
    for key, value in list(node.items())[:_NODES_MOST]:
        if key in taken or (key in _CLOSED and not (within and key == "content")):
            continue
        inside = within or key in _WITHIN or (not taken and key in _TEXTS)
        if key in _WITHIN and value:
            evidence.named = True
        if within or not taken or key in _WITHIN:
            _note(key, value, depth, evidence)
        _walk(value, depth + 1, evidence, within=inside)
    for name in taken & {"choices"}:
        _walk_errors(node[name], depth + 1, evidence)


def _walk_errors(items: object, depth: int, evidence: Evidence) -> None:
    """Look for the errors that relays put into a choice."""
    for item in items[:10] if isinstance(items, list) else []:
        if isinstance(item, dict) and isinstance(error := item.get("error"), dict):
            evidence.named = True
            _walk(error, depth, evidence, within=True)


def _note(key: str, value: object, depth: int, evidence: Evidence) -> None:
    """Keep one member if it speaks of a failure."""
    if key in _CODES:
        _note_code(value, depth, evidence)
    if key in _REASONS and isinstance(value, str) and " " not in value:
        evidence.reasons.append((depth, value[:200]))
    if name := _QUOTA.get(key):
        evidence.quota.setdefault(name, []).append(value)
    if key in _TEXTS and isinstance(value, str):
        _note_text(value, depth, evidence)
    if key == "flagged_input":
        evidence.reasons.append((depth, "moderation_blocked"))


def _note_code(value: object, depth: int, evidence: Evidence) -> None:
    if isinstance(value, str):
        text = value.strip()
        digits = text.isascii() and text.isdigit() and len(text) < len("1000")
        value = int(text) if digits else _PHRASE_CODES.get(text.lower())
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return
    if _ERRORS_FROM <= value < _ERRORS_TO or 0 < value <= _GRPC_MOST:
        evidence.codes.append((depth, value))


def _note_text(text: str, depth: int, evidence: Evidence) -> None:
    """Open the documents inside an error text; keep the rest of it."""
    if len(evidence.texts) > _TEXTS_MOST:
        return
    evidence.embedded += 1
    if evidence.embedded > _EMBEDDED_MOST:
        evidence.texts.append((depth, text))
        return
    reading = verdict_text.read_text(text)
    evidence.page = evidence.page or reading.page
    for document in reading.documents:
        _walk(document, depth + 1, evidence, within=True)
    if reading.text:
        evidence.texts.append((depth, reading.text))
