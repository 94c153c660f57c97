"""What the emulator refuses, in the two shapes that Cloud Storage uses.

The JSON API answers Google's error object, the XML API its `<Error>` document.
"""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

_XML_CODES: Final = {
    "notFound": "NoSuchKey",
    "noSuchBucket": "NoSuchBucket",
    "conditionNotMet": "PreconditionFailed",
    "expired": "ExpiredToken",
    "rateLimitExceeded": "SlowDown",
    "notImplemented": "NotImplemented",
    "methodNotAllowed": "MethodNotAllowed",
    "requestedRangeNotSatisfiable": "InvalidRange",
}
# Words of ours that only choose the XML code; the JSON API knows them as these.
_JSON_REASONS: Final = {"noSuchBucket": "notFound", "expired": "invalid"}


class ApiError(Exception):
    """A request that ends with an error of Cloud Storage."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message

    def resource(self) -> dict[str, object]:
        """Return the body of the JSON API."""
        reason = _JSON_REASONS.get(self.reason, self.reason)
        detail = {"message": self.message, "domain": "global", "reason": reason}
        return {
            "error": {
                "code": self.status,
                "message": self.message,
                "errors": [detail],
            }
        }

    def document(self) -> str:
        """Return the body of the XML API."""
        code = _XML_CODES.get(self.reason, "InvalidArgument")
        return (
            "<?xml version='1.0' encoding='UTF-8'?>"
            f"<Error><Code>{code}</Code>"
            f"<Message>{escape(self.message)}</Message></Error>"
        )


def invalid(message: str) -> ApiError:
    """Return a 400."""
    return ApiError(400, "invalid", message)


def no_bucket() -> ApiError:
    """Return the 404 of a bucket."""
    return ApiError(404, "noSuchBucket", "The specified bucket does not exist.")


def no_object(bucket: str, name: str) -> ApiError:
    """Return the 404 of an object."""
    return ApiError(404, "notFound", f"No such object: {bucket}/{name}")


def condition_not_met() -> ApiError:
    """Return a 412."""
    return ApiError(
        412,
        "conditionNotMet",
        "At least one of the pre-conditions you specified did not hold.",
    )


def not_modified() -> ApiError:
    """Return a 304, which goes out without a body."""
    return ApiError(304, "notModified", "Not modified.")


def not_built(what: str) -> ApiError:
    """Return a 501 that names what this emulator leaves out."""
    return ApiError(
        501, "notImplemented", f"{what} is not implemented by the local Cloud Storage."
    )
