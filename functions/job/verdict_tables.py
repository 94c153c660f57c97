"""What every reason, status, code and fixed phrase means: data, no decisions.

The law: a test fails when google-genai's FinishReason or BlockedReason grows past
these tables. No row holds more of a body than an enum, an identifier or a fixed
phrase of the service, and no row recognises a refusal by its words.
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
_FIRST: Final = (
    "FINISH_REASON_UNSPECIFIED STOP MAX_TOKENS SAFETY RECITATION OTHER".split()
)
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
# Words that prose may hold for other reasons: only behind "finish reason" do they count.
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

# Machine-readable reasons that decide before any phrase or status: ErrorInfo.reason
# (googleapis google/api/error_reason.proto), the older errors[].reason, the codes of
# the OpenAI family, and of new-api, which most relays run.
REASONS: Final[dict[str, VerdictClass]] = {
    "API_KEY_INVALID": _V.AUTH,
    "API_KEY_EXPIRED": _V.AUTH,
    "CREDENTIALS_MISSING": _V.AUTH,
    "ACCESS_TOKEN_EXPIRED": _V.AUTH,
    "ACCESS_TOKEN_TYPE_UNSUPPORTED": _V.AUTH,
    "SESSION_COOKIE_INVALID": _V.AUTH,
    "ACCOUNT_STATE_INVALID": _V.AUTH,
    "invalid_api_key": _V.AUTH,
    "invalid_grant": _V.AUTH,
    "authentication_error": _V.AUTH,
    "keyInvalid": _V.AUTH,
    "keyExpired": _V.AUTH,
    "authError": _V.AUTH,
    "channel:invalid_key": _V.AUTH,
    "channel:no_available_key": _V.AUTH,
    "SERVICE_DISABLED": _V.PERMISSION,
    "API_KEY_SERVICE_BLOCKED": _V.PERMISSION,
    "API_KEY_HTTP_REFERRER_BLOCKED": _V.PERMISSION,
    "API_KEY_IP_ADDRESS_BLOCKED": _V.PERMISSION,
    "API_KEY_ANDROID_APP_BLOCKED": _V.PERMISSION,
    "API_KEY_IOS_APP_BLOCKED": _V.PERMISSION,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": _V.PERMISSION,
    "CONSUMER_INVALID": _V.PERMISSION,
    "CONSUMER_SUSPENDED": _V.PERMISSION,
    "USER_PROJECT_DENIED": _V.PERMISSION,
    "IAM_PERMISSION_DENIED": _V.PERMISSION,
    "SECURITY_POLICY_VIOLATED": _V.PERMISSION,
    "ORG_RESTRICTION_VIOLATION": _V.PERMISSION,
    "accessNotConfigured": _V.PERMISSION,
    "insufficientPermissions": _V.PERMISSION,
    "permission_error": _V.PERMISSION,
    "access_denied": _V.PERMISSION,
    "BILLING_DISABLED": _V.BILLING,
    "billingNotEnabled": _V.BILLING,
    "insufficient_quota": _V.BILLING,
    "insufficient_credits": _V.BILLING,
    "billing_hard_limit_reached": _V.BILLING,
    "insufficient_user_quota": _V.BILLING,
    "pre_consume_token_quota_failed": _V.BILLING,
    "LOCATION_POLICY_VIOLATED": _V.REGION,
    "LOCATION_ORG_POLICY_VIOLATED": _V.REGION,
    "unsupported_country_region_territory": _V.REGION,
    "MODEL_CAPACITY_EXHAUSTED": _V.OVERLOADED,
    "overloaded_error": _V.OVERLOADED,
    "engine_overloaded": _V.OVERLOADED,
    "DEADLINE_EXCEEDED": _V.TIMEOUT,
    "FUNCTION_INVOCATION_TIMEOUT": _V.TIMEOUT,
    "timeout_error": _V.TIMEOUT,
    "channel:response_time_exceeded": _V.TIMEOUT,
    "dailyLimitExceeded": _V.RATE_DAY,
    "model_not_found": _V.NOT_FOUND,
    "MODEL_NOT_FOUND": _V.NOT_FOUND,
    "convert_request_failed": _V.BAD_REQUEST,
    "bad_request_body": _V.BAD_REQUEST,
    "read_request_body_failed": _V.BAD_REQUEST,
    "unsupported_parameter": _V.BAD_REQUEST,
    "unknown_parameter": _V.BAD_REQUEST,
    "invalid_image_format": _V.BAD_REQUEST,
    "context_length_exceeded": _V.BAD_REQUEST,
    "string_above_max_length": _V.BAD_REQUEST,
    "ContextWindowExceededError": _V.BAD_REQUEST,
    "bad_response_body": _V.MALFORMED_BODY,
    "read_response_body_failed": _V.MALFORMED_BODY,
    "empty_response": _V.NO_IMAGE,
    "NoImageGeneratedError": _V.NO_IMAGE,
    "sensitive_words_detected": _V.BLOCKED_PROMPT,
    "prompt_blocked": _V.BLOCKED_PROMPT,
    "content_policy_violation": _V.BLOCKED_PROMPT,
    "moderation_blocked": _V.BLOCKED_PROMPT,
    "ContentPolicyViolationError": _V.BLOCKED_PROMPT,
    "content_filter": _V.BLOCKED_OUTPUT,
}
# The same, but no more exact than a status: phrases come first.
LOOSE_REASONS: Final[dict[str, VerdictClass]] = {
    **GRPC,
    "RATE_LIMIT_EXCEEDED": _V.RATE_MINUTE,
    "QUOTA_EXHAUSTED": _V.RATE_MINUTE,
    "rateLimitExceeded": _V.RATE_MINUTE,
    "userRateLimitExceeded": _V.RATE_MINUTE,
    "quotaExceeded": _V.RATE_MINUTE,
    "badRequest": _V.BAD_REQUEST,
    "forbidden": _V.PERMISSION,
    "notFound": _V.NOT_FOUND,
    "backendError": _V.SERVER_ERROR,
    "internalError": _V.SERVER_ERROR,
}
# Kinds rather than reasons: heard only where no status and no code speaks. Types of
# the OpenAI family; exceptions of google-api-core, openai, LiteLLM and HTTP clients.
FAINT_REASONS: Final[dict[str, VerdictClass]] = {
    "rate_limit_exceeded": _V.RATE_MINUTE,
    "rate_limit_error": _V.RATE_MINUTE,
    "invalid_request_error": _V.BAD_REQUEST,
    "not_found_error": _V.NOT_FOUND,
    "do_request_failed": _V.SERVER_ERROR,
    "get_channel_failed": _V.OVERLOADED,
    "InvalidArgument": _V.BAD_REQUEST,
    "FailedPrecondition": _V.BAD_REQUEST,
    "BadRequestError": _V.BAD_REQUEST,
    "UnprocessableEntityError": _V.BAD_REQUEST,
    "Unauthenticated": _V.AUTH,
    "AuthenticationError": _V.AUTH,
    "DefaultCredentialsError": _V.AUTH,
    "RefreshError": _V.AUTH,
    "PermissionDenied": _V.PERMISSION,
    "PermissionDeniedError": _V.PERMISSION,
    "NotFoundError": _V.NOT_FOUND,
    "ResourceExhausted": _V.RATE_MINUTE,
    "TooManyRequests": _V.RATE_MINUTE,
    "RateLimitError": _V.RATE_MINUTE,
    "ServiceUnavailable": _V.OVERLOADED,
    "ServiceUnavailableError": _V.OVERLOADED,
    "DeadlineExceeded": _V.TIMEOUT,
    "APITimeoutError": _V.TIMEOUT,
    "ReadTimeout": _V.TIMEOUT,
    "ETIMEDOUT": _V.TIMEOUT,
    "InternalServerError": _V.SERVER_ERROR,
    "JSONDecodeError": _V.MALFORMED_BODY,
    "IncompleteRead": _V.MALFORMED_BODY,
    "RemoteProtocolError": _V.MALFORMED_BODY,
    "ServerDisconnectedError": _V.MALFORMED_BODY,
    "ClientPayloadError": _V.MALFORMED_BODY,
    "ECONNRESET": _V.MALFORMED_BODY,
}

SERVER_SIDE: Final = (0, 408, 499, *range(500, 600))  # 0: no code anywhere
ANY: Final[tuple[int, ...]] = ()
# (fixed phrase in lower case, class, retry if not the class's own, codes it needs).
# Source of each: docs FAILURES section 1 and the answers kept in tests/answers.
PHRASES: Final[tuple[tuple[str, VerdictClass, Retry | None, tuple[int, ...]], ...]] = (
    ("reported as leaked", _V.AUTH, None, ANY),
    ("api key not valid", _V.AUTH, None, ANY),
    ("api key expired", _V.AUTH, None, ANY),
    ("api key not found", _V.AUTH, None, ANY),
    ("unregistered callers", _V.AUTH, None, ANY),
    ("credentials were not found", _V.AUTH, None, ANY),
    ("prepayment credits", _V.BILLING, None, ANY),
    ("spending cap", _V.BILLING, None, ANY),
    ("spend limit", _V.BILLING, None, ANY),
    ("billing to be enabled", _V.BILLING, None, ANY),
    ("enable billing on", _V.BILLING, None, ANY),
    ("billing is disabled", _V.BILLING, None, ANY),
    ("billing account", _V.BILLING, None, ANY),
    ("insufficient credits", _V.BILLING, None, ANY),
    ("location is not supported", _V.REGION, None, ANY),
    ("country, region, or territory not supported", _V.REGION, None, ANY),
    ("not available in your country", _V.REGION, None, ANY),
    ("not available in your region", _V.REGION, None, ANY),
    ("prompt could not be submitted", _V.BLOCKED_PROMPT, None, ANY),
    ("support code", _V.BLOCKED_OUTPUT, None, ANY),
    ("bufio.scanner: token too long", _V.MALFORMED_BODY, Retry.CHANGE_REQUEST, ANY),
    ("chunk too big", _V.MALFORMED_BODY, Retry.CHANGE_REQUEST, ANY),
    ("incomplete json", _V.MALFORMED_BODY, None, ANY),
    ("invalid character '<'", _V.MALFORMED_BODY, Retry.BACKOFF, ANY),
    ("unexpected token '<'", _V.MALFORMED_BODY, Retry.BACKOFF, ANY),
    ("unexpected token <", _V.MALFORMED_BODY, Retry.BACKOFF, ANY),
    ("unexpected end of json", _V.MALFORMED_BODY, None, ANY),
    ("unterminated string in json", _V.MALFORMED_BODY, None, ANY),
    ("expecting value: line", _V.MALFORMED_BODY, None, ANY),
    ("deadline expired", _V.TIMEOUT, None, SERVER_SIDE),
    ("deadline exceeded", _V.TIMEOUT, None, SERVER_SIDE),
    ("timed out", _V.TIMEOUT, None, SERVER_SIDE),
    ("time-out", _V.TIMEOUT, None, SERVER_SIDE),
    ("request timeout", _V.TIMEOUT, None, SERVER_SIDE),
    ("gateway timeout", _V.TIMEOUT, None, SERVER_SIDE),
    ("overloaded", _V.OVERLOADED, None, (429, *SERVER_SIDE)),
    ("high demand", _V.OVERLOADED, None, (429, *SERVER_SIDE)),
    ("no capacity available", _V.OVERLOADED, None, (429, *SERVER_SIDE)),
    ("token limit", _V.MAX_TOKENS, None, (0, 200)),
    ("is not found for api version", _V.NOT_FOUND, None, ANY),
    ("input token count", _V.BAD_REQUEST, None, (0, 400, 500)),
    ("unable to process input image", _V.BAD_REQUEST, None, ANY),
    ("missing a thought_signature", _V.BAD_REQUEST, None, ANY),
    ("cannot fetch content from the provided url", _V.BAD_REQUEST, None, ANY),
    ("unknown name", _V.BAD_REQUEST, None, ANY),
    ("request entity too large", _V.BAD_REQUEST, None, ANY),
    ("payload size exceeds", _V.BAD_REQUEST, None, ANY),
    ("exhausted your capacity", _V.RATE_MINUTE, None, ANY),
    ("resource has been exhausted", _V.RATE_MINUTE, None, ANY),
    ("resource exhausted", _V.RATE_MINUTE, None, ANY),
    ("exceeded your current quota", _V.RATE_MINUTE, None, ANY),
    ("rate-limited upstream", _V.RATE_MINUTE, None, ANY),
)

# Google, "Responsible AI for Gemini image generation": the safety filter's codes;
# 11030041 and 35561575 from answers captured 2026-07 and 2026-08.
SUPPORT_CODES: Final[dict[str, str]] = {
    **dict.fromkeys(("58061214", "17301594"), "child"),
    **dict.fromkeys(("29310472", "15236754"), "public_figure"),
    "62263041": "dangerous_content",
    **dict.fromkeys(("57734940", "22137204"), "hate"),
    **dict.fromkeys(("74803281", "29578790"), "other_safety"),
    "42876398": "sensitive_words",
    "39322892": "people_or_faces",
    "92201652": "personal_information",
    **dict.fromkeys(("89371032", "49114662", "72817394"), "prohibited_content"),
    **dict.fromkeys(("90789179", "63429089", "43188360"), "sexual"),
    "78610348": "toxic",
    **dict.fromkeys(("61493863", "56562880"), "violence"),
    "32635315": "vulgar",
    "35561575": "third_party_content",
    "11030041": "responsible_ai",
}
SUBCLASS_PHRASES: Final = (("third-party content providers", "third_party_content"),)

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
