"""Every error the stand-in can give on demand, in Google's own words.

Names are those of scenarios; `value` is what stands behind the name
(`rate_minute=17`). Texts without a record are marked in errors.py or here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from functions.local.model import errors
from functions.local.model.errors import ApiError, Json, detail

Failure = Callable[[str, str], ApiError]  # (value, model) -> error

_API: Final = "generativelanguage.googleapis.com"
_QUOTA: Final = (
    "You exceeded your current quota, please check your plan and billing details. For"
    " more information on this error, head to:"
    " https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage,"
    " head to: https://ai.dev/rate-limit. "
)
_SHARED: Final = (
    "Resource exhausted. Please try again later. Please refer to"
    " https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more"
    " details."
)
_TROUBLE: Final = (
    "Please retry or report in"
    " https://developers.generativeai.google/guide/troubleshooting"
)
_PROJECT: Final = "projects/123456789012"
_CONSOLE: Final = (
    "https://console.developers.google.com/apis/api/generativelanguage.googleapis.com"
    "/overview?project=123456789012"
)


def _violation(metric: str, quota: str, model: str, limit: int | None) -> Json:
    found: Json = {
        "quotaMetric": f"{_API}/{metric}",
        "quotaId": quota,
        "quotaDimensions": {"location": "global", "model": model},
    }
    if limit:
        found["quotaValue"] = str(limit)
    return found


def _quota(
    model: str, limit: int, seconds: float, buckets: tuple[tuple[str, str], ...]
) -> ApiError:
    lines = [
        f"* Quota exceeded for metric: {_API}/{metric}, limit: {limit}, model: {model}"
        for metric, _ in buckets
    ]
    link = {
        "description": "Learn more about Gemini API quotas",
        "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
    }
    violations = [_violation(metric, quota, model, limit) for metric, quota in buckets]
    return ApiError(
        429,
        "\n".join([_QUOTA, *lines, f"Please retry in {seconds:.9f}s."]),
        details=[
            detail("Help", links=[link]),
            detail("QuotaFailure", violations=violations),
            detail("RetryInfo", retryDelay=f"{int(seconds)}s"),
        ],
    )


def _rate_minute(value: str, model: str) -> ApiError:
    bucket = "GenerateRequestsPerMinutePerProjectPerModel"
    seconds = float(value or 38.618326853)
    return _quota(model, 10, seconds, (("generate_requests_per_model", bucket),))


def _rate_minute_tokens(value: str, model: str) -> ApiError:
    metric = "generate_content_paid_tier_input_token_count"
    bucket = "GenerateContentPaidTierInputTokensPerModelPerMinute"
    return _quota(model, 1_000_000, float(value or 31.2), ((metric, bucket),))


def _rate_day(value: str, model: str) -> ApiError:
    bucket = "GenerateRequestsPerDayPerProjectPerModel"
    seconds = float(value or 78_627.4)
    return _quota(
        model, 250, seconds, (("generate_requests_per_model_per_day", bucket),)
    )


def _quota_zero(value: str, model: str) -> ApiError:
    """Three free-tier buckets of zero; its RetryInfo lies, as the recorded one did."""
    tokens = "generate_content_free_tier_input_token_count"
    requests = "generate_content_free_tier_requests"
    each = "PerProjectPerModel-FreeTier"
    buckets = (
        (tokens, "GenerateContentInputTokensPerModelPerMinute-FreeTier"),
        (requests, f"GenerateRequestsPerMinute{each}"),
        (requests, f"GenerateRequestsPerDay{each}"),
    )
    return _quota(model, 0, float(value or 22.1), buckets)


def _service_disabled(_value: str, _model: str) -> ApiError:
    link = {"description": "Google developers console API activation", "url": _CONSOLE}
    return ApiError(
        403,
        "Generative Language API has not been used in project 123456789012 before or it"
        f" is disabled. Enable it by visiting {_CONSOLE} then retry. If you enabled"
        " this API recently, wait a few minutes for the action to propagate to our"
        " systems and retry.",
        details=[
            detail("Help", links=[link]),
            detail(
                "ErrorInfo",
                reason="SERVICE_DISABLED",
                domain="googleapis.com",
                metadata={"service": _API, "consumer": _PROJECT},
            ),
        ],
    )


def _unknown_field(value: str, _model: str) -> ApiError:
    name = value or "size"
    text = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
    return errors.bad_fields([("", text)])


def _fixed(http: int, message: str, **rest: Any) -> Failure:  # noqa: ANN401 - passed on
    return lambda _value, _model: ApiError(http, message, **rest)


FAILURES: Final[dict[str, Failure]] = {
    # 400
    "bad_request": _fixed(400, "Request contains an invalid argument."),
    "bad_image": _fixed(400, f"Unable to process input image. {_TROUBLE}"),
    "bad_signature": _fixed(
        400,
        "Image part is missing a thought_signature in content position 2, part position"
        " 1.",
    ),
    "unknown_field": _unknown_field,
    "many_candidates": _fixed(
        400, "Multiple candidates is not enabled for this model", status=""
    ),
    "region": _fixed(
        400,
        "User location is not supported for the API use.",
        status="FAILED_PRECONDITION",
    ),
    "billing_off": _fixed(
        400,
        "Gemini API free tier is not available in your country. Please enable billing"
        " on your project in Google AI Studio.",
        status="FAILED_PRECONDITION",
    ),
    "key_invalid": lambda _value, _model: errors.key_invalid(),
    # 401, 402, 403, 404
    "unauthenticated": lambda _value, _model: errors.token_unsupported(),
    "wallet": _fixed(
        402, "Your prepayment credits are depleted.", status="RESOURCE_EXHAUSTED"
    ),
    "wallet_429": _fixed(
        429,
        "Your prepayment credits are depleted. Please go to AI Studio at"
        " https://ai.studio/projects to manage your project and billing.",
    ),
    "key_missing": lambda _value, _model: errors.key_missing(),
    "key_leaked": _fixed(
        403, "Your API key was reported as leaked. Please use another API key."
    ),
    "permission": _fixed(403, "The caller does not have permission"),
    "service_disabled": _service_disabled,
    "not_found": lambda _value, model: errors.model_missing(
        model, "v1beta", "generateContent"
    ),
    # 408, 413, 429, 499
    "request_timeout": _fixed(408, "Request timeout."),  # not recorded
    "too_large": lambda _value, _model: errors.too_large(),
    "rate_minute": _rate_minute,
    "rate_minute_tokens": _rate_minute_tokens,
    "rate_day": _rate_day,
    "quota_zero": _quota_zero,
    "rate_shared": _fixed(429, _SHARED),
    "rate_bare": _fixed(429, "Resource has been exhausted (e.g. check quota)."),
    "cancelled": _fixed(499, "The operation was cancelled."),
    # 5xx
    "internal": _fixed(500, f"An internal error has occurred. {_TROUBLE}"),
    "overloaded": _fixed(503, "The model is overloaded. Please try again later."),
    "high_demand": _fixed(
        503,
        "This model is currently experiencing high demand. Spikes in demand are usually"
        " temporary. Please try again later.",
    ),
    "deadline_503": _fixed(503, "Deadline expired before operation could complete."),
    "deadline": _fixed(504, "Deadline expired before operation could complete."),
}

HTML: Final = (
    "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n"
    "  <title>Error 502 (Server Error)!!1</title>\n"
    "  <p><b>502.</b> <ins>That\u2019s an error.</ins>\n"
    "  <p>The server encountered a temporary error and could not complete your request."
    "<p>Please try again in 30 seconds.  <ins>That\u2019s all we know.</ins>\n"
)
