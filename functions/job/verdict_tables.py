"""What every reason to stop, status and code means, and what follows: data.

The law: a test fails when google-genai's FinishReason or BlockedReason grows past
these tables.
"""

from __future__ import annotations

from typing import Final

from functions.job.verdict_class import Retry, VerdictClass

_V = VerdictClass

# google-genai 3.4.0, types.FinishReason (read 2026-11-20); None: a normal stop.
FINISH: Final[dict[str, VerdictClass | None]] = {
    "STOP": None,
    "FINISH_REASON_UNSPECIFIED": _V.OTHER,
    "MAX_TOKENS": _V.MAX_TOKENS,
    "CONTINUATION": _V.MAX_TOKENS,
    "SAFETY": _V.BLOCKED_OUTPUT,
    "BLOCKLIST": _V.BLOCKED_OUTPUT,
    "PROHIBITED_CONTENT": _V.BLOCKED_OUTPUT,
    "SPII": _V.BLOCKED_OUTPUT,
    "LANGUAGE": _V.BLOCKED_OUTPUT,
    "MODEL_ARMOR": _V.BLOCKED_OUTPUT,
    "ESCALATION": _V.BLOCKED_OUTPUT,
    "IMAGE_SAFETY": _V.BLOCKED_OUTPUT,
    "IMAGE_PROHIBITED_CONTENT": _V.BLOCKED_OUTPUT,
    "RECITATION": _V.RECITATION,
    "IMAGE_RECITATION": _V.RECITATION,
    "IMAGE_OTHER": _V.IMAGE_OTHER,
    "NO_IMAGE": _V.NO_IMAGE,
    "OTHER": _V.OTHER,
    "MALFORMED_RESPONSE": _V.OTHER,
    "MALFORMED_FUNCTION_CALL": _V.OTHER,
    "UNEXPECTED_TOOL_CALL": _V.OTHER,
    "TOO_MANY_TOOL_CALLS": _V.OTHER,
    "MISSING_THOUGHT_SIGNATURE": _V.BAD_REQUEST,
    "PUP_LIMITED_DISABLED": _V.PERMISSION,  # the account is limited
}
# The compatible endpoint and the relays, beside or instead of Google's own.
CHAT_FINISH: Final[dict[str, VerdictClass | None]] = {
    "stop": None,
    "end_turn": None,
    "eos": None,
    "completed": None,
    "error": None,  # the error beside it speaks
    "length": _V.MAX_TOKENS,
    "content_filter": _V.BLOCKED_OUTPUT,
    "tool_calls": _V.OTHER,
    "function_call": _V.OTHER,
}
# Numbers of the old proto clients: google.ai.generativelanguage and
# google.cloud.aiplatform count differently from 6 on.
_FIRST: Final = [
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
]
FINISH_NUMBERS: Final = (
    *_FIRST,
    *("LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
    *("MALFORMED_FUNCTION_CALL", "IMAGE_SAFETY", "UNEXPECTED_TOOL_CALL"),
    "TOO_MANY_TOOL_CALLS",
)
FINISH_NUMBERS_VERTEX: Final = (
    *_FIRST,
    *("BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL"),
    *("MODEL_ARMOR", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT"),
    *("IMAGE_RECITATION", "IMAGE_OTHER", "UNEXPECTED_TOOL_CALL", "NO_IMAGE"),
)
# google-genai 3.4.0, types.BlockedReason; all of them stop the prompt.
BLOCKED: Final = (
    *("BLOCKED_REASON_UNSPECIFIED", "SAFETY", "OTHER", "BLOCKLIST"),
    *("PROHIBITED_CONTENT", "IMAGE_SAFETY", "MODEL_ARMOR", "JAILBREAK"),
)
# Words of plain prose: they count only behind "finish reason".
AMBIGUOUS_FINISH: Final = frozenset(
    {"STOP", "SAFETY", "OTHER", "LANGUAGE", "CONTINUATION", "ESCALATION"}
)

# google.rpc.Code by number; the names are what `status` holds.
GRPC_NUMBERS: Final = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED"),
    *("NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"),
    *("FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
GRPC: Final[dict[str, VerdictClass]] = {
    "CANCELLED": _V.TIMEOUT,
    "UNKNOWN": _V.SERVER_ERROR,
    "INVALID_ARGUMENT": _V.BAD_REQUEST,
    "DEADLINE_EXCEEDED": _V.TIMEOUT,
    "NOT_FOUND": _V.NOT_FOUND,
    "ALREADY_EXISTS": _V.BAD_REQUEST,
    "PERMISSION_DENIED": _V.PERMISSION,
    "RESOURCE_EXHAUSTED": _V.RATE_MINUTE,
    "FAILED_PRECONDITION": _V.BAD_REQUEST,  # region and billing have their phrases
    "ABORTED": _V.SERVER_ERROR,
    "OUT_OF_RANGE": _V.BAD_REQUEST,
    "UNIMPLEMENTED": _V.BAD_REQUEST,
    "INTERNAL": _V.SERVER_ERROR,
    "UNAVAILABLE": _V.OVERLOADED,
    "DATA_LOSS": _V.SERVER_ERROR,
    "UNAUTHENTICATED": _V.AUTH,
}
HTTP: Final[dict[int, VerdictClass]] = {
    401: _V.AUTH,
    402: _V.BILLING,
    403: _V.PERMISSION,
    404: _V.NOT_FOUND,
    408: _V.TIMEOUT,
    409: _V.SERVER_ERROR,  # ABORTED
    410: _V.NOT_FOUND,
    425: _V.OVERLOADED,
    429: _V.RATE_MINUTE,
    451: _V.REGION,
    460: _V.TIMEOUT,  # load balancers: the client went away
    499: _V.TIMEOUT,
    501: _V.BAD_REQUEST,
    503: _V.OVERLOADED,
    504: _V.TIMEOUT,
    522: _V.TIMEOUT,  # Cloudflare's own
    524: _V.TIMEOUT,
    529: _V.OVERLOADED,
}

RETRY: Final[dict[VerdictClass, Retry]] = {
    **dict.fromkeys(
        (_V.IMAGE, _V.QUOTA_ZERO, _V.BILLING, _V.AUTH, _V.PERMISSION), Retry.NEVER
    ),
    **dict.fromkeys(
        (_V.IMAGE_OTHER, _V.NO_IMAGE, _V.RECITATION, _V.MALFORMED_BODY, _V.OTHER),
        Retry.NOW,
    ),
    **dict.fromkeys(
        (_V.BLOCKED_PROMPT, _V.BLOCKED_OUTPUT, _V.REFUSED_TEXT, _V.MAX_TOKENS),
        Retry.CHANGE_REQUEST,
    ),
    **dict.fromkeys((_V.BAD_REQUEST, _V.NOT_FOUND, _V.REGION), Retry.CHANGE_REQUEST),
    **dict.fromkeys(
        (_V.RATE_MINUTE, _V.OVERLOADED, _V.SERVER_ERROR, _V.TIMEOUT), Retry.BACKOFF
    ),
    _V.RATE_DAY: Retry.AFTER_RESET,
}
# Refused before the model worked: an HTTP error of these costs nothing.
UNPAID: Final = frozenset(
    {_V.BAD_REQUEST, _V.NOT_FOUND, _V.REGION, _V.RATE_MINUTE, _V.RATE_DAY}
    | {_V.QUOTA_ZERO, _V.BILLING, _V.AUTH, _V.PERMISSION, _V.OVERLOADED}
    | {_V.SERVER_ERROR}
)
# Of these a text without any code is enough: nothing else says so after work.
REFUSED: Final = UNPAID - {_V.SERVER_ERROR}
# Output tokens in the answer prove payment. They prove nothing where Google may have
# withheld what it made: blocked and stopped answers are "unknown" unless it says.
PAID_BY_TOKENS: Final = frozenset(
    {_V.IMAGE, _V.REFUSED_TEXT, _V.MAX_TOKENS, _V.NO_IMAGE, _V.MALFORMED_BODY}
)
NOT_CHARGED: Final = "not be charged"  # finishMessage of IMAGE_OTHER and IMAGE_SAFETY
PICTURE_TOKENS: Final = 700  # IMAGE tokens; the smallest picture costs 747
DROPPED_TOKENS: Final = 1000  # output tokens that only a picture explains

CHANGE: Final[dict[VerdictClass, str]] = {
    _V.IMAGE: "",
    _V.IMAGE_OTHER: "Try again. If it keeps failing, rephrase or shorten the prompt,"
    " or use fewer reference pictures, saved as JPEG or PNG.",
    _V.NO_IMAGE: "Try again, and ask plainly for a picture.",
    _V.RECITATION: "Try again. If it keeps failing, add details of your own: the"
    " result came too close to an existing work.",
    _V.BLOCKED_PROMPT: "Change the prompt or the reference pictures: they were blocked"
    " before anything was made.",
    _V.BLOCKED_OUTPUT: "Change the prompt or the reference pictures: the picture was"
    " made and then withheld by a safety filter.",
    _V.REFUSED_TEXT: "The model answered with words instead of a picture. Read them"
    " and change the prompt.",
    _V.MAX_TOKENS: "Shorten the prompt, or lower the thinking level or the size: the"
    " answer was cut at its length limit.",
    _V.BAD_REQUEST: "Change the request: a parameter or a reference picture is not"
    " accepted by this model.",
    _V.NOT_FOUND: "Use another model name, or a region that serves this model.",
    _V.REGION: "The service does not accept calls from this place: send them from"
    " another region or by another route.",
    _V.RATE_MINUTE: "Wait a little: too many requests at once.",
    _V.RATE_DAY: "Wait until the quota is reset.",
    _V.QUOTA_ZERO: "This project has no quota for the model: enable billing or ask"
    " for quota. Waiting does not help.",
    _V.BILLING: "Top up or enable billing for the account behind the key.",
    _V.AUTH: "Replace the API key or the credentials.",
    _V.PERMISSION: "Give the account access: enable the API, or grant the role.",
    _V.OVERLOADED: "Try again later or use another model.",
    _V.SERVER_ERROR: "Try again later or use another model.",
    _V.TIMEOUT: "Try again; a smaller size or smaller reference pictures are faster.",
    _V.MALFORMED_BODY: "The answer did not arrive whole. Try again.",
    _V.OTHER: "Try again. If it stays, change the prompt.",
}
CHANGE_DROPPED: Final = (
    "A picture was made and paid for, but lost on the way: use another route."
)
