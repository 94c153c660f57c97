"""The closed words of a verdict: what an answer was, and when to ask again.

The law: these are the words of the labelled answers in tests/answers, no more.
"""

from __future__ import annotations

from enum import StrEnum


class VerdictClass(StrEnum):
    """What an answer was."""

    IMAGE = "image"
    IMAGE_OTHER = "image_other"
    NO_IMAGE = "no_image"
    RECITATION = "recitation"
    BLOCKED_PROMPT = "blocked_prompt"
    BLOCKED_OUTPUT = "blocked_output"
    REFUSED_TEXT = "refused_text"
    MAX_TOKENS = "max_tokens"
    BAD_REQUEST = "bad_request"
    NOT_FOUND = "not_found"
    REGION = "region"
    RATE_MINUTE = "rate_minute"
    RATE_DAY = "rate_day"
    QUOTA_ZERO = "quota_zero"
    BILLING = "billing"
    AUTH = "auth"
    PERMISSION = "permission"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    MALFORMED_BODY = "malformed_body"
    OTHER = "other"


class Retry(StrEnum):
    """When the same request may be sent again."""

    NOW = "now"  # chance: a bounded identical repeat
    BACKOFF = "backoff"
    AFTER_RESET = "after_reset"  # when the named delay is over
    CHANGE_REQUEST = "change_request"  # the same bytes cannot pass
    NEVER = "never"  # done, or a person must act
