"""Errors in the envelope of Google's APIs, and the texts recorded for each.

A text that was read from the wire or from a public report says nothing here; one
that is our own wording, because none is on record, is marked "not recorded".
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

Json = dict[str, Any]

_RPC: Final = "type.googleapis.com/google.rpc."
_STATUS: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class ApiError(Exception):
    """An answer that is an error; `body` is the whole JSON document."""

    def __init__(
        self,
        http: int,
        message: str,
        *,
        status: str | None = None,
        details: list[Json] | None = None,
    ) -> None:
        super().__init__(message)
        self.http = http
        error: Json = {"code": http, "message": message}
        name = _STATUS.get(http) if status is None else status
        if name:
            error["status"] = name
        if details is not None:
            error["details"] = details
        self.body: Json = {"error": error}


def detail(kind: str, **fields: object) -> Json:
    """Return one entry of `details`: `kind` is the message name in google.rpc."""
    return {"@type": _RPC + kind, **fields}


def bad_fields(violations: list[tuple[str, str]]) -> ApiError:
    """Return the 400 of a body that is no such message; (path, description) each."""
    entries = [
        {"field": path, "description": text} if path else {"description": text}
        for path, text in violations
    ]
    return ApiError(
        400,
        "\n".join(text for _, text in violations),
        details=[detail("BadRequest", fieldViolations=entries)],
    )


def invalid(message: str = "Request contains an invalid argument.") -> ApiError:
    """Return a plain 400 INVALID_ARGUMENT."""
    return ApiError(400, message)


def model_missing(model: str, version: str, method: str) -> ApiError:
    """Return the 404 for a model that does not exist or was shut down."""
    return ApiError(
        404,
        f"models/{model} is not found for API version {version}, or is not supported"
        f" for {method}. Call ModelService.ListModels to see the list of available"
        " models and their supported methods.",
    )


def key_missing() -> ApiError:
    """Return the 403 of a call without any key."""
    return ApiError(
        403,
        "Method doesn't allow unregistered callers (callers without established"
        " identity). Please use API Key or other form of API consumer identity to call"
        " this API.",
    )


def key_invalid() -> ApiError:
    """Return the 400 of a wrong key: only ErrorInfo tells it from a bad request."""
    text = "API key not valid. Please pass a valid API key."
    return ApiError(
        400,
        text,
        details=[
            detail(
                "ErrorInfo",
                reason="API_KEY_INVALID",
                domain="googleapis.com",
                metadata={"service": "generativelanguage.googleapis.com"},
            ),
            detail("LocalizedMessage", locale="en-US", message=text),
        ],
    )


def token_unsupported(method: str = "GenerateContent") -> ApiError:
    """Return the 401 of a bearer token where a key belongs."""
    return ApiError(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token,"
        " login cookie or other valid authentication credential. See"
        " https://developers.google.com/identity/sign-in/web/devconsole-project.",
        details=[
            detail(
                "ErrorInfo",
                reason="ACCESS_TOKEN_TYPE_UNSUPPORTED",
                metadata={
                    "service": "generativelanguage.googleapis.com",
                    "method": "google.ai.generativelanguage.v1beta.GenerativeService."
                    + method,
                },
            )
        ],
    )


def not_implemented(what: str) -> ApiError:
    """Return the 501 that names what the stand-in does not serve yet."""
    return ApiError(501, f"The stand-in does not implement {what} yet.")


def plain(http: int) -> ApiError:
    """Return an error of any status, with the standard phrase as its text."""
    try:
        phrase = HTTPStatus(http).phrase
    except ValueError:
        phrase = f"Status {http}"
    return ApiError(http, f"{phrase}.")


def page_missing() -> ApiError:
    """Return the 404 of a path that is no part of the API."""
    return ApiError(404, "Requested entity was not found.")


def too_large() -> ApiError:
    """Return the 413 of a body beyond the inline limit (text not recorded)."""
    return ApiError(413, "Request payload size exceeds the limit.", status="")
