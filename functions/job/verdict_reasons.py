"""What the reasons and fixed phrases inside errors mean: data, no decisions.

The law: no row holds more of a body than an enum, an identifier or a fixed phrase of
the service, and no row recognises a refusal by its words.
"""

from __future__ import annotations

from typing import Final

from functions.job.verdict_class import Retry, VerdictClass
from functions.job.verdict_tables import GRPC

_V = VerdictClass
Phrase = tuple[str, VerdictClass, Retry | None, tuple[int, ...]]

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
}
# Kinds rather than reasons: heard only where no status and no code speaks. Types of
# the OpenAI family; exceptions of google-api-core, openai, LiteLLM and HTTP clients.
FAINT_REASONS: Final[dict[str, VerdictClass]] = {
    "rate_limit_exceeded": _V.RATE_MINUTE,
    "rate_limit_error": _V.RATE_MINUTE,
    "invalid_request_error": _V.BAD_REQUEST,
    "not_found_error": _V.NOT_FOUND,
    "backendError": _V.SERVER_ERROR,  # also beside 499 and 503
    "internalError": _V.SERVER_ERROR,
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
    "AbortError": _V.TIMEOUT,
    "TimeoutError": _V.TIMEOUT,
    "ConnectTimeout": _V.TIMEOUT,
    "ReadTimeout": _V.TIMEOUT,
    "ETIMEDOUT": _V.TIMEOUT,
    "UND_ERR_HEADERS_TIMEOUT": _V.TIMEOUT,
    "UND_ERR_BODY_TIMEOUT": _V.TIMEOUT,
    "InternalServerError": _V.SERVER_ERROR,
    "JSONDecodeError": _V.MALFORMED_BODY,
    "JsonParseException": _V.MALFORMED_BODY,
    "IncompleteRead": _V.MALFORMED_BODY,
    "RemoteProtocolError": _V.MALFORMED_BODY,
    "ServerDisconnectedError": _V.MALFORMED_BODY,
    "ClientPayloadError": _V.MALFORMED_BODY,
    "ECONNRESET": _V.MALFORMED_BODY,
}

SERVER_SIDE: Final = (0, 408, 499, *range(500, 600))  # 0: no code anywhere
ANY: Final[tuple[int, ...]] = ()
# (fixed phrase in lower case, class, retry if not the class's own, codes it needs).
# Clients and relays that could not read what came: heard before everything else.
SHAPE_PHRASES: Final[tuple[Phrase, ...]] = (
    ("bufio.scanner: token too long", _V.MALFORMED_BODY, Retry.CHANGE_REQUEST, ANY),
    ("chunk too big", _V.MALFORMED_BODY, Retry.CHANGE_REQUEST, ANY),
    ("incomplete json", _V.MALFORMED_BODY, None, ANY),
    ("invalid character '<'", _V.MALFORMED_BODY, Retry.BACKOFF, ANY),
    ("unexpected token '<'", _V.MALFORMED_BODY, Retry.BACKOFF, ANY),
    ("unexpected token <", _V.MALFORMED_BODY, Retry.BACKOFF, ANY),
    ("unexpected end of json", _V.MALFORMED_BODY, None, ANY),
    ("unterminated string in json", _V.MALFORMED_BODY, None, ANY),
    ("expecting value: line", _V.MALFORMED_BODY, None, ANY),
    ("is not valid json", _V.MALFORMED_BODY, None, SERVER_SIDE),
    ("invalid json response", _V.MALFORMED_BODY, None, SERVER_SIDE),
)
# Source of each: docs FAILURES section 1 and the answers kept in tests/answers.
PHRASES: Final[tuple[Phrase, ...]] = (
    ("reported as leaked", _V.AUTH, None, ANY),
    ("api key not valid", _V.AUTH, None, ANY),
    ("api key expired", _V.AUTH, None, ANY),
    ("api key not found", _V.AUTH, None, ANY),
    ("_api_key is not set", _V.AUTH, None, ANY),
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
    # finishMessage where a relay keeps the sentence and loses the reason
    ("could not generate the image based on", _V.IMAGE_OTHER, None, ANY),
    ("filtered out because it violated", _V.BLOCKED_OUTPUT, None, ANY),
    ("third-party content providers", _V.BLOCKED_OUTPUT, None, ANY),
    ("responsible ai", _V.BLOCKED_OUTPUT, None, ANY),
    # clients that fell over an answer without parts
    ("reading 'parts'", _V.NO_IMAGE, None, SERVER_SIDE),
    ("no attribute 'parts'", _V.NO_IMAGE, None, SERVER_SIDE),
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
    ("input token count", _V.BAD_REQUEST, None, (0, 400, 500)),
    ("unable to process input image", _V.BAD_REQUEST, None, ANY),
    ("missing a thought_signature", _V.BAD_REQUEST, None, ANY),
    ("cannot fetch content from the provided url", _V.BAD_REQUEST, None, ANY),
    ("accessed through vertex predict", _V.BAD_REQUEST, None, ANY),
    ("unknown name", _V.BAD_REQUEST, None, ANY),
    ("request entity too large", _V.BAD_REQUEST, None, ANY),
    ("payload size exceeds", _V.BAD_REQUEST, None, ANY),
)

# Only restate a status: heard after it, for texts that lost theirs.
LATE_PHRASES: Final[tuple[Phrase, ...]] = (
    ("is not found for api version", _V.NOT_FOUND, None, ANY),
    ("requested entity was not found", _V.NOT_FOUND, None, ANY),
    ("was not found on this server", _V.NOT_FOUND, None, ANY),
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
